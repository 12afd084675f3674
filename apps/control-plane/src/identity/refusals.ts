/** Why an `Authorization` header proves nothing, in words; the same wherever it is looked at. */

export const noBearerToken = "Authentication failed. The 'Authorization' header is missing or is not a bearer token.";
/** Which check failed is not told: it would help only whoever forges. */
export const invalidToken = 'The access token is invalid or has expired. Ask the token endpoint for a new one.';
export const noSuchIdentity = 'The access token belongs to an identity that no longer exists.';

export const keyIsOver = 'The machine key that the access token was got with is no longer good. Sign in again.';

/** The sentence for a token that is for something else. */
export function wrongAudience(needed: string): string {
  return `The access token is for the wrong audience; this API needs one for ${needed}.`;
}

/** The token of a header, undefined when it has none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer ([A-Za-z0-9_.-]+)$/i.exec(authorization ?? '')?.[1];
}
