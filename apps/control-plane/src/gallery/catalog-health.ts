/** How the signed catalog is, in one word that changes when there is something to tell (T14, T29). Pure. */
import { expirySentence, expiryWarnings, type Expiring } from '@sallyport/catalog/expiry';

/** What a look at the catalog found. */
export interface CatalogLook {
  /** The failure that refused it; undefined when it was verified. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
  readonly roles: readonly Expiring[];
}

export interface CatalogHealth {
  /** `Healthy`, a failure's code, or `CatalogExpiring` with the levels that were reached: told once for each. */
  readonly word: string;
  readonly level: 'Informational' | 'Warning' | 'Error';
  readonly code: string;
  readonly message: string;
}

/** `now` is in milliseconds since 1970. */
export function catalogHealth({ failure, roles }: CatalogLook, now: number): CatalogHealth {
  if (failure !== undefined) return { ...failure, word: failure.code, level: 'Error' };
  const warnings = expiryWarnings(roles, new Date(now));
  const [first] = warnings;
  if (first === undefined) {
    return { word: 'Healthy', level: 'Informational', code: 'Healthy', message: 'The signed catalog is verified.' };
  }
  const sentences = warnings.map(expirySentence).join('; ');
  return {
    word: `CatalogExpiring ${warnings.map(({ role, level }) => `${role}<${level}`).join(' ')}`.slice(0, 200),
    level: first.level <= 7 ? 'Error' : 'Warning',
    code: 'CatalogExpiring',
    message: `${sentences}. Bring the keys and run 'sallyport gallery refresh'.`.replace(/^./, (letter) =>
      letter.toUpperCase(),
    ),
  };
}
