/**
 * A backup is a text file, a JSON value a line: what it is, the files of the state directory, the rows of the database, and at the end
 * how many lines there were and what they hash to. It is the same for SQLite and PostgreSQL, so that one can be restored into the other.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';

export const backupKind = 'sallyport-backup';

const cell = z.union([z.string(), z.number(), z.null()]);

const lineSchema = z.union([
  z.strictObject({
    backup: z.literal(backupKind),
    version: z.literal(1),
    /** ISO 8601, when it was begun. */
    time: z.string(),
    /** The newest migration of the database. */
    migration: z.string(),
    /** Where its activity log ends. */
    head: z.strictObject({ position: z.int(), hash: z.string() }),
  }),
  z.strictObject({
    /** Relative to the state directory. */
    file: z.string().check(z.regex(/^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\0\\]+$/)),
    mode: z.int().check(z.minimum(0), z.maximum(0o777)),
    /** Base64. */
    content: z.string(),
  }),
  z.strictObject({ table: z.string().check(z.regex(/^[a-z_]+$/)), row: z.record(z.string(), cell) }),
  z.strictObject({ end: z.strictObject({ lines: z.int(), sha256: z.string() }) }),
]);
export type BackupLine = z.infer<typeof lineSchema>;
export type BackupHeader = Extract<BackupLine, { readonly backup: string }>;

/** A file that is not a whole backup. */
export class NotABackup extends Error {
  override readonly name = 'NotABackup';
}

/** Counts and hashes lines as they are written or read. */
export function lineCounter(): { add(line: string): void; end(): { readonly lines: number; readonly sha256: string } } {
  const hash = createHash('sha256');
  let lines = 0;
  return {
    add: (line) => {
      lines += 1;
      hash.update(`${line}\n`);
    },
    end: () => ({ lines, sha256: hash.copy().digest('hex') }),
  };
}

/** Reads a backup line by line. Throws {@link NotABackup} where it is not one, at the end also when a line was changed or is missing. */
export async function* backupLines(path: string): AsyncGenerator<BackupLine> {
  const counter = lineCounter();
  let ended = false;
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    const line = parsed(path, text, number);
    if (ended) throw new NotABackup(`'${path}' goes on after its end, in line ${number}.`);
    if (number === 1 && !('backup' in line)) throw new NotABackup(`'${path}' does not begin as a backup does.`);
    if ('end' in line) {
      const { lines, sha256 } = counter.end();
      if (line.end.lines !== lines || line.end.sha256 !== sha256)
        throw new NotABackup(`'${path}' is not what was written: its lines do not hash to what its end says.`);
      ended = true;
    } else counter.add(text);
    yield line;
  }
  if (!ended) throw new NotABackup(`'${path}' is cut off: it has no end.`);
}

function parsed(path: string, text: string, number: number): BackupLine {
  try {
    return parseJson(lineSchema, text, `Line ${number} of the backup`);
  } catch (error) {
    // Without its content: there are keys among it.
    throw new NotABackup(`Line ${number} of '${path}' is not a line of a backup.`, { cause: error });
  }
}
