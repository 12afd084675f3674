/** What `sallyport-gallery` refuses, and the exit code of everything that ends it. */
import { CodedError } from '@sallyport/model';

/** The codes of this program's own refusals, with their meaning. */
export const galleryCodes = {
  FileUnreadable: 'The package file cannot be read.',
  IdentityMissing: 'Nothing says which extension or version the package is.',
  IdentityDisagrees: 'Two sources say different things about what the package is.',
  IdentityMalformed: 'A publisher, type or version is not well-formed.',
  ArgumentMalformed: 'An argument is not what it should be.',
  MalwareFound: 'The malware scanner objects to the package.',
  ScannerMissing: 'There is no malware scanner, or it does not answer.',
  ScannerOutdated: "The malware scanner's signatures are too old.",
  ScannerTimedOut: 'The malware scanner did not end in time.',
  ScannerFailed: 'The malware scanner failed, or gives wrong answers to the test files.',
  StorageUnavailable: 'A storage of packages is out of reach, or refuses.',
  StorageAddressMalformed: 'The address of a storage cannot be used.',
  StorageInUse: 'Packages lie only in a storage that is to be left.',
  PackageMissing: 'The package is not in the catalog, or not in the storage.',
  SourceUnavailable: 'A package could not be fetched from the source of a mirror.',
  RootMissing: 'Nothing says which root a mirror is to believe.',
  RootDiffers: 'The root that was given is not the one that the mirror began with.',
  GalleryIsOriginal: 'The gallery signs for itself, so it cannot be made a mirror.',
  StorageFull: 'The disk is full.',
  FileRefused: 'The file system refuses to read or write a file.',
  LogUnwritable: "What was done could not be written into the gallery's log.",
  GalleryIsMirror: 'The gallery is a mirror of another one, and signs nothing.',
  BundleMissing: 'There is no bundle in the folder.',
  BundleIncomplete: 'Files of the bundle are missing or cut short: it was not copied to its end.',
  BundleDamaged: 'Files of the bundle are not what was exported.',
} as const;

export class GalleryError extends CodedError<keyof typeof galleryCodes> {
  override readonly name = 'GalleryError';
}

/** The exit codes, with their meaning. They are documented in docs/reference/gallery.md. */
export const exitCodes = {
  0: 'It was done.',
  1: 'It could not be done; the message says why.',
  2: 'The command line was not understood.',
  3: 'The package was refused. Nothing was published.',
  4: 'It exists already, with other content. Nothing was changed.',
  5: 'There is no such gallery, publisher or package.',
  6: 'What is there is not what was signed, or its signatures have expired.',
  7: 'Another process kept the gallery busy.',
  8: 'The package could not be scanned for malware. Nothing was published.',
} as const;

export type ExitCode = keyof typeof exitCodes;

const byCode: Readonly<Record<string, ExitCode>> = {
  ArgumentMalformed: 2,
  StorageAddressMalformed: 2,
  StorageInUse: 4,
  ManifestMalformed: 3,
  FileUnreadable: 3,
  IdentityMissing: 3,
  IdentityDisagrees: 3,
  IdentityMalformed: 3,
  SignerMalformed: 2,
  KeyThreshold: 2,
  RoleUnknown: 5,
  KeyUnknown: 5,
  PublisherMalformed: 3,
  RepositoryExists: 4,
  PublisherExists: 4,
  VersionPublished: 4,
  RepositoryMissing: 5,
  PublisherMissing: 5,
  PackageMissing: 5,
  BundleMissing: 5,
  RootMissing: 2,
  RootDiffers: 6,
  GalleryIsOriginal: 4,
  GalleryIsMirror: 4,
  BundleIncomplete: 6,
  BundleDamaged: 6,
  CatalogForeign: 6,
  CatalogMixed: 6,
  CatalogFrozen: 6,
  CatalogOversized: 6,
  PackageOversized: 6,
  PackageNotInCatalog: 5,
  RepositoryDamaged: 6,
  PackageMismatch: 6,
  PackageNotForThisMachine: 6,
  CatalogExpired: 6,
  CatalogRollback: 6,
  CatalogSignatureInvalid: 6,
  RepositoryBusy: 7,
  MalwareFound: 3,
  PackageYanked: 3,
  VersionMissing: 5,
  ScannerMissing: 8,
  ScannerOutdated: 8,
  ScannerTimedOut: 8,
  ScannerFailed: 8,
};

/** The exit code of what was thrown. Looks at the code only: the packages that throw are loaded when they are needed. */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (!(thrown instanceof Error)) return 1;
  if (thrown.name === 'ArchiveError') return 3;
  return thrown instanceof CodedError ? (byCode[thrown.code] ?? 1) : 1;
}
