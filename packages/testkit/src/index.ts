/** Being built. */
export const name = 'testkit';
