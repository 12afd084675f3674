/** Calls a command of an installed handler and says how it ended. */
import { join } from 'node:path';
import {
  commandFailureMessage,
  decodeOutput,
  handlerCommandSeconds,
  handlerErrorCodes,
  handlerStatusMessage,
  outputTailBytes,
  redactSignatures,
  type CommandEnd,
  type FinishedCommand,
  type HandlerCall,
  type HandlerCommandName,
  type HandlerErrorCode,
  type HandlerManifest,
} from '@sallyport/handler-contract';
import {
  formatExtensionName,
  handlerName,
  OperationFailure,
  type HandlerVersion,
  type OperationFailureCode,
} from '@sallyport/model';
import type { GoalExtension, InstanceStatus } from '@sallyport/model/wire';
import { ensureDirectory } from '../../platform/directory.ts';
import { handlerPaths, type HandlerPaths } from '../handler-paths.ts';
import type { CommandNetwork } from '../network/command-network.ts';
import { cannotWithhold, networkOfCall, withheldSentence } from '../network/network-of-call.ts';
import type { ExtensionHost, OperationContext } from '../operation-context.ts';
import { stepLimits, waitingWord } from '../plan/step-limits.ts';
import { withLastWord } from '../report/failure-advice.ts';
import type { CurrentStep } from '../report/operation-progress.ts';
import { describe } from '../report/step-description.ts';
import { showHandlerState } from '../state/handler-state.ts';
import type { InstalledExtension, SharingExtension } from '../state/installed-extension.ts';
import { requireRecord } from '../state/require-record.ts';
import { changedProgram, programDigests, sameDigests, type ProgramDigests } from '../verify/program-digests.ts';
import { readManifest } from '../verify/read-manifest.ts';
import { handlerSequence } from './configure-step.ts';
import { commandLogPath, logCommand } from './command-log.ts';
import { saidSince, statusStamp } from './read-status.ts';
import type { SecretWords } from './secret-words.ts';
import type { Next } from './command-ahead.ts';
import { limitedAtGate, type LimitedStart } from './run-within-limits.ts';

export interface CallResult {
  /** As commands of the next version are told it; 1011 for one that ran too long (handler contract §4). */
  readonly exitCode: number;
  /** Undefined when it succeeded. */
  readonly failure: OperationFailure | undefined;
  /** What the handler wrote of itself while a command ran that failed: the best explanation there is (handler contract §7). */
  readonly said: InstanceStatus | undefined;
}

/** Ends the operation when the command has failed. */
export function requireSuccess({ failure, said }: CallResult, { findings }: OperationContext): void {
  if (failure === undefined) return;
  if (said !== undefined) findings.status = said;
  throw withLastWord(failure, said);
}

const timedOutExitCode = 1011;
/** As a shell says it of what cannot be executed. */
const notStartedExitCode = 126;

/** The failure that a command's bad end is. A timeout is one of its own, whatever the command. */
const failureCodes: Readonly<Record<HandlerCommandName, OperationFailureCode>> = {
  install: 'HandlerInstallFailed',
  enable: 'HandlerEnableFailed',
  update: 'HandlerUpdateFailed',
  disable: 'HandlerDisableFailed',
  uninstall: 'HandlerDisableFailed',
};

/** The same in the numbers of the handler contract. */
const numbers: Readonly<Record<HandlerCommandName, HandlerErrorCode>> = {
  install: handlerErrorCodes.InstallFailed,
  enable: handlerErrorCodes.EnableFailed,
  update: handlerErrorCodes.UpdateFailed,
  disable: handlerErrorCodes.DisableFailed,
  uninstall: handlerErrorCodes.Processing,
};

/**
 * Runs one command of an installed version, in turn with those of other extensions. Every bad end is a result; only a refusal
 * in the last moment, or an agent that is being stopped, throws. A handler that is shared is called on behalf of the entry's
 * extension, unless `on` is another one of it (handler contract §5).
 */
