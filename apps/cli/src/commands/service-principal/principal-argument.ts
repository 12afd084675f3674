/** The argument that names an application, shared by the commands about applications. */
export const principalArgument = {
  kind: 'tuple',
  parameters: [{ brief: 'Its client id, object id or name', parse: String, placeholder: 'principal' }],
} as const;
