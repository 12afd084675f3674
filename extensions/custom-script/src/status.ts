/** The status file of a sequence: what the host reports (contract §7). */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstOf, isObject } from './json.ts';
import { replaceFile } from './replace-file.ts';

export type StatusWord = 'transitioning' | 'success' | 'error';

export interface Status {
  readonly word: StatusWord;
  /** 0, or the script's exit code, or 1 for anything else that went wrong. */
  readonly code: number;
  readonly message: string;
}

export function writeStatus(folder: string, sequence: number, status: Status): void {
  const time = new Date().toISOString();
  const body = {
    name: 'Enable',
    operation: 'Enable',
    configurationAppliedTime: time,
    status: status.word,
    code: status.code,
    formattedMessage: { lang: 'en-US', message: status.message },
    substatus: [],
  };
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify([{ version: 1, timestampUTC: time, status: body }]);
  replaceFile(join(folder, `${sequence}.status`), text, 0o600);
}

/** The word in the status file of a sequence; undefined when there is none that can be read. */
export function readStatusWord(folder: string, sequence: number): string | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, `${sequence}.status`), 'utf8'));
    const status = firstOf({ list: parsed }, 'list')?.['status'];
    const word = isObject(status) ? status['status'] : undefined;
    return typeof word === 'string' ? word : undefined;
  } catch {
    // No file, or one that a crash cut short: both mean that nothing is known.
    return undefined;
  }
}
