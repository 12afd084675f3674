/** Being built. */
export const name = 'local-controls';
