/**
 * The strict package reader. Everything parsed here is hostile until the signed catalog has vouched for it, and is read as if
 * it stayed so: see docs/reference/package-reader.md for the rules. Syncing what was unpacked is `@sallyport/archive/sync-tree`: the
 * process that unpacks may not and does not load it.
 */
export { ArchiveError, archiveErrorCodes, type ArchiveErrorCode } from './archive-error.ts';
export { defaultArchiveLimits, type ArchiveLimits } from './archive-limits.ts';
export type { TakePiece } from './entry-data.ts';
export { hashFile, type FileHash } from './hash-file.ts';
export type { PackageEntry } from './package-entry.ts';
export { bytesInMemory, bytesOfFile, type PackageBytes } from './package-source.ts';
export { listPackage, readPackageEntry } from './read-package-entry.ts';
export { unpackPackage, type UnpackOptions, type UnpackSummary } from './unpack-package.ts';
export { walkPackage, type PackageReceiver, type WalkOptions } from './walk-package.ts';
