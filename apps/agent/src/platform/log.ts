/** The agent's logs: one JSON object a line, whatever the text holds, so that nothing can forge a line (T65). */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureDirectory } from './directory.ts';
import type { Environment } from './environment.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Fields are short facts. Secrets and whole documents do not belong in them. */
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

const rotateAboveBytes = 10 * 1024 * 1024;

/** A log in a file of mode 0640. Above 10 MiB it is kept once as `<name>.1` and begun anew. Writing never throws. */
export function fileLog(path: string, environment: Environment): Log {
  let usable = prepare(path);
  return (level, message, fields = {}) => {
    if (!usable) return;
    try {
      if (sizeOf(path) > rotateAboveBytes) renameSync(path, `${path}.1`);
      appendFileSync(path, `${logLine(environment.now(), level, message, fields)}\n`, { mode: 0o640 });
    } catch {
      // A full or read-only disk must not stop the agent; the operation itself fails where it writes.
      usable = prepare(path);
    }
  };
}

/** One log line: JSON with every control character escaped, also those that JSON allows (DEL, C1, line separators). */
export function logLine(time: number, level: LogLevel, message: string, fields: LogFields): string {
  return JSON.stringify({ time: new Date(time).toISOString(), level, message, ...fields }).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function prepare(path: string): boolean {
  try {
    ensureDirectory(dirname(path), 0o755);
    return true;
  } catch {
    // Logging is not worth failing for; the caller's own writes say what is wrong with the disk.
    return false;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
