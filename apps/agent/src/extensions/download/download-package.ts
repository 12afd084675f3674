/**
 * Brings the bytes of a package into an open, private file. Whoever carries them is not trusted: never more than the catalog
 * says, never slower than a minimum, hashed on the way (T20, T23). A download that breaks off goes on where it was (S1.4). Nothing of
 * the bytes is looked into here.
 */
import { createHash, type Hash } from 'node:crypto';
import { ftruncateSync, writeSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { messageOf, OperationFailure } from '@sallyport/model';
import { HttpError, type HttpClient } from '../../connection/http-client.ts';
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
  /** The only origin that may be contacted: of a machine that is connected privately (S1.5). */
  readonly only?: string | undefined;
  readonly signal: AbortSignal;
  /** Asks where the package can be had now: URLs expire, and packages move between storages (S1.4). */
  readonly renew?: () => Promise<readonly string[]>;
  /** How slow is too slow. */
  readonly pace?: Pace;
}

export interface Pace {
  /** Time to begin with. */
  readonly graceSeconds: number;
  /** No slower than this on the whole. */
  readonly leastBytesPerSecond: number;
}

const usualPace: Pace = { graceSeconds: 60, leastBytesPerSecond: 16 * 1024 };
/** Longest silence between two pieces, in milliseconds. */
const longestSilence = 30_000;
/** How often a download that broke off goes on at the same location. */
const mostResumptions = 8;

/** Pauses before it is asked again where the package is, in milliseconds: at once, and when that did not help. */
const renewals: readonly number[] = [0, 2_000];

/**
 * Downloads from the first location that has it. What has come stays while others are tried, so that they go on where it broke off. Throws `PackageUnavailable` when none could be read, `PackageTooSlow`, `PackageOversized`, `PackageMismatch` when
 * what came was not the package, `StorageFull` when there is no room.
 */
export async function downloadPackage(options: DownloadOptions): Promise<void> {
  const failures: Failures = { reasons: [], kinds: new Set() };
  const received = nothingReceived();
  let locations = options.locations;
  if (await tryLocations(locations, received, failures, options)) return;
  for (const pause of renewals) {
    // What was refused for what it sent is not asked for again: the centre would name it once more.
    if (options.renew === undefined || !failures.kinds.has('failed')) break;
    await setTimeout(pause, undefined, { signal: options.signal });
    const renewed = await options.renew();
    if (renewed.length === 0) break;
    // Signatures carry the second in which they were made: the same URL again is as dead as it was.
    if (renewed.every((text) => locations.includes(text))) continue;
    locations = renewed;
    failures.reasons.length = 0;
    if (await tryLocations(locations, received, failures, options)) return;
  }
  const { reasons, kinds } = failures;
  const tried = reasons.length === 0 ? 'The goal state names no location of the package.' : `${reasons.join('; ')}.`;
  const worst = gravest.find((kind) => kinds.has(kind)) ?? 'failed';
  throw new OperationFailure(codes[worst].code, `${codes[worst].sentence}: ${tried}`);
}

interface Failures {
  readonly reasons: string[];
  readonly kinds: Set<FailureKind>;
}

/** Whether one of them carried the package. */
async function tryLocations(
  locations: readonly string[],
  received: Received,
  failures: Failures,
  options: DownloadOptions,
): Promise<boolean> {
  for (const text of locations) {
    const location = packageLocation(text, options.only);
    if (!location.ok) {
      // Without its query, which may be signed.
      failures.reasons.push(`'${text.replace(/[?#].*$/s, '').slice(0, 200)}' is not used: ${location.reason}`);
      continue;
    }
    const outcome = await tryLocation(location.url, received, options);
    if (outcome.kind === 'complete') return true;
    failures.kinds.add(outcome.kind);
    failures.reasons.push(outcome.reason);
  }
  return false;
}

type FailureKind = 'mismatch' | 'oversized' | 'slow' | 'failed';

/** Several locations may fail in several ways; what smells of an attack is told first. */
const gravest: readonly FailureKind[] = ['mismatch', 'oversized', 'slow', 'failed'];
const codes = {
  mismatch: {
    code: 'PackageMismatch',
    sentence: 'The package is not the one that was signed, and was not opened',
  },
  oversized: {
    code: 'PackageOversized',
    sentence: 'The package has more bytes than were signed, and was not opened',
  },
  slow: { code: 'PackageTooSlow', sentence: 'The package came too slowly and was not waited for' },
  failed: { code: 'PackageUnavailable', sentence: 'The package could not be downloaded' },
} as const;

type Outcome =
  | { readonly kind: 'complete' }
  | { readonly kind: FailureKind; readonly reason: string }
  /** It broke off in the middle of what may well be the package. */
  | { readonly kind: 'cut'; readonly reason: string };

