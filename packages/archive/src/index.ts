/** Being built. */
export const name = 'archive';
