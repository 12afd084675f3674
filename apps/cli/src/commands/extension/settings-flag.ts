/** Settings come from a file, or `-` for standard input: never from the command line, where others can read them (T52). */
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { CodedError, messageOf, parseJson } from '@sallyport/model';

/** A JSON object from a file. Throws a sentence that names the file. */
export function readSettings(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CodedError('NoSettings', `The settings file ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  return parseJson(z.record(z.string(), z.unknown()), text, `The settings file ${file}`);
}
