/** The gallery's own look at a package: the strict reader goes through every byte of it, and its manifest must be usable (S1.3). */
import {
  bytesOfFile,
  defaultArchiveLimits,
  listPackage,
  readPackageEntry,
  walkPackage,
  type PackageReceiver,
} from '@sallyport/archive';
import { findManifest, handlerManifestFile, manifestBounds, parseHandlerManifest } from '@sallyport/handler-contract';
import { OperationFailure, parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import type { SaidIdentity } from './package-identity.ts';

/** Of a large file. A gallery has memory for larger pieces than machines, and is the faster for it. */
const pieceBytes = 512 * 1024;

const number = z.union([z.string(), z.number()]);
const signingInfoSchema = z.optional(
  z.object({ publisher: z.optional(z.string()), type: z.optional(z.string()), version: z.optional(number) }),
);
const manifestSchema = z.array(z.looseObject({ signingInfo: signingInfoSchema }));

export interface CheckedPackage {
  /** What its manifest's `signingInfo` says the package is. */
  readonly said: SaidIdentity;
  readonly supportsMultipleExtensions: boolean;
}

/**
 * Checks the package open at `descriptor` from end to end: every rule of the reader that machines unpack with, over every byte, written
 * nowhere; `seen` is told how many bytes of the content have been. Gives what the catalog says of it. Throws `ArchiveError` or `ManifestMalformed`.
 */
export async function checkPackage(
  descriptor: number,
  seen: (bytes: number, total: number) => void = () => {},
): Promise<CheckedPackage> {
  const files = listPackage(descriptor).filter(({ isDirectory }) => !isDirectory);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const receiver: PackageReceiver = {
    directory() {},
    file: (_entry, content) =>
      content((piece) => {
        done += piece.length;
        seen(done, total);
      }),
  };
  await walkPackage(bytesOfFile(descriptor), defaultArchiveLimits, receiver, { pieceBytes });
  const manifest = findManifest(files.map(({ path }) => path));
  const bytes = manifest === undefined ? undefined : readPackageEntry(descriptor, manifest, manifestBounds.length);
  if (bytes === undefined) {
    throw new OperationFailure('ManifestMalformed', `The package has no ${handlerManifestFile}: put one at its root.`);
  }
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const { supportsMultipleExtensions } = parseHandlerManifest(text);
  return { said: signingInfoOf(text), supportsMultipleExtensions };
}

function signingInfoOf(manifest: string): SaidIdentity {
  try {
    const info = parseJson(manifestSchema, manifest, handlerManifestFile)[0]?.signingInfo;
    return { publisher: info?.publisher, type: info?.type, version: info?.version?.toString() };
  } catch (error) {
    throw new OperationFailure('ManifestMalformed', `The 'signingInfo' of ${handlerManifestFile} is malformed.`, {
      cause: error,
    });
  }
}
