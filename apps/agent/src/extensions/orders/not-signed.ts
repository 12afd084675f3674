import type { Explanation } from '@sallyport/model/wire';

/** Why something is not done that is not signed by enough of those who have to (T10). */
export function notSigned(message: string): Explanation {
  return { outcome: 'block', rule: 'not-signed', message };
}
