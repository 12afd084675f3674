/** What whoever reads a failure can do about it: the step it happened in, the file that says more, and the next thing to try. */
import { join } from 'node:path';
import type { InstanceStatus } from '@sallyport/model/wire';
import { handlerName, OperationFailure, type OperationFailureCode } from '@sallyport/model';
import { OperationRefused, type Findings, type OperationContext } from '../operation-context.ts';
import type { StepKind } from '../plan/step.ts';
import { commandLogPath } from '../run/command-log.ts';
import { stepLimits } from '../plan/step-limits.ts';

const commandFailed = "read the command's output there, put right what it names on the machine, then ask again";

/** One row for each way an operation can fail. Refusals say it themselves. */
const advice: Readonly<Record<OperationFailureCode, string>> = {
  ExtensionNotAllowed: "the machine's administrator decides: azcmagent extension explain",
  LocalControlsUnreadable: "have the machine's administrator run azcmagent config check and azcmagent config restore",
  OperationNotSigned: 'ask for it again and have operators sign it (sallyport order list, sallyport order sign)',
  ExtensionManagerDisabled: "have the machine's administrator run azcmagent config set extensions.enabled true",
  CatalogUnavailable: 'check that the machine reaches the catalog (azcmagent show), then ask again',
  CatalogSignatureInvalid: 'do not trust what was offered; tell whoever runs the gallery',
  CatalogForeign:
    "compare the catalog's root with the one on paper; if the gallery was made anew, disconnect and connect with its root",
  CatalogMixed: 'do not trust what was offered; tell whoever runs the gallery',
  CatalogOversized: 'do not trust what was offered; tell whoever runs the gallery',
  CatalogTooSlow: 'look at the network and proxy between the machine and the catalog, then ask again',
  CatalogFrozen: "have the gallery's operator run sallyport gallery refresh, and check the machine's clock",
  CatalogExpired: "have the gallery's operator sign it anew, and check the machine's clock",
  CatalogRollback: 'do not trust what was offered; tell whoever runs the gallery',
  PackageNotInCatalog: 'choose a version that is published, or publish it',
  PackageYanked: 'Choose a newer version; the publisher said why this one was taken back.',
  PackageNotForThisMachine: 'choose a package for this system and processor',
  PackageUnavailable: 'check that the machine reaches where packages are kept, and its proxy, then ask again',
  PackageTooSlow: 'look at the network and proxy between the machine and where packages are kept, then ask again',
  PackageOversized: 'do not trust what was offered; tell whoever runs the package storage',
  PackageMismatch: 'do not trust what was offered; tell whoever runs the package storage',
  PackageMalformed: 'have its publisher build the package anew',
  ManifestMalformed: 'have its publisher correct the manifest',
  SettingsUnreadable: 'set the protected settings again',
  HandlerChanged:
    'find out who changed it; then delete the extension and install it again: nothing else is verified anew',
  NetworkNotWithheld:
    "see 'Network of Installs' of azcmagent show on the machine; its administrator puts that right, or sets extensions.agent.installnetwork",
  RecordUnreadable: 'install the version of the agent that wrote the record, then ask again',
  RequestNotUnderstood: 'upgrade the agent of the machine, then ask again',
  HandlerInstallFailed: commandFailed,
  HandlerUpdateFailed: commandFailed,
  HandlerEnableFailed: commandFailed,
  HandlerDisableFailed: `${commandFailed}; as a last resort: azcmagent extension remove, on the machine`,
  HandlerTimedOut: 'see there what it was waiting for; it was ended. Then ask again',
  StatusInvalid: "have its publisher correct what it writes into the handler's status folder",
  MachineOffline: 'check the agent of the machine, then ask again',
  DependencyFailed: 'see why the extension before it failed, put that right, then ask for both again',
  OperationTimedOut: 'see there what it was waiting for, then ask again',
  OperationCanceled: 'ask again when it shall be done',
  StorageFull: 'make room on that file system, then ask again',
  InternalError: 'see /var/lib/GuestConfig/ext_mgr_logs/gc_ext.log on the machine (azcmagent logs)',
};

/** Most of the output that is repeated in a failure's message, in characters. The end counts. */
const longestOutput = 2000;

/** The failure with what the extension said of itself last: when the version goes back, nothing else is left of that. */
export function withLastWord(failure: OperationFailure, status: InstanceStatus | undefined): OperationFailure {
  if (status === undefined || status.message === '') return failure;
  const said = `The extension says: ${status.displayStatus} (${status.code}): ${status.message}`;
  return new OperationFailure(failure.code, `${failure.message}\n${said}`, { cause: failure });
}

/** The failure with step, file and advice behind its message; the first line stays what went wrong. */
export function withAdvice(failure: OperationFailure, context: OperationContext): OperationFailure {
  if (failure instanceof OperationRefused) return failure;
  const { step } = context.findings;
  const limit = step === undefined ? undefined : stepLimits[step.kind];
  const logs = join(context.host.paths.handlerLogs, handlerName(context.name));
  const log = commandLogPath(logs, context.entry.extensionName);
  const lines = [
    ...(limit === undefined ? [] : [`Step: ${limit.word}`]),
    ...(limit?.command === true || step?.kind === 'await-status' ? [`Log on the machine: ${log}`] : []),
    `What to do: ${advice[failure.code]}.`,
  ];
  const message = `${failure.message}\n${lines.join('. ')}${outputOf(step?.kind, context.findings)}`;
  return new OperationFailure(failure.code, message, { cause: failure });
}

/** A command that failed tells its output itself; an extension that says afterwards that it failed printed the reason before. */
function outputOf(step: StepKind | undefined, { output = '' }: Findings): string {
  return step !== 'await-status' || output === ''
    ? ''
    : `\nOutput of its enable command:\n${output.slice(-longestOutput)}`;
}
