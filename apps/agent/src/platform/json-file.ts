/** Small state files: JSON, checked by a schema when read, replaced as a whole when written (T55, T84). */
import { readFileSync } from 'node:fs';
import { CodedError, parseJson, parseValue } from '@sallyport/model';
import * as z from 'zod/mini';
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
  const value = parseJson(z.unknown(), text, path);
  refuseNewerFormat(value, path);
  return parseValue(schema, value, path);
}

/** The format of every state file of this version. */
const knownFormat = 1;
const formatSchema = z.object({ format: z.int() });

/** What a newer version wrote is said to be that, and not to be damaged: nothing else of it is looked at (T84). */
function refuseNewerFormat(value: unknown, path: string): void {
  const said = z.safeParse(formatSchema, value);
  if (!said.success || said.data.format <= knownFormat) return;
  const { format } = said.data;
  const sentence = `${path} was written by a newer version of the agent (format ${format}; this one reads format ${knownFormat}). Install that version again; the file was left as it is.`;
  throw new CodedError('NewerFormat', sentence);
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
