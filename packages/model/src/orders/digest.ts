import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/** SHA-256 of a text, lower-case hex. */
export function digestOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** SHA-256 of what a JSON value means: the order of members does not count. Only for what is no secret. */
export function digestOfJson(value: unknown): string {
  return digestOfText(canonicalJson(value));
}
