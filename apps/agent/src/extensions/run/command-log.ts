/** `CommandExecution.log` of a handler: every command of it that was run, and what it said (handler contract §1). */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeOutput,
  formatOutput,
  redactSignatures,
  type CommandEnd,
  type FinishedCommand,
} from '@sallyport/handler-contract';
import { logLine } from '../../platform/log.ts';

const rotateAboveBytes = 10 * 1024 * 1024;

/** Adds one line of JSON. Never throws: a log that cannot be written stops no operation. */
export function logCommand(logs: string, time: number, finished: FinishedCommand, milliseconds: number): void {
  const path = join(logs, 'CommandExecution.log');
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
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > rotateAboveBytes) renameSync(path, `${path}.1`);
    appendFileSync(path, `${line}\n`, { mode: 0o600 });
  } catch {
    // A full disk is told by whatever the operation itself writes.
  }
}

function endOf(end: CommandEnd): string {
  if (end.kind === 'exit') return `exit ${end.code}`;
  return end.kind === 'signal' ? `signal ${end.signal}` : `timeout after ${end.seconds} s`;
}
