/**
 * `CommandExecution.log` of a handler: every command of it that was run, and what it said (handler contract §1). The folder is the
 * handler's, and many give it to a user of their own: nothing there leads the agent's line to another file (T57).
 */
import { closeSync, constants, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing, writeForNow } from '@sallyport/durable-files';
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
    append(path, `${line}\n`);
  } catch {
    // A full disk is told by whatever the operation itself writes.
  }
}

const flags = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function append(path: string, text: string): void {
  const file = openOwn(path);
  try {
    const { size } = fstatSync(file);
    if (size > mostBytes) writeForNow(path, Buffer.concat([endOfFile(file, size), Buffer.from(text)]), 0o600);
    else writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** The log; what lies in its place, a link, a pipe, a file with a second name or of somebody else, is taken away and it is begun anew. */
function openOwn(path: string): number {
  try {
    const file = openSync(path, flags);
    const found = fstatSync(file);
    if (found.isFile() && found.nlink === 1 && found.uid === process.geteuid?.()) return file;
    closeSync(file);
  } catch (error) {
    if (isMissing(error)) return openSync(path, flags | constants.O_CREAT | constants.O_EXCL, 0o600);
  }
  rmSync(path, { recursive: true, force: true });
  return openSync(path, flags | constants.O_CREAT | constants.O_EXCL, 0o600);
}

/** The newer half, from its first whole line on. */
function endOfFile(file: number, size: number): Buffer {
  const kept = Buffer.alloc(mostBytes / 2);
  readSync(file, kept, 0, kept.length, size - kept.length);
  return kept.subarray(kept.indexOf(0x0a) + 1);
}

function endOf(end: CommandEnd): string {
  if (end.kind === 'exit') return `exit ${end.code}`;
  return end.kind === 'signal' ? `signal ${end.signal}` : `timeout after ${end.seconds} s`;
}
