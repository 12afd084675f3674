/**
 * A root with other keys and the timestamp that fits it are two files; clients and the next change would not get along with one of them.
 * So the timestamp is written beside the keys first: whoever dies between the two has made the change, and the next one ends it (T84).
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, writeDurably } from '@sallyport/durable-files';
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';

const pendingSchema = z.strictObject({
  format: z.literal(1),
  /** The version of the root that the timestamp goes with. */
  root: z.number(),
  /** In base64. */
  timestamp: z.string(),
});

export interface PendingChange {
  readonly root: number;
  readonly timestamp: Buffer;
}

/** What a change that died has left; undefined when there is none. */
export function readPending(keysDirectory: string): PendingChange | undefined {
  const bytes = readIfThere(pendingFile(keysDirectory));
  if (bytes === undefined) return undefined;
  const { root, timestamp } = parseJson(pendingSchema, bytes.toString('utf8'), pendingFile(keysDirectory));
  return { root, timestamp: Buffer.from(timestamp, 'base64') };
}

export function writePending(keysDirectory: string, { root, timestamp }: PendingChange): void {
  const text = JSON.stringify({ format: 1, root, timestamp: timestamp.toString('base64') });
  writeDurably(pendingFile(keysDirectory), text, 0o600);
}

export function removePending(keysDirectory: string): void {
  rmSync(pendingFile(keysDirectory), { force: true });
}

function pendingFile(keysDirectory: string): string {
  return join(keysDirectory, 'pending.json');
}
