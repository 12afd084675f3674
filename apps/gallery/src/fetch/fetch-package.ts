/** Taking a package out of storage: whatever the storage hands out, only what the catalog named gets its final name (T20). */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseBlobName, type BlobStorage } from '@sallyport/blob-storage';
import type { SignedPackage } from '@sallyport/catalog';
import { messageOf, OperationFailure, packageBlobName } from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';

/**
 * Writes the package to `output`. Throws `ArgumentMalformed` when it cannot stand there, `PackageMissing` when the storage does not have it, `PackageMismatch` when what it has is
 * something else; then `output` is as it was.
 */
export async function fetchPackage(storage: BlobStorage, signed: SignedPackage, output: string): Promise<void> {
  const name = parseBlobName(packageBlobName(signed.sha256));
  const blob = name === undefined ? undefined : await storage.open(name);
  if (blob === undefined) {
    throw new GalleryError(
      'PackageMissing',
      `The storage does not have the package ${packageBlobName(signed.sha256)}.`,
    );
  }
  if (blob.length !== signed.length) throw mismatch(`${blob.length} bytes instead of ${signed.length}`);
  const fresh = join(dirname(output), `.${basename(output)}.new-${randomBytes(6).toString('hex')}`);
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  const file = await open(fresh, flags, 0o644).catch((error: unknown) => {
    const message = `Nothing can be written into the folder of --output, '${dirname(output)}': ${messageOf(error)}.`;
    throw new GalleryError('ArgumentMalformed', message, { cause: error });
  });
  try {
    const hash = createHash('sha256');
    try {
      for await (const chunk of blob.stream() as AsyncIterable<Buffer>) {
        hash.update(chunk);
        await file.appendFile(chunk);
      }
    } finally {
      await file.close();
    }
    const sha256 = hash.digest('hex');
    if (sha256 !== signed.sha256) throw mismatch(`SHA-256 ${sha256} instead of ${signed.sha256}`);
    await rename(fresh, output);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

function mismatch(difference: string): OperationFailure {
  return new OperationFailure(
    'PackageMismatch',
    `The stored package is not the one that the catalog names: it has ${difference}. It was not kept.`,
  );
}
