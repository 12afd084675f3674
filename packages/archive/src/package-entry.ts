/** One entry of a package, as the central directory describes it. */
export interface PackageEntry {
  /** Relative path with forward slashes; no trailing slash. */
  readonly path: string;
  readonly isDirectory: boolean;
  /** Whether anyone may execute it, as the packer's system had it. */
  readonly isExecutable: boolean;
  /** Bytes when unpacked. */
  readonly size: number;
  readonly compressedSize: number;
}

/** The same with what only the reader needs. */
export interface StoredEntry extends PackageEntry {
  readonly rawName: Buffer;
  readonly method: 'stored' | 'deflated';
  readonly flags: number;
  readonly checksum: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/** Bytes of a local header before name and extra fields. */
export const localHeaderBytes = 30;
/** Sizes and checksum follow the data, because the writer did not know them in front of it. */
export const descriptorFlag = 0x0008;
