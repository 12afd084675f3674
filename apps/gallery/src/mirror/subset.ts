/** Which part of a gallery's packages is wanted: publishers, and types of them. Pure. */
import type { SignedPackage } from '@sallyport/catalog';
import { parseExtensionName } from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';

/** Whether a package belongs to the subset. */
export type Subset = (wanted: SignedPackage) => boolean;

/** Reads `PUBLISHER` and `PUBLISHER/TYPE`; none means everything. What was taken back is never part of it. Throws `ArgumentMalformed`. */
export function parseSubset(words: readonly string[]): Subset {
  const wanted = words.map(parseWord);
  return ({ target }) => {
    if (target.yanked !== undefined) return false;
    const [publisher, type] = [target.publisher.toLowerCase(), target.type.toLowerCase()];
    return (
      wanted.length === 0 ||
      wanted.some((word) => word.publisher === publisher && (word.type === undefined || word.type === type))
    );
  };
}

function parseWord(word: string): { readonly publisher: string; readonly type?: string } {
  const hasType = word.includes('/');
  const parsed = parseExtensionName(hasType ? word : `${word}/Any`);
  if (!parsed.ok) {
    throw new GalleryError(
      'ArgumentMalformed',
      `'${word}' is neither a publisher nor an extension: write Contoso.Tools or Contoso.Tools/Agent.`,
    );
  }
  const publisher = parsed.name.publisher.toLowerCase();
  return hasType ? { publisher, type: parsed.name.type.toLowerCase() } : { publisher };
}
