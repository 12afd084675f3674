/**
 * Brings the bytes of a package into an open, private file. Whoever carries them is not trusted: never more than the catalog
 * says, never slower than a minimum, hashed on the way (T20, T23). Nothing of them is looked into here.
 */
import { createHash } from 'node:crypto';
import { ftruncateSync, writeSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { messageOf, OperationFailure } from '@sallyport/model';
import type { HttpClient } from '../../connection/http-client.ts';
import { mayFetchFrom, packageLocation } from './package-location.ts';

export interface WantedPackage {
  /** Bytes, and lower-case hex, as signed. */
  readonly length: number;
  readonly sha256: string;
}

export interface DownloadOptions {
  readonly http: HttpClient;
  /** Best first; each is tried until one carries the package that was signed. */
  readonly locations: readonly string[];
  readonly wanted: WantedPackage;
  /** An open file of ours, empty. */
  readonly descriptor: number;
  readonly signal: AbortSignal;
}

/** A minute to begin with, and then no slower than this. Bytes a second. */
const leastBytesPerSecond = 16 * 1024;
const graceSeconds = 60;
/** Longest silence between two pieces, in milliseconds. */
const longestSilence = 30_000;

/**
 * Downloads from the first location that has it. Throws `PackageUnavailable` when none could be read, `PackageMismatch` when
 * what came was not the package, `StorageFull` when there is no room.
 */
export async function downloadPackage(options: DownloadOptions): Promise<void> {
  const failures: string[] = [];
  let mismatch = false;
  for (const text of options.locations) {
    const location = packageLocation(text);
    if (!location.ok) {
      failures.push(`'${text.slice(0, 200)}' is not used: ${location.reason}`);
      continue;
    }
    ftruncateSync(options.descriptor, 0);
    const outcome = await tryLocation(location.url, options);
    if (outcome.kind === 'complete') return;
    mismatch ||= outcome.kind === 'mismatch';
    failures.push(outcome.reason);
  }
  const tried = failures.length === 0 ? 'The goal state names no location of the package.' : `${failures.join('; ')}.`;
  throw mismatch
    ? new OperationFailure(
        'PackageMismatch',
        `The package is not the one that was signed, and was not opened: ${tried}`,
      )
    : new OperationFailure('PackageUnavailable', `The package could not be downloaded: ${tried}`);
}

type Outcome = { readonly kind: 'complete' } | { readonly kind: 'mismatch' | 'failed'; readonly reason: string };

async function tryLocation(url: URL, options: DownloadOptions): Promise<Outcome> {
  const { wanted, signal } = options;
  const timeoutMilliseconds = (graceSeconds + wanted.length / leastBytesPerSecond) * 1000;
  try {
    return await options.http.open(
      { method: 'GET', url, timeoutMilliseconds, signal, mayConnectTo: mayFetchFrom, headers: { accept: '*/*' } },
      (message) => receive(message, url, options),
    );
  } catch (error) {
    if (error instanceof OperationFailure || signal.aborted) throw error;
    return { kind: 'failed', reason: messageOf(error).replace(/\.$/, '') };
  }
}

async function receive(message: IncomingMessage, url: URL, options: DownloadOptions): Promise<Outcome> {
  const { wanted, descriptor } = options;
  const from = `${url.host}${url.pathname}`;
  const stop = (kind: 'mismatch' | 'failed', reason: string): Outcome => {
    message.destroy();
    return { kind, reason: `${from} ${reason}` };
  };
  if (message.statusCode !== 200) return stop('failed', `answered HTTP ${message.statusCode ?? 0}`);
  const announced = Number(message.headers['content-length'] ?? wanted.length);
  if (announced !== wanted.length) return stop('mismatch', `offers ${announced} bytes instead of ${wanted.length}`);
  message.setTimeout(longestSilence, () => message.destroy(new Error(`nothing came for ${longestSilence / 1000} s`)));
  const hash = createHash('sha256');
  let length = 0;
  for await (const piece of message as AsyncIterable<Buffer>) {
    if (length + piece.length > wanted.length) return stop('mismatch', `sent more than ${wanted.length} bytes`);
    writeFully(descriptor, piece, length);
    hash.update(piece);
    length += piece.length;
  }
  if (length !== wanted.length) return stop('mismatch', `sent ${length} bytes instead of ${wanted.length}`);
  const sha256 = hash.digest('hex');
  if (sha256 !== wanted.sha256) return stop('mismatch', `sent SHA-256 ${sha256} instead of ${wanted.sha256}`);
  return { kind: 'complete' };
}

function writeFully(descriptor: number, bytes: Buffer, position: number): void {
  let written = 0;
  try {
    while (written < bytes.length) {
      written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
      throw new OperationFailure('StorageFull', 'There is no room left for the package while downloading it.', {
        cause: error,
      });
    }
    throw error;
  }
}
