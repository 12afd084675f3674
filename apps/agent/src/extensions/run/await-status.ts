/** Waits for what an extension says of itself: success or error, in its status file (handler contract §7). */
import { mkdirSync, watch, type FSWatcher } from 'node:fs';
import { handlerDirectoryName, isTerminalReading, type StatusReading } from '@sallyport/handler-contract';
import { handlerName, OperationFailure, type HandlerVersion } from '@sallyport/model';
import type { InstanceStatus } from '@sallyport/model/wire';
import { sleep } from '../../platform/sleep.ts';
import { handlerPaths } from '../handler-paths.ts';
import type { OperationContext } from '../operation-context.ts';
import { requireRecord } from '../state/require-record.ts';
import { hasSettings } from './configure-step.ts';
import { withLastWord } from '../report/failure-advice.ts';
import { readStatus } from './read-status.ts';

/** Looked at whenever the folder changes, and this often in any case. Milliseconds. */
const pollMilliseconds = 1000;
/** A file that cannot be parsed may be half written, and be written on: believed when it has been like that for so long. */
const unparsableMilliseconds = 5000;
/** How long after its enable an extension may take to write its first status that says something. Milliseconds. */
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
  const begun = host.environment.monotonic();
  let unparsableSince: number | undefined;
  let told = '';
  const changes = watchFolder(paths.status);
  try {
    for (;;) {
      signal.throwIfAborted();
      const changed = changes.next();
      const { reading, status } = readStatus(version, context);
      context.findings.status = status;
      const now = host.environment.monotonic();
      unparsableSince = reading.kind === 'unparsable' ? (unparsableSince ?? now) : undefined;
      const doubted = unparsableSince !== undefined && now - unparsableSince < unparsableMilliseconds;
      if (isTerminalReading(reading) && !doubted) return conclude(reading, status);
      if (reading.kind === 'missing' && !hasSettings(entry)) {
        context.findings.status = undefined;
        return;
      }
      giveUpWhenLate(reading, begun, handler, context);
      // What cannot be parsed may be half written, and is not told before it is believed.
      if (status !== undefined && status.message !== told && !doubted) {
        told = status.message;
        context.progress('Enabling', status);
      }
      await Promise.race([changed, sleep(pollMilliseconds, signal)]);
    }
  } finally {
    changes.close();
  }
}

function conclude(reading: StatusReading, status: InstanceStatus | undefined): void {
  if (reading.kind === 'status' && reading.status.status === 'success') return;
  const code = reading.kind === 'status' ? 'HandlerEnableFailed' : 'StatusInvalid';
  throw new OperationFailure(code, status?.message ?? 'The extension reported an error without a message.');
}

function giveUpWhenLate(reading: StatusReading, begun: number, handler: string, context: OperationContext): void {
  const now = context.host.environment.monotonic();
  const saysNothing = reading.kind === 'missing' || reading.kind === 'empty';
  const silent = saysNothing && now - begun > firstStatusMilliseconds;
  if (!silent && now < context.deadline) return;
  const what = silent ? 'has written no status since it was enabled' : 'has not come to an end';
  const late = new OperationFailure('OperationTimedOut', `The extension ${handler} ${what}. It may still be running.`);
  throw withLastWord(late, saysNothing ? undefined : context.findings.status);
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
