/** How the keys of this machine followed one another, in a file beside them. It holds public keys and signatures, nothing secret. */
import type { KeyLineage } from '@sallyport/machine-statement';
import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../platform/json-file.ts';

const lineageSchema = z.object({
  format: z.literal(1),
  firstKey: z.string(),
  successions: z.readonly(z.array(z.string())),
});

/** The lineage; undefined while the first key is the only one. Throws when the file is there and cannot be trusted. */
export function readLineage(path: string): KeyLineage | undefined {
  const read = readJsonFile(path, lineageSchema);
  return read === undefined ? undefined : { firstKey: read.firstKey, successions: read.successions };
}

export function writeLineage(path: string, { firstKey, successions }: KeyLineage): void {
  writeJsonFile(path, { format: 1, firstKey, successions }, 0o600);
}
