/** Being built. */
export const name = 'catalog';
