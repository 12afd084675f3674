/** The argument that names a machine, shared by the commands about machines. */
export const machineArgument = {
  kind: 'tuple',
  parameters: [
    {
      brief: 'Machine; by default the one of the connection',
      parse: String,
      optional: true,
      placeholder: 'machine',
    },
  ],
} as const;
