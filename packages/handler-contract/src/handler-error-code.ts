/** Numbers that hosts and services use for what went wrong with a handler (contract §2). */
export const handlerErrorCodes = {
  Unknown: -1,
  None: 0,
  Processing: 1000,
  ManifestDownload: 1001,
  ManifestMissing: 1002,
  ManifestMalformed: 1003,
  PackageDownload: 1004,
  PackageExtraction: 1005,
  InstallFailed: 1007,
  UpdateFailed: 1008,
  EnableFailed: 1009,
  DisableFailed: 1010,
  CommandTimedOut: 1011,
  InvalidStatus: 1012,
} as const;
export type HandlerErrorCode = (typeof handlerErrorCodes)[keyof typeof handlerErrorCodes];
