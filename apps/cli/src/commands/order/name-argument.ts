/** The extension resource that an order is for. */
export const nameArgument = {
  kind: 'tuple',
  parameters: [{ brief: 'Name of the extension resource', parse: String, placeholder: 'name' }],
} as const;
