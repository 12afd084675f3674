/** Why a package is refused: one code per class of archive, so that a test and an operator see which rule held. */
export const archiveErrorCodes = {
  NotAnArchive: 'There is no end record: it is not a ZIP archive, or it is cut off.',
  TrailingData: 'Something follows the end record, an archive comment included (T39).',
  SecondEndRecord: 'There is more than one end record (T39).',
  LeadingData: 'Something precedes the first entry (T39).',
  GapBetweenEntries: 'There are bytes between entries that belong to none of them (T39).',
  OverlappingEntries: 'Entries share bytes, with each other or with the directory (T37).',
  DirectoryMisplaced: 'The central directory is not where the end record says (T39).',
  DirectoryMalformed: 'The central directory cannot be read.',
  HeadersDisagree: 'A local header, its data descriptor and the central directory do not say the same (T39).',
  MultiDisk: 'The archive spans several disks.',
  Zip64: 'The archive uses the 64-bit format, which no package needs.',
  Encrypted: 'An entry is encrypted.',
  UnsupportedMethod: 'An entry is compressed by another method than none or deflate.',
  UnsupportedFeature: 'An entry needs a feature of ZIP that packages do not use.',
  NameEmpty: 'An entry has no name, or a name with an empty part.',
  NameTraversal: "A name holds '.' or '..' as a part (T32).",
  NameAbsolute: 'A name is absolute, or begins with a drive letter (T32).',
  NameBackslash: 'A name holds a backslash (T32).',
  NameControl: 'A name holds NUL or another control character (T32).',
  NameTrailing: 'A part of a name ends with a dot or a blank (T32).',
  NameEncoding: 'A name is not plain ASCII and not marked as UTF-8, not valid UTF-8, or given twice (T40).',
  NameTooLong: 'A name or a part of it is too long.',
  DuplicateName: 'A name occurs twice (T40).',
  NameCollision: 'Two names differ only in case or in their Unicode form (T40).',
  FileAsDirectory: 'A name is used for a file and for a directory (T33).',
  Link: 'An entry is a link (T33, T34).',
  SpecialFile: 'An entry is a device, a pipe, a socket or a volume label (T36).',
  TypeMismatch: 'The name says directory and the attributes say file, or the other way round (T36).',
  DirectoryWithData: 'A directory has content.',
  EntryLimit: 'There are too many files and directories (T38).',
  DepthLimit: 'Directories are nested too deep (T37).',
  SizeLimit: 'The package is too large when unpacked (T37).',
  RatioLimit: 'The package would grow by more than any honest one (T37).',
  SizeMismatch: 'An entry unpacks to another size than it says (T37).',
  ChecksumMismatch: 'The checksum of an entry is wrong.',
  DataMalformed: 'The compressed data of an entry is damaged.',
  StagingUnsafe: 'The directory to unpack into is not an empty, private directory of this user (T35).',
} as const;

export type ArchiveErrorCode = keyof typeof archiveErrorCodes;

/** A package that is refused. What was unpacked so far is for the caller to delete; see {@link unpackPackage}. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: ArchiveErrorCode;
  constructor(code: ArchiveErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The refusal of a package with more files and directories than `limit`. */
export function tooManyEntries(limit: number): ArchiveError {
  return new ArchiveError('EntryLimit', `The package has more than ${limit} files and directories.`);
}
