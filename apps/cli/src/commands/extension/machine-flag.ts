/** The flag that names a machine, shared by the commands about extensions. */
export const machineFlag = {
  machine: {
    kind: 'parsed',
    parse: String,
    brief: 'Machine; by default the one of the connection',
    optional: true,
    placeholder: 'NAME',
  },
} as const;
