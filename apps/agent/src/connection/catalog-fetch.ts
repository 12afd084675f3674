/** The catalog's files over HTTPS. Whoever carries them is not trusted; every file is checked after it arrived (T23, T25). */
import type { CatalogFetch } from '@sallyport/catalog';
import { OperationFailure } from '@sallyport/model';
import { HttpError, type HttpClient } from './http-client.ts';

/** A file of the catalog arrives within this time, or it is too slow (T23). */
const longest = 60_000;

/** Fetches from a folder at `base`, which ends with a slash. */
export function fetchCatalogFrom(http: HttpClient, base: string, timeoutMilliseconds = longest): CatalogFetch {
  return async (file, maxLength, signal) => {
    const url = new URL(encodeURIComponent(file), base);
    try {
      const answer = await http.request({ method: 'GET', url, timeoutMilliseconds, signal }, maxLength);
      if (answer.status === 404) return 'missing';
      if (answer.status !== 200) throw new Error(`${url.host} answered HTTP ${answer.status}`);
      return answer.body;
    } catch (error) {
      if (error instanceof HttpError && error.code === 'TooLarge') return 'too-long';
      if (error instanceof HttpError && error.code === 'TimedOut') {
        throw new OperationFailure(
          'CatalogTooSlow',
          `The catalog file ${file} did not arrive in time: ${error.message}`,
        );
      }
      throw error;
    }
  };
}
