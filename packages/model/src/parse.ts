/** Parsing at the boundary: `unknown` in, a checked value or one clear sentence out. */
import type * as z from 'zod/mini';
import { CodedError, messageOf } from './failure.ts';

/** JSON text to a checked value. Throws {@link CodedError} `MalformedInput` that names `what` and the first thing wrong. */
export function parseJson<T>(schema: z.ZodMiniType<T>, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CodedError('MalformedInput', `${what} is not JSON${placeIn(error)}`);
  }
  return parseValue(schema, value, what);
}

/** A value that is already JSON to a checked value. Same errors as {@link parseJson}. */
export function parseValue<T>(schema: z.ZodMiniType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at '${issue.path.map(String).join('.')}'`;
  throw new CodedError('MalformedInput', `${what} is malformed${where}: ${issue?.message ?? 'unknown reason'}`);
}

/**
 * Where JSON goes wrong, as far as the parser says: ` (at line 3 column 7)`, or nothing. Its own words are not repeated, and
 * not kept as a cause either: they quote the text, and what stands beside a mistake may be a secret (S1.7).
 */
export function placeIn(error: unknown): string {
  const place = / at position [0-9]+(?: \((line [0-9]+ column [0-9]+)\))?$/.exec(messageOf(error));
  return place?.[1] === undefined ? '' : ` (at ${place[1]})`;
}
