/** Being built. */
export const name = 'pki';
