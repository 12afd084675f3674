/** Fetching with the failures of the catalogue: what a source does wrong never gets further than here. */
import { messageOf, OperationFailure } from '@sallyport/model';
import type { CatalogFetch } from './catalog-fetch.ts';
import { catalogUnavailable } from './catalog-failure.ts';

export interface CatalogSource {
  /** The file; a missing one is `CatalogUnavailable`. */
  require(file: string, maxLength: number): Promise<Uint8Array>;
  /** The file, or undefined when the source says that it has none. */
  request(file: string, maxLength: number): Promise<Uint8Array | undefined>;
}

/** A source for one refresh. A file longer than it may be is `CatalogOversized`: nobody signed that. */
export function catalogSource(fetch: CatalogFetch, signal: AbortSignal | undefined): CatalogSource {
  async function request(file: string, maxLength: number): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    const answer = await fetch(file, maxLength, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      if (error instanceof OperationFailure) throw error;
      throw catalogUnavailable(file, messageOf(error).replace(/\.$/, ''), error);
    });
    if (answer === 'missing') return undefined;
    if (answer === 'too-long' || answer.length > maxLength) {
      throw new OperationFailure(
        'CatalogOversized',
        `The catalog file ${file} is longer than the ${maxLength} bytes it may have. It was not read further.`,
      );
    }
    return answer;
  }
  return {
    request,
    async require(file, maxLength) {
      const bytes = await request(file, maxLength);
      if (bytes === undefined) throw catalogUnavailable(file, 'the source does not have it');
      return bytes;
    },
  };
}