export async function callHandler(
  version: HandlerVersion,
  call: HandlerCall,
  context: OperationContext,
  on?: SharingExtension,
): Promise<CallResult> {
  const { host, signal } = context;
  const called = calledOf(version, call, context, on);
  const { record, paths, sequence, extensionName } = called;
  ensureDirectory(host.paths.guestConfig, 0o755);
  ensureDirectory(host.paths.downloads, 0o700);
  const limit = limitOf(context);
  context.at({ ...limit, name: waitingWord, message: `${limit.message}: waits for its turn to run a command` });
  const { secrets } = context.findings;
  const owner = { name: record.name, version, sequence, extensionName };
  let saidBefore = '';
  const finished = await host.lane(async () => {
    signal.throwIfAborted();
    // Waiting for one's turn can take long, and an allowed plan is no permission for ever.
    context.requirePermission();
    const manifest = trustedManifest(record, paths.directory);
    if (manifest instanceof OperationFailure) return manifest;
    const network = networkOfCall(call.command, record, host);
    const open = cannotWithhold(network, record, host);
    // Once its update command has run, that nothing was run is not true any more, and the centre goes by that.
    if (open !== undefined && record.phase === 'updated')
      return new OperationFailure(failureCodes[call.command], open.message, { cause: open });
    if (open !== undefined) return open;
    const begun = host.environment.monotonic();
    saidBefore = statusStamp(owner, host);
    const secondsLeft = (context.deadline - begun) / 1000;
    context.at({ ...limit, limitSeconds: Math.min(handlerCommandSeconds[call.command], secondsLeft) });
    const start = startOf(called, manifest, network, host);
    const command = (await context.ahead?.take(keyOf(start))) ?? limitedAtGate(host, start);
    const running = command.run({
      secondsLeft,
      onOutput: (stdout, stderr) => context.printed(shownOutput(redacted({ stdout, stderr }, secrets, true))),
      signal,
    });
    context.ahead?.begin();
    const { finished: ran, reached } = await running;
    rememberPrograms(host, record, paths.directory);
    const result = { ...ran, ...redacted(ran, secrets, false) };
    context.findings.output = shownOutput(result);
    const log = commandLogPath(paths.logs, extensionName);
    logCommand(log, host.environment.now(), result, host.environment.monotonic() - begun);
    for (const limit of reached)
      host.log('warn', 'a limit was reached', { extension: handlerName(record.name), limit });
    const withheld = withheldSentence(network, record);
    return { ...result, remarks: withheld === undefined ? reached : [withheld, ...reached] };
  }, signal);
  signal.throwIfAborted();
  if (finished instanceof OperationFailure) {
    showHandlerState(host.paths, record, { code: numbers[call.command], message: finished.message });
    return { exitCode: notStartedExitCode, failure: finished, said: undefined };
  }
  const failed = commandFailureMessage(finished);
  const message = failed === undefined ? undefined : [failed, ...finished.remarks].join('\n');
  const timedOut = finished.end.kind === 'timeout';
  const code = timedOut ? 'HandlerTimedOut' : failureCodes[call.command];
  if (message !== undefined) {
    const number = timedOut ? handlerErrorCodes.CommandTimedOut : numbers[call.command];
    showHandlerState(host.paths, record, { code: number, message: handlerStatusMessage(finished.end, message) });
  }
  const exitCode = exitCodeOf(finished.end);
  if (message === undefined) return { exitCode, failure: undefined, said: undefined };
  return { exitCode, failure: new OperationFailure(code, message), said: saidSince(saidBefore, owner, context) };
}

/** The same command as the one that a call would start, to be started before its turn. Whether it may run is asked then. */
export function callAhead(version: HandlerVersion, call: HandlerCall, context: OperationContext): Next {
  const { host } = context;
  const called = calledOf(version, call, context);
  const network = networkOfCall(call.command, called.record, host);
  const start = startOf(called, readManifest(called.paths.directory), network, host);
  return { key: keyOf(start), start: () => limitedAtGate(host, start) };
}

interface Called {
  readonly record: InstalledExtension;
  readonly paths: HandlerPaths;
  readonly call: HandlerCall;
  readonly sequence: number;
  readonly extensionName: string | undefined;
}

