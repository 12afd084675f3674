/** Life of an access token in seconds. */
export const tokenLifetime = 3600;
