/** The state of the signed catalog in a sentence: what was refused, what expires 90, 30 or 7 days ahead, or until when all is well (T14, T29). Pure. */
import { expirySentence, expiryWarnings, type ExpiryWarning } from '@sallyport/catalog/expiry';
import type { CatalogStatus } from './catalog-status.ts';

const tones = { 90: 'Notice', 30: 'Warning', 7: 'URGENT', 0: 'EXPIRED' } as const;

/** What there is to warn of now, the most urgent first; empty when there is nothing. `now` is in milliseconds since 1970. */
export function catalogWarnings({ code, message, roles }: CatalogStatus, now: number): readonly string[] {
  const expiring = expiryWarnings(roles, new Date(now)).map(sentenceOf);
  return code === '' ? expiring : [`${code}: ${message}`, ...expiring];
}

/** For `azcmagent show`. */
export function describeCatalog(status: CatalogStatus | undefined, now: number): string {
  if (status === undefined) return 'not looked at yet';
  const [worst, ...more] = catalogWarnings(status, now);
  if (worst !== undefined) return more.length === 0 ? worst : `${worst} (and ${more.length} more)`;
  const [first] = [...status.roles].sort((one, other) => (one.expires < other.expires ? -1 : 1));
  return first === undefined
    ? ''
    : `verified ${status.checked}; the first role to expire is ${first.role}, on ${first.expires}`;
}

function sentenceOf(warning: ExpiryWarning): string {
  return `${tones[warning.level]}: ${expirySentence(warning)}; whoever runs the gallery has to sign it anew`;
}