function calledOf(
  version: HandlerVersion,
  call: HandlerCall,
  context: OperationContext,
  on?: SharingExtension,
): Called {
  const { host, entry } = context;
  const record = requireRecord(version, context);
  return {
    record,
    paths: handlerPaths(host.paths, record.name, version),
    call,
    sequence: on?.handlerSequence ?? handlerSequence(entry),
    extensionName: record.sharing === undefined ? undefined : (on ?? callerOf(record, entry)).extensionName,
  };
}

function startOf(
  { record, paths, call, sequence, extensionName }: Called,
  manifest: HandlerManifest,
  network: CommandNetwork,
  host: ExtensionHost,
): LimitedStart {
  return {
    member: { name: record.name, version: record.version, directory: paths.directory },
    folders: [paths.directory, paths.logs],
    network: network.kind,
    manifest,
    call,
    sequence,
    ...(extensionName === undefined ? {} : { extensionName }),
    scratch: host.paths.downloads,
  };
}

/** Changes with everything that a command is called with. */
function keyOf(start: LimitedStart): string {
  return JSON.stringify(start);
}

/** The manifest, when it and what it names are as they were verified (T56); what is wrong otherwise. */
function trustedManifest(
  { name, version, programs }: InstalledExtension,
  directory: string,
): HandlerManifest | OperationFailure {
  const changed = programs === undefined ? undefined : changedProgram(directory, programs);
  if (changed !== undefined) {
    const what = `${formatExtensionName(name)} ${version}`;
    const message = `${join(directory, changed)} is not what was verified, or what ${what} itself made of it: somebody has changed it since. Nothing of it was run.`;
    return new OperationFailure('HandlerChanged', message);
  }
  try {
    return readManifest(directory);
  } catch (error) {
    if (error instanceof OperationFailure) return error;
    throw error;
  }
}

/** A handler may change its own programs in its commands; what comes after is somebody else. */
function rememberPrograms(host: ExtensionHost, { name, version }: InstalledExtension, directory: string): void {
  const record = host.store.find(name, version);
  if (record?.programs === undefined) return;
  let programs: ProgramDigests;
  try {
    programs = programDigests(directory);
  } catch {
    // What it left there is no manifest: it is refused the next time.
    return;
  }
  if (!sameDigests(programs, record.programs)) host.store.put({ ...record, programs });
}

/** Without protected values (S1.7). Streams are ends of longer ones when they are as long as is ever kept; `growing` ones may go on. */
function redacted(
  { stdout, stderr }: Streams,
  secrets: SecretWords,
  growing: boolean,
): { readonly stdout: Uint8Array; readonly stderr: Uint8Array } {
  const clean = (bytes: Uint8Array): Uint8Array =>
    Buffer.from(secrets.redact(decodeOutput(bytes), growing || bytes.length >= outputTailBytes));
  return { stdout: clean(stdout), stderr: clean(stderr) };
}

type Streams = Pick<FinishedCommand, 'stdout' | 'stderr'>;

/** Both streams as far as anything was printed; the frame of a failure message would be noise here. */
function shownOutput({ stdout, stderr }: Streams): string {
  return redactSignatures(
    [stdout, stderr]
      .map((bytes) => decodeOutput(bytes).trimEnd())
      .join('\n')
      .trim(),
  );
}

/** The step that the command is run for, until the operation's own end. */
function limitOf(context: OperationContext): CurrentStep {
  const { step } = context.findings;
  const limit = step === undefined ? undefined : stepLimits[step.kind];
  const limitSeconds = Math.max(0, (context.deadline - context.host.environment.monotonic()) / 1000);
  return { name: limit?.word ?? 'running', message: describe(context), limitSeconds };
}

/** A shell says 128 and the signal's number; of those the agent sends there is one. */
function exitCodeOf(end: CommandEnd): number {
  if (end.kind === 'exit') return end.code;
  return end.kind === 'timeout' ? timedOutExitCode : 137;
}

/** On whose behalf a shared handler is called: the entry's extension; without one, the first there is. */
function callerOf(
  record: InstalledExtension,
  { extensionName, resourceName }: GoalExtension,
): { extensionName: string } {
  if (extensionName !== undefined) return { extensionName };
  return record.sharing?.[0] ?? { extensionName: resourceName };
}