/** What has come. The hash is over the whole, however many pieces it came in. */
interface Received {
  length: number;
  hash: Hash;
  /** Whether the beginning is from another location than the one that is asked now. */
  isForeign: boolean;
}

function nothingReceived(): Received {
  return { length: 0, hash: createHash('sha256'), isForeign: false };
}

async function tryLocation(
  url: URL,
  received: Received,
  options: DownloadOptions,
): Promise<Exclude<Outcome, { kind: 'cut' }>> {
  const { graceSeconds, leastBytesPerSecond } = options.pace ?? usualPace;
  const deadline = performance.now() + (graceSeconds + options.wanted.length / leastBytesPerSecond) * 1000;
  received.isForeign = received.length > 0;
  for (let again = 0; ; again += 1) {
    const before = received.length;
    const outcome = await ask(url, received, deadline, options);
    if (outcome.kind === 'complete') return outcome;
    if (outcome.kind === 'mismatch' || outcome.kind === 'oversized') {
      const isBlameless = received.isForeign;
      startOver(received, options.descriptor);
      // The beginning that another location sent may be what was wrong: this one is heard out alone.
      if (isBlameless) continue;
    }
    if (outcome.kind !== 'cut') return outcome;
    // Whoever sends nothing more, or cuts again and again, is not asked for ever; the deadline is one for all attempts (T23).
    if (received.length <= before || again >= mostResumptions) return { kind: 'failed', reason: outcome.reason };
  }
}

function startOver(received: Received, descriptor: number): void {
  ftruncateSync(descriptor, 0);
  Object.assign(received, nothingReceived());
}

async function ask(url: URL, received: Received, deadline: number, options: DownloadOptions): Promise<Outcome> {
  const { signal } = options;
  const timeoutMilliseconds = Math.max(1, deadline - performance.now());
  const range = received.length === 0 ? {} : { range: `bytes=${received.length}-` };
  try {
    return await options.http.open(
      {
        method: 'GET',
        url,
        timeoutMilliseconds,
        signal,
        mayConnectTo: mayFetchFrom,
        headers: { accept: '*/*', ...range },
      },
      (message) => receive(message, url, received, options),
    );
  } catch (error) {
    if (error instanceof OperationFailure || signal.aborted) throw error;
    const timedOut = error instanceof HttpError && error.code === 'TimedOut';
    const kind = received.length === 0 ? 'failed' : 'cut';
    return { kind: timedOut ? 'slow' : kind, reason: messageOf(error).replace(/\.$/, '') };
  }
}

async function receive(
  message: IncomingMessage,
  url: URL,
  received: Received,
  options: DownloadOptions,
): Promise<Outcome> {
  const { wanted, descriptor } = options;
  const from = `${url.host}${url.pathname}`;
  const stop = (kind: FailureKind, reason: string): Outcome => {
    message.destroy();
    return { kind, reason: `${from} ${reason}` };
  };
  if (message.statusCode === 200 && received.length > 0) {
    // It does not go on in the middle: everything comes again.
    startOver(received, descriptor);
  }
  const answer = expectedAnswer(received.length, wanted.length);
  if (message.statusCode !== answer.status) return stop('failed', `answered HTTP ${message.statusCode ?? 0}`);
  if (answer.range !== undefined && message.headers['content-range'] !== answer.range) {
    return stop('failed', `went on with other bytes than '${answer.range}'`);
  }
  const left = wanted.length - received.length;
  const announced = Number(message.headers['content-length'] ?? left);
  if (announced !== left)
    return stop(announced > left ? 'oversized' : 'mismatch', `offers ${announced} bytes instead of ${left}`);
  message.setTimeout(longestSilence, () => message.destroy(new Error(`nothing came for ${longestSilence / 1000} s`)));
  for await (const piece of message as AsyncIterable<Buffer>) {
    if (received.length + piece.length > wanted.length)
      return stop('oversized', `sent more than ${wanted.length} bytes`);
    writeFully(descriptor, piece, received.length);
    received.hash.update(piece);
    received.length += piece.length;
  }
  if (received.length !== wanted.length) {
    return stop('mismatch', `sent ${received.length} bytes instead of ${wanted.length}`);
  }
  const sha256 = received.hash.digest('hex');
  if (sha256 !== wanted.sha256) return stop('mismatch', `sent SHA-256 ${sha256} instead of ${wanted.sha256}`);
  return { kind: 'complete' };
}

/** The whole, or exactly the rest of it. */
function expectedAnswer(from: number, length: number): { readonly status: number; readonly range?: string } {
  return from === 0 ? { status: 200 } : { status: 206, range: `bytes ${from}-${length - 1}/${length}` };
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
