/** Small state files: JSON, checked by a schema when read, replaced as a whole when written (T55, T84). */
import { readFileSync } from 'node:fs';
import { parseJson } from '@sallyport/model';
import type * as z from 'zod/mini';
import { isMissing, writeDurably } from '@sallyport/durable-files';

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
  writeDurably(path, `${JSON.stringify(value, undefined, 2)}\n`, mode);
}
