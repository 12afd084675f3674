/**
 * How far each resource's protected settings have come (T11): what was sealed for an earlier request is not taken again, so that a secret
 * that was replaced cannot be brought back by whoever kept it. Forgotten only with the machine's identity.
 */
import { join } from 'node:path';
import { OperationFailure } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import { ensureDirectory } from '../../platform/directory.ts';
import { readJsonFile, writeJsonFile } from '../../platform/json-file.ts';
import { resourceKey } from '../plan/conclusion.ts';

const floorsSchema = z.object({
  format: z.literal(1),
  /** Sequences are of one identity: with another they begin anew. */
  machineId: z.string(),
  floors: z.record(z.string(), z.int().check(z.minimum(0))),
});

/**
 * Takes note of settings that were opened for an entry, on disk before they are used. Throws `SettingsUnreadable` for those of an earlier
 * request than the last; the same once more is no replay.
 */
export function raiseSealedFloor(directory: string, machineId: string, entry: GoalExtension): void {
  const path = join(directory, 'floors.json');
  const known = readJsonFile(path, floorsSchema);
  const floors = new Map(known?.machineId === machineId ? Object.entries(known.floors) : []);
  const key = resourceKey(entry);
  const floor = floors.get(key) ?? 0;
  if (entry.sequence < floor) {
    throw new OperationFailure(
      'SettingsUnreadable',
      `The protected settings of '${entry.resourceName}' were sealed for an earlier request than the last that came (${entry.sequence}, and ${floor} was there): they are not taken again. Set them again.`,
    );
  }
  if (entry.sequence === floor) return;
  floors.set(key, entry.sequence);
  ensureDirectory(directory, 0o700);
  writeJsonFile(path, { format: 1, machineId, floors: Object.fromEntries(floors) }, 0o600);
}
