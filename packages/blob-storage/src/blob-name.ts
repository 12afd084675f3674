/** Names of blobs: the SHA-256 of the content, and a file extension. */

declare const brand: unique symbol;

/** A well-formed blob name. Only {@link parseBlobName} makes one, so no storage ever sees a path (T32). */
export type BlobName = string & { readonly [brand]: 'BlobName' };

const form = /^[0-9a-f]{64}(?:\.[a-z0-9]{1,16})?$/;

/** The blob name, or undefined when the text is not 64 lower-case hex digits with at most one extension. */
export function parseBlobName(text: string): BlobName | undefined {
  return form.test(text) ? (text as BlobName) : undefined;
}

/** The SHA-256, in lower-case hex, that the content of a blob of that name has. */
export function sha256OfBlobName(name: BlobName): string {
  return name.slice(0, 64);
}

/** For implementations: checked once more where a cast could have brought a path, on the line that would follow it (T32). */
export function requireBlobName(name: BlobName): BlobName {
  if (parseBlobName(name) === undefined) throw new TypeError('That is not the name of a blob.');
  return name;
}
