/** Verify, then unpack, from one open descriptor: what is unpacked is what was verified (S1.6, T56). */
import { ArchiveError, hashFile, unpackPackage } from '@sallyport/archive';
import type { UnpackAnswer, UnpackRequest } from './unpack-request.ts';

const manifestName = /(?:^|\/)HandlerManifest\.json$/;
const mostManifests = 100;

/** Compares length and hash with what was signed before one byte is interpreted; unpacks only when both are right. */
export async function unpackVerified(request: UnpackRequest): Promise<UnpackAnswer> {
  const { descriptor } = request;
  const { length, sha256 } = hashFile(descriptor);
  if (length !== request.length || sha256 !== request.sha256) {
    const message = `The package is not the one that was signed, and was not opened: it has ${length} bytes and SHA-256 ${sha256} instead of ${request.length} bytes and ${request.sha256}.`;
    return { ok: false, code: 'PackageMismatch', message };
  }
  try {
    const manifests: string[] = [];
    await unpackPackage(descriptor, request.directory, {
      onFile: (path) => {
        if (manifests.length < mostManifests && manifestName.test(path)) manifests.push(path);
      },
    });
    return { ok: true, manifests };
  } catch (error) {
    if (error instanceof ArchiveError) {
      const message = `The package was refused (${error.code}): ${error.message}`;
      return { ok: false, code: 'PackageMalformed', message };
    }
    if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
      return { ok: false, code: 'StorageFull', message: 'There is no room left to unpack the package.' };
    }
    throw error;
  }
}
