/**
 * What is asked of the process that unpacks, and what it answers. One JSON line each way for each package. Types only beside the constants: that
 * process loads nothing that it does not need.
 */

/** The first descriptor a package is open at in that process; those of more packages follow. */
export const packageDescriptor = 3;

/** What Node is told beside its rights: what is done with goes back sooner. */
export const unpackFlags = ['--max-semi-space-size=1'] as const;

export interface UnpackRequest {
  /** What the package is open at in that process. */
  readonly descriptor: number;
  /** In bytes. */
  readonly length: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Empty, private, and one of the places that may be written to. */
  readonly directory: string;
}

export type UnpackAnswer =
  /** `manifests`: the files called like a manifest, at most 100 of them. */
  | { readonly ok: true; readonly manifests: readonly string[] }
  | { readonly ok: false; readonly code: UnpackFailureCode; readonly message: string };

export const unpackFailureCodes = ['PackageMismatch', 'PackageMalformed', 'StorageFull'] as const;
export type UnpackFailureCode = (typeof unpackFailureCodes)[number];
