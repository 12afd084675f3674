/** How large a package may be. Checked against what it says before unpacking and against what comes out while doing so. */
export interface ArchiveLimits {
  /** Files and directories together, those that are only implied by names included (T38). */
  readonly entries: number;
  /** Bytes of the central directory: it is the one thing held in memory as a whole. */
  readonly directoryBytes: number;
  /** Bytes of all files when unpacked (T37). */
  readonly totalBytes: number;
  /** How many times larger than the package its content may be, beyond a free allowance (T37). */
  readonly ratio: number;
  /** Bytes that do not count towards the ratio: small packages may compress as well as they like. */
  readonly ratioFreeBytes: number;
  /** Names inside each other. */
  readonly depth: number;
  /** Bytes of a whole name; a part is limited to 255 by every file system. */
  readonly nameBytes: number;
}

const mebibyte = 1024 * 1024;

/** Twice and more of what the largest real extension package needs. */
export const defaultArchiveLimits: ArchiveLimits = {
  entries: 50_000,
  directoryBytes: 16 * mebibyte,
  totalBytes: 8 * 1024 * mebibyte,
  ratio: 100,
  ratioFreeBytes: 16 * mebibyte,
  depth: 40,
  nameBytes: 1024,
};
