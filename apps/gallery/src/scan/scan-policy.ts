/** Whether and with what this gallery scans. The owner's decision, kept with the keys; without a file everything is scanned (S1.2). */
import { join } from 'node:path';
import { readIfThere, writeDurably } from '@sallyport/durable-files';
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import type { GalleryPlaces } from '../gallery-places.ts';

const policySchema = z.strictObject({
  format: z.literal(1),
  /** `none` is recorded, and signed, with every package that is published under it. */
  scanner: z.enum(['clamav', 'none']),
  /** A daemon's socket; by default Debian's, and if nobody answers there, a daemon of our own. */
  socket: z.optional(z.string()),
  /** Where a daemon of our own reads its signatures. */
  database: z.optional(z.string()),
  /** Older signatures are no scan. */
  mostDatabaseDays: z.number().check(z.gte(1), z.lte(365)),
  timeoutSeconds: z.number().check(z.gte(1), z.lte(86_400)),
});
export type ScanPolicy = z.infer<typeof policySchema>;

export const strictPolicy: ScanPolicy = { format: 1, scanner: 'clamav', mostDatabaseDays: 7, timeoutSeconds: 900 };

export function readScanPolicy(places: GalleryPlaces): ScanPolicy {
  const path = policyFile(places);
  const bytes = readIfThere(path);
  return bytes === undefined ? strictPolicy : parseJson(policySchema, bytes.toString('utf8'), path);
}

export function writeScanPolicy(places: GalleryPlaces, policy: ScanPolicy): void {
  writeDurably(policyFile(places), `${JSON.stringify(policy, undefined, 2)}\n`, 0o600);
}

function policyFile(places: GalleryPlaces): string {
  return join(places.keysDirectory, 'scan.json');
}
