/** Where the pages are that people open themselves. */
export const devicePagePath = '/device';
export const passwordPagePath = '/password';
