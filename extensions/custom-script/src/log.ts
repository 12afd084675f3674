/** The handler's own log. Never holds settings, scripts, output or queries of addresses (T52). */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

export type Log = (line: string) => void;

/** Appends to `custom-script.log` in the log folder. A log that cannot be written stops nothing. */
export function openLog(folder: string): Log {
  return (line) => {
    try {
      mkdirSync(folder, { recursive: true });
      appendFileSync(join(folder, 'custom-script.log'), `${new Date().toISOString()} ${line.replace(/\s+/g, ' ')}\n`, {
        mode: 0o600,
      });
    } catch {
      // The result still reaches the status file, which is what people read.
    }
  };
}
