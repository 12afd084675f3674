/** Files over HTTP for the conformance client: no redirects, never more bytes than asked for, and an end to waiting (T23). */
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { CatalogFetch } from '../client/catalog-fetch.ts';

const longestWait = 30_000;

/** Fetches files below a URL. A role's name becomes one segment of the path, whatever is in it. */
export function fetchOverHttp(base: string): CatalogFetch {
  return async (file, maxLength, signal) => download(below(base, encodeURIComponent(file)), maxLength, signal);
}

/** The URL of a path below another, whether or not the base ends with a slash. */
export function below(base: string, path: string): URL {
  return new URL(`${base.replace(/\/+$/, '')}/${path}`);
}

/** The bytes at a URL. The repository's "no" is `'missing'`; anything else it says is an error. */
export async function download(
  url: URL,
  maxLength: number,
  signal?: AbortSignal,
): Promise<Uint8Array | 'missing' | 'too-long'> {
  const message = await answer(url, signal);
  const { statusCode = 0 } = message;
  if (statusCode === 404 || statusCode === 403) {
    message.destroy();
    return 'missing';
  }
  if (statusCode !== 200) {
    message.destroy();
    throw new Error(`HTTP ${statusCode}`);
  }
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of message as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxLength) {
      message.destroy();
      return 'too-long';
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function answer(url: URL, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const ask = url.protocol === 'https:' ? getSecurely : get;
    const request = ask(url, { ...(signal && { signal }), timeout: longestWait }, resolve);
    request.on('timeout', () => request.destroy(new Error(`nothing came for ${longestWait / 1000} s`)));
    request.on('error', reject);
  });
}
