/**
 * The `Authorization` header that one request brings, or each over one channel: the same object with each of them, so that it is not looked
 * for anew in what is remembered of all tokens (decision 0190). Only that its signature was verified stands here; whether its key, its time
 * and its machine are still good is looked at with each request.
 */
import type { VerifiedToken } from './access-token.ts';

export interface PresentedToken {
  readonly authorization: string | undefined;
  /** Once it was verified. */
  verified?: VerifiedToken;
}
