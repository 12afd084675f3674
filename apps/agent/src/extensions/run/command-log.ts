/** `CommandExecution.log` of a handler: every command of it that was run, and what it said (handler contract §1). */
import { appendFileSync, closeSync, openSync, readSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeOutput,
  formatOutput,
  redactSignatures,
  type CommandEnd,
  type FinishedCommand,
} from '@sallyport/handler-contract';
import { logLine } from '../../platform/log.ts';

/** Above this the older half goes, as people and log collectors know it from the VM agent. */
const mostBytes = 10 * 1024 * 1024;

/** Where in a handler's log folder; one of several extensions of the handler has a log of its own (handler contract §1). */
export function commandLogPath(logs: string, extensionName?: string): string {
  return join(logs, extensionName === undefined ? 'CommandExecution.log' : `CommandExecution_${extensionName}.log`);
}

/** Adds one line of JSON. Never throws: a log that cannot be written stops no operation. */
export function logCommand(path: string, time: number, finished: FinishedCommand, milliseconds: number): void {
  const failed = finished.end.kind !== 'exit' || finished.end.code !== 0;
  const line = logLine(time, failed ? 'error' : 'info', 'command', {
    command: finished.commandLine,
    end: endOf(finished.end),
    milliseconds: Math.round(milliseconds),
    // What a command prints is the extension's business; it is kept where only the administrator reads.
    output: redactSignatures(formatOutput(finished.stdout, finished.stderr)),
    bytes: decodeOutput(finished.stdout).length + decodeOutput(finished.stderr).length,
  });
  try {
    cutHead(path);
    appendFileSync(path, `${line}\n`, { mode: 0o600 });
  } catch {
    // A full disk is told by whatever the operation itself writes.
  }
}

function cutHead(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= mostBytes) return;
  const kept = Buffer.alloc(mostBytes / 2);
  const file = openSync(path, 'r');
  try {
    readSync(file, kept, 0, kept.length, size - kept.length);
  } finally {
    closeSync(file);
  }
  // From the first whole line on.
  writeFileSync(`${path}.new`, kept.subarray(kept.indexOf(0x0a) + 1), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function endOf(end: CommandEnd): string {
  if (end.kind === 'exit') return `exit ${end.code}`;
  return end.kind === 'signal' ? `signal ${end.signal}` : `timeout after ${end.seconds} s`;
}
