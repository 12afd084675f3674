/** Cutting content into the parts of an upload, hashed as a whole on the way. */
import { createHash, type Hash } from 'node:crypto';
import { BlobMismatch, sha256OfBlobName, type BlobName } from '@sallyport/blob-storage';

/** The least that S3 takes for any part but the last is 5 MiB; at most 10,000 parts make 80 GB. */
export const partLength = 8 * 1024 * 1024;

export interface UploadPart {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/** Content in parts. The hash is complete when the last part has come. At least one part comes, if need be an empty one. */
export async function* uploadParts(
  content: AsyncIterable<Uint8Array>,
  hash: Hash,
  signal: AbortSignal | undefined,
): AsyncGenerator<UploadPart> {
  let held: Uint8Array[] = [];
  let length = 0;
  let number = 1;
  for await (const piece of content) {
    signal?.throwIfAborted();
    hash.update(piece);
    let rest = piece;
    while (length + rest.length > partLength) {
      const taken = rest.subarray(0, partLength - length);
      yield { number, bytes: Buffer.concat([...held, taken]), isLast: false };
      number += 1;
      rest = rest.subarray(taken.length);
      held = [];
      length = 0;
    }
    // A copy: whoever makes the pieces may use its buffer again.
    held.push(Buffer.from(rest));
    length += rest.length;
  }
  signal?.throwIfAborted();
  yield { number, bytes: Buffer.concat(held), isLast: true };
}

export function newHash(): Hash {
  return createHash('sha256');
}

/** Throws {@link BlobMismatch} when the content was not what its name says. */
export function requireContent(name: BlobName, hash: Hash): void {
  const sha256 = hash.digest('hex');
  if (sha256 === sha256OfBlobName(name)) return;
  throw new BlobMismatch(`The content has the SHA-256 ${sha256}, so it cannot be stored as ${name}.`);
}
