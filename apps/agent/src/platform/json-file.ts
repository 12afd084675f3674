/** Small state files: JSON, checked by a schema when read, replaced as a whole when written (T55, T84). */
import { readFileSync } from 'node:fs';
import { parseJson } from '@sallyport/model';
import type * as z from 'zod/mini';
import { isMissing, writeDurably, writeForNow } from '@sallyport/durable-files';

/** The content of a state file; undefined when there is none. Throws when it is there and cannot be trusted. */
export function readJsonFile<T>(path: string, schema: z.ZodMiniType<T>): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return parseJson(schema, text, path);
}

/** Replaces a state file durably. `mode` is exact. */
export function writeJsonFile(path: string, value: unknown, mode: number): void {
  writeDurably(path, textOf(value), mode);
}

/** Replaces a file that is only shown and may be lost with the power, without waiting for the disk. `mode` is exact. */
export function showJsonFile(path: string, value: unknown, mode: number): void {
  writeForNow(path, textOf(value), mode);
}

/** The text of a state file. */
export function textOf(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
