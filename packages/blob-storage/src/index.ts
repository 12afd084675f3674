/** Being built. */
export const name = 'blob-storage';
