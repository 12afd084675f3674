/**
 * Which orders were carried out here, by resource (T10, T11): on disk before anything is done for them, so that none is carried out a
 * second time, and none after a later one. Forgotten only with the machine's identity, which orders name.
 */
import { dirname } from 'node:path';
import type { AcceptedOrder } from '@sallyport/local-controls';
import * as z from 'zod/mini';
import { ensureDirectory } from '../../platform/directory.ts';
import { readJsonFile, writeJsonFile } from '../../platform/json-file.ts';
import { resourceKey } from '../plan/conclusion.ts';

const acceptedSchema = z.object({
  sequence: z.int().check(z.minimum(0)),
  operation: z.string(),
  withinHandler: z.optional(z.string()),
  protectedSettings: z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['none', 'kept']) }),
    z.object({ kind: z.literal('sealed'), sealedText: z.string() }),
  ]),
  spent: z.boolean(),
});

const fileSchema = z.object({
  format: z.literal(1),
  machineId: z.string(),
  accepted: z.record(z.string(), acceptedSchema),
});

export class AcceptedOrders {
  readonly #path: string;
  readonly #machineId: string;
  readonly #accepted: Map<string, AcceptedOrder>;

  /** Throws when the file is there and cannot be read: it must not be taken for an empty one. */
  constructor(path: string, machineId: string) {
    const known = readJsonFile(path, fileSchema);
    this.#path = path;
    this.#machineId = machineId;
    this.#accepted = new Map(known?.machineId === machineId ? Object.entries(known.accepted) : []);
  }

  /** The last one of a resource. */
  find(resource: { readonly resourceName: string }): AcceptedOrder | undefined {
    return this.#accepted.get(resourceKey(resource));
  }

  /** Durable when it returns. */
  keep(resource: { readonly resourceName: string }, accepted: AcceptedOrder): void {
    const file = Object.fromEntries([...this.#accepted, [resourceKey(resource), accepted]]);
    ensureDirectory(dirname(this.#path), 0o755);
    writeJsonFile(this.#path, { format: 1, machineId: this.#machineId, accepted: file }, 0o600);
    this.#accepted.set(resourceKey(resource), accepted);
  }
}
