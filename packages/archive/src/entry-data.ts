/** The content of an entry: piece by piece, checked while it passes. Never more comes out than the directory announced (T37). */
import { createInflateRaw, crc32, inflateRawSync } from 'node:zlib';
import { ArchiveError } from './archive-error.ts';
import type { StoredEntry } from './package-entry.ts';
import { windowBytes, type PackageSource } from './package-source.ts';

/** Takes a piece of content. The memory is the giver's again when it returns. */
export type TakePiece = (piece: Uint8Array) => void;

/**
 * Hands the content from `offset` on to `take`, that of a large entry in pieces of `pieceBytes`; throws {@link ArchiveError} when it is not what was announced. What was
 * handed over until then is worth nothing.
 */
export async function readEntryData(
  source: PackageSource,
  entry: StoredEntry,
  offset: number,
  pieceBytes: number,
  take: TakePiece,
): Promise<void> {
  const tally = new Tally(entry, take);
  if (entry.method === 'stored') readStored(source, entry, offset, tally);
  else if (isSmall(entry)) inflateAtOnce(source, entry, offset, tally);
  else await inflateInPieces(source, entry, offset, pieceBytes, tally);
  tally.finish();
}

/** The same for an entry that is known to be small, at once. */
export function readSmallEntryData(source: PackageSource, entry: StoredEntry, offset: number, take: TakePiece): void {
  const tally = new Tally(entry, take);
  if (entry.method === 'stored') readStored(source, entry, offset, tally);
  else inflateAtOnce(source, entry, offset, tally);
  tally.finish();
}

/** Whether an entry fits into the window, before and after. */
export function isSmall(entry: StoredEntry): boolean {
  return entry.size <= windowBytes && entry.compressedSize <= windowBytes;
}

/** Counts and checksums what passes. */
class Tally {
  readonly #entry: StoredEntry;
  readonly #take: TakePiece;
  #bytes = 0;
  #checksum = 0;

  constructor(entry: StoredEntry, take: TakePiece) {
    this.#entry = entry;
    this.#take = take;
  }

  add(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#entry.size) throw sizeMismatch(this.#entry);
    this.#checksum = crc32(piece, this.#checksum);
    this.#take(piece);
  }

  finish(): void {
    if (this.#bytes !== this.#entry.size) throw sizeMismatch(this.#entry);
    if (this.#checksum !== this.#entry.checksum) {
      throw new ArchiveError('ChecksumMismatch', `The checksum of '${this.#entry.path}' is wrong.`);
    }
  }
}

function readStored(source: PackageSource, entry: StoredEntry, offset: number, tally: Tally): void {
  for (const [at, length] of pieces(offset, entry.compressedSize)) tally.add(source.view(at, length));
}

function inflateAtOnce(source: PackageSource, entry: StoredEntry, offset: number, tally: Tally): void {
  const input = source.view(offset, entry.compressedSize);
  // One byte of room beyond the announced size is enough to see that there is more.
  const room = entry.size + 1;
  const { buffer, engine } = inflating(entry, () =>
    inflateRawSync(input, { info: true, maxOutputLength: room, chunkSize: Math.max(64, room) }),
  ) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
  if (engine.bytesWritten !== entry.compressedSize) throw leftOver(entry);
  tally.add(buffer);
}

/** Streams through a worker thread of Node's: the next piece is inflated while this one is written. */
async function inflateInPieces(
  source: PackageSource,
  entry: StoredEntry,
  offset: number,
  pieceBytes: number,
  tally: Tally,
): Promise<void> {
  const inflate = createInflateRaw({ chunkSize: pieceBytes });
  const ended = new Promise<void>((resolve, reject) => {
    inflate.on('end', resolve);
    inflate.on('error', reject);
  });
  // Whoever waits for it below sees the failure; until then it must not count as unhandled.
  ended.catch(() => undefined);
  inflate.on('data', (piece: Buffer) => {
    try {
      tally.add(piece);
    } catch (error) {
      inflate.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  try {
    for (const [at, length] of pieces(offset, entry.compressedSize)) {
      const written = new Promise<void>((resolve, reject) => {
        inflate.write(source.view(at, length), (error) => (error ? reject(error) : resolve()));
      });
      // A stream that ends early never calls back for what it did not want.
      await Promise.race([written, ended]);
      if (inflate.readableEnded) break;
    }
    inflate.end();
    await ended;
  } catch (error) {
    throw asArchiveError(error, entry);
  } finally {
    inflate.destroy();
  }
  if (inflate.bytesWritten !== entry.compressedSize) throw leftOver(entry);
}

function* pieces(offset: number, length: number): Generator<readonly [at: number, length: number]> {
  for (let done = 0; done < length; done += windowBytes) yield [offset + done, Math.min(windowBytes, length - done)];
}

function inflating<T>(entry: StoredEntry, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw asArchiveError(error, entry);
  }
}

/** What zlib says becomes a refusal; anything else (a full disk) is told as it is. */
function asArchiveError(error: unknown, entry: StoredEntry): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_BUFFER_TOO_LARGE') return sizeMismatch(entry);
  if (code.startsWith('Z_'))
    return new ArchiveError('DataMalformed', `The data of '${entry.path}' is damaged.`, { cause: error });
  return error;
}

function sizeMismatch(entry: StoredEntry): ArchiveError {
  return new ArchiveError('SizeMismatch', `'${entry.path}' does not unpack to the ${entry.size} bytes it announces.`);
}

function leftOver(entry: StoredEntry): ArchiveError {
  return new ArchiveError('DataMalformed', `The data of '${entry.path}' ends before its announced end.`);
}
