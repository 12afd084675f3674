/** Which settings count, and whether their script has run before (`mrseq`, the most recent sequence). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './replace-file.ts';

/** The sequence the host asks for, or else the highest one there are settings for. */
export function currentSequence(configFolder: string, asked: string | undefined): number {
  if (asked !== undefined && /^\d{1,9}$/.test(asked)) return Number(asked);
  const numbers = readdirSync(configFolder).map((name) => Number(/^(\d{1,9})\.settings$/.exec(name)?.[1] ?? -1));
  const highest = Math.max(-1, ...numbers);
  if (highest < 0) throw new Error(`There are no settings in ${configFolder}.`);
  return highest;
}

/** The last sequence whose script was started; -1 for none. */
export function lastSequence(handlerFolder: string): number {
  try {
    const text = readFileSync(join(handlerFolder, 'mrseq'), 'utf8').trim();
    return /^\d{1,9}$/.test(text) ? Number(text) : -1;
  } catch {
    // No such file: nothing has run yet.
    return -1;
  }
}

/** Written before the script starts: a crash must never make it run twice. */
export function rememberSequence(handlerFolder: string, sequence: number): void {
  replaceFile(join(handlerFolder, 'mrseq'), `${sequence}`, 0o600);
}
