/** Being built. */
export const name = 'handler-contract';
