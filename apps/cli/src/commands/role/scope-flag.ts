/** The scope that a command is about. */
export const scopeFlag = {
  scope: {
    kind: 'parsed',
    parse: String,
    brief: "'/' or the id of a subscription, group or resource; by default the connection's subscription",
    optional: true,
    placeholder: 'SCOPE',
  },
} as const;
