/** The order among extensions that the goal state said last: kept, because a machine comes back without asking anybody (S4.11). */
import { dirname } from 'node:path';
import { messageOf } from '@sallyport/model';
import type { GoalState } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import { ensureDirectory } from '../../platform/directory.ts';
import { readJsonFile, writeJsonFile } from '../../platform/json-file.ts';
import type { Log } from '../../platform/log.ts';
import { hasLevel, type Placed } from '../plan/dependency-levels.ts';

const orderSchema = z.object({
  format: z.literal(1),
  order: z.array(
    z.object({
      resourceName: z.string(),
      dependencyLevel: z.int(),
      dependsOn: z.optional(z.array(z.string())),
    }),
  ),
});

/** Holds it in memory and on disk. */
export class RememberedOrder {
  readonly #path: string;
  #order: readonly Placed[];

  /** One that cannot be read is as none: extensions come back all the same, and the next goal state brings it anew. */
  constructor(path: string, log: Log) {
    this.#path = path;
    this.#order = [];
    try {
      this.#order = readJsonFile(path, orderSchema)?.order ?? [];
    } catch (error) {
      log('warn', 'the order of extensions cannot be read', { error: messageOf(error) });
    }
  }

  get order(): readonly Placed[] {
    return this.#order;
  }

  /** Takes the order of a goal state. Written only when it is another one. */
  keep({ extensions }: GoalState): void {
    const order = extensions
      .filter(({ desired }) => desired === 'present')
      .filter(hasLevel)
      .map(({ resourceName, dependencyLevel, dependsOn }) => ({
        resourceName,
        dependencyLevel,
        ...(dependsOn === undefined ? {} : { dependsOn }),
      }));
    if (JSON.stringify(order) === JSON.stringify(this.#order)) return;
    ensureDirectory(dirname(this.#path), 0o755);
    writeJsonFile(this.#path, { format: 1, order }, 0o600);
    this.#order = order;
  }
}
