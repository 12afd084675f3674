/** Failures are data: a code from one catalogue, a sentence for its reader, and what caused it. Never matched by message. */

/** Every way an extension operation can fail, as ARM shows it and as the agent reports it. Meanings are documentation. */
export const operationFailureCodes = {
  ExtensionNotAllowed:
    "The server's own allowlist, blocklist or mode does not permit the operation. Nothing was downloaded.",
  LocalControlsUnreadable:
    "The server's local controls cannot be trusted, so nothing may be installed, updated or upgraded.",
  OperationNotSigned:
    "The server's administrator wants operations signed by operators, and for this one no signatures count any more, or not for what came.",
  ExtensionManagerDisabled: 'The administrator of the server has disabled the extension manager.',
  CatalogUnavailable: 'The signed catalog could not be fetched.',
  CatalogSignatureInvalid: 'A role of the catalog is not signed by enough of its keys, or its content was changed.',
  CatalogForeign: 'The catalog that was offered descends from another root than the pinned one: it is another gallery.',
  CatalogMixed:
    'A genuine file of the catalog does not belong to the state that is offered: files of two times are mixed.',
  CatalogOversized: 'A file of the catalog is longer than it may be. It was not read to its end.',
  CatalogTooSlow: 'A file of the catalog did not arrive in time.',
  CatalogFrozen: 'Nobody has said lately that the catalog is the newest: its timestamp has expired.',
  CatalogExpired: 'A role of the signed catalog other than its timestamp is past its expiry date.',
  CatalogRollback: 'The catalog that was offered is older than the one this machine has already seen.',
  PackageNotInCatalog: 'No publisher has signed a package of that name and version.',
  PackageYanked: 'The publisher has taken the package back. It is not installed any more.',
  PackageNotForThisMachine: 'The signed package is for another operating system, processor or extension.',
  PackageUnavailable: 'The package could not be downloaded from any of its locations.',
  PackageTooSlow: 'The package came slower than the least rate, so the download was ended.',
  PackageOversized: 'More bytes came than were signed for the package. It was not opened.',
  PackageMismatch: 'The downloaded package is not the one that the catalog names. It was not opened.',
  PackageMalformed: 'The package was refused by the strict package reader. Nothing of it was kept.',
  ManifestMalformed: "The package's HandlerManifest.json is missing or not usable.",
  SettingsUnreadable: 'The protected settings could not be opened with the key of this machine.',
  HandlerChanged:
    'What the agent is to start of the extension is not what was verified when it was installed. It was not started.',
  NetworkNotWithheld:
    'The server gives the extension no network while it is installed, and cannot keep the network from it. None of its commands that install was run.',
  RecordUnreadable:
    'What the agent has on record of the extension says something that this version of it does not know. Nothing was done.',
  RequestNotUnderstood: 'The request says something that this version of the agent does not know. Nothing was done.',
  HandlerInstallFailed: "The extension's install command failed.",
  HandlerUpdateFailed: "The extension's update command failed.",
  HandlerEnableFailed: "The extension's enable command failed, or the extension reported an error.",
  HandlerDisableFailed: "The extension's disable command failed.",
  HandlerTimedOut: 'A command of the extension ran longer than it may.',
  StatusInvalid: 'The extension wrote a status that cannot be read.',
  MachineOffline: 'The machine did not come for the request within six hours.',
  DependencyFailed: 'An extension that has to come before this one failed. Nothing was done.',
  OperationTimedOut: 'The operation did not end before its deadline.',
  OperationCanceled: 'The operation was replaced or canceled before it ended.',
  StorageFull: 'The machine has no room left for the package.',
  InternalError: 'The agent failed in a way it does not know. Its log has the details.',
} as const;

export type OperationFailureCode = keyof typeof operationFailureCodes;

/** A failure with a code of a catalogue `C`. Expected refusals are return values; this is for what interrupts. */
export class CodedError<C extends string = string> extends Error {
  readonly code: C;
  constructor(code: C, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CodedError';
    this.code = code;
  }
}

/** An extension operation that cannot go on. */
export class OperationFailure extends CodedError<OperationFailureCode> {
  override readonly name = 'OperationFailure';
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
