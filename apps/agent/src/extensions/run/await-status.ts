/** Waits for what an extension says of itself: success or error, in its status file (handler contract §7). */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, watch, type FSWatcher } from 'node:fs';
import {
  handlerDirectoryName,
  isTerminalReading,
  parseStatus,
  reportedStatus,
  statusReadLimit,
  truncated,
  type StatusReading,
} from '@sallyport/handler-contract';
import { handlerName, OperationFailure, type HandlerVersion } from '@sallyport/model';
import type { InstanceStatus } from '@sallyport/model/wire';
import { isMissing } from '@sallyport/durable-files';
import { sleep } from '../../platform/sleep.ts';
import { handlerPaths, statusFile } from '../handler-paths.ts';
import type { OperationContext } from '../operation-context.ts';
import { requireRecord } from '../state/require-record.ts';
import { handlerSequence, hasSettings } from './configure-step.ts';
import type { SecretWords } from './secret-words.ts';

/** Looked at whenever the folder changes, and this often in any case. Milliseconds. */
const pollMilliseconds = 1000;
/** A file that cannot be parsed may be half written: believed after this many tries. */
const unparsableTries = 5;
/** How long after its enable an extension may take to write its first status. Milliseconds. */
const firstStatusMilliseconds = 5 * 60 * 1000;

/**
 * Ends when the extension says success. Throws `HandlerEnableFailed` when it says error, `StatusInvalid` when what it says cannot
 * be read, `OperationTimedOut` at the deadline. An extension without settings need not report (handler contract §1).
 */
export async function awaitStatus(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { host, entry, signal } = context;
  const record = requireRecord(version, context);
  const paths = handlerPaths(host.paths, record.name, version);
  const handler = handlerDirectoryName(handlerName(record.name), version);
  const file = statusFile(paths, handlerSequence(entry));
  const begun = host.environment.monotonic();
  let unparsable = 0;
  let told = '';
  const changes = watchFolder(paths.status);
  try {
    for (;;) {
      signal.throwIfAborted();
      const changed = changes.next();
      const reading = parseStatus(textOf(file));
      const time = new Date(host.environment.now()).toISOString();
      const status = withoutSecrets(
        reportedStatus(reading, { handler, sequence: handlerSequence(entry), time }),
        context.findings.secrets,
      );
      context.findings.status = status;
      unparsable = reading.kind === 'unparsable' ? unparsable + 1 : 0;
      const doubted = reading.kind === 'unparsable' && unparsable < unparsableTries;
      if (isTerminalReading(reading) && !doubted) return conclude(reading, status);
      if (reading.kind === 'missing' && !hasSettings(entry)) {
        context.findings.status = undefined;
        return;
      }
      giveUpWhenLate(reading, begun, handler, context);
      if (status !== undefined && status.message !== told && reading.kind === 'status') {
        told = status.message;
        context.progress('Enabling', status);
      }
      await Promise.race([changed, sleep(pollMilliseconds, signal)]);
    }
  } finally {
    changes.close();
  }
}

/** What an extension says of itself may hold what it was given (S1.7). */
function withoutSecrets(status: InstanceStatus | undefined, secrets: SecretWords): InstanceStatus | undefined {
  if (status === undefined) return undefined;
  // What was cut may have been cut in the middle of one.
  const pieces = status.message.split(truncated);
  const message = pieces.map((piece) => secrets.redact(piece, pieces.length > 1)).join(truncated);
  return { ...status, message };
}

function conclude(reading: StatusReading, status: InstanceStatus | undefined): void {
  if (reading.kind === 'status' && reading.status.status === 'success') return;
  const code = reading.kind === 'status' ? 'HandlerEnableFailed' : 'StatusInvalid';
  throw new OperationFailure(code, status?.message ?? 'The extension reported an error without a message.');
}

function giveUpWhenLate(reading: StatusReading, begun: number, handler: string, context: OperationContext): void {
  const now = context.host.environment.monotonic();
  const silent = reading.kind === 'missing' && now - begun > firstStatusMilliseconds;
  if (!silent && now < context.deadline) return;
  const what = silent ? 'has written no status since it was enabled' : 'has not come to an end';
  throw new OperationFailure('OperationTimedOut', `The extension ${handler} ${what}. It may still be running.`);
}

/** The text of a status file, as far as it is worth reading; undefined when there is none. Links are not followed (T57). */
function textOf(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new OperationFailure('StatusInvalid', `The status file ${path} cannot be opened.`, { cause: error });
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, statusReadLimit));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString('utf8');
  } finally {
    closeSync(file);
  }
}

/** Tells of changes in a folder; where they cannot be watched, only the poll is left. */
function watchFolder(folder: string): { next(): Promise<void>; close(): void } {
  let ring: () => void = () => undefined;
  let watcher: FSWatcher | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    watcher = watch(folder, { persistent: false }, () => ring());
    watcher.on('error', () => undefined);
  } catch {
    // Out of watches, say.
  }
  return {
    next: () =>
      new Promise((resolve) => {
        ring = resolve;
      }),
    close: () => watcher?.close(),
  };
}
