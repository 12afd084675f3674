/** Puts together what the centre wants of one machine. Fetching it delivers what was accepted: from then on it has 95 minutes. */
import { packageBlobName, runningDeadlineSeconds } from '@sallyport/model';
import type { GoalExtension, GoalState } from '@sallyport/model/wire';
import { sql, type Compilable, type Expression, type SqlBool } from 'kysely';
import type { Services } from '../services.ts';
import { gatherRows } from '../store/gather-lookups.ts';
import type { Reader } from '../store/store.ts';
import { readGoal } from './extension-goal.ts';
import { readPresented } from './operation-orders.ts';
import { readSteps, withStep } from './operation-steps.ts';
import { levelsOf, namesBefore } from './provision-order.ts';

/** What the store has of a goal state; where packages can be had is found out without holding up anybody else. */
interface StoredGoal extends Omit<GoalState, 'extensions'> {
  /** The machine reaches the control plane privately, and so nothing but it (S1.5). */
  readonly isPrivate: boolean;
  readonly extensions: readonly (GoalExtension & { readonly sha256: string })[];
}

/** Goal states by machine; undefined where there is no such machine. */
export type GoalStates = (vmId: string) => Promise<GoalState | undefined>;

/** What goal states are made of. */
export type GoalStateServices = Pick<Services, 'environment' | 'store' | 'endpoint' | 'packages'>;

/** The goal states of a control plane. A change for many machines makes all of them ask at once: those that come together are one query. */
export function createGoalStates(services: GoalStateServices): GoalStates {
  const { store } = services;
  const partsOf = gatherRows(store.lookup(partsQuery), ({ vm_id }) => vm_id);
  const delivered = gatherRows<never>(
    async (vmIds) => {
      await deliver(services, vmIds);
      return [];
    },
    () => '',
  );

  async function storedGoal(vmId: string): Promise<StoredGoal | undefined> {
    let parts = await partsOf(vmId);
    // What is handed out has been delivered, also what was asked for between the two.
    while (parts.some(({ part, state }) => part === 'operation' && state === 'Accepted')) {
      await delivered(vmId);
      parts = await partsOf(vmId);
    }
    return goalOf(vmId, parts);
  }

  return async (vmId) => {
    const stored = await storedGoal(vmId);
    if (stored === undefined) return undefined;
    const { machineId, generation, isPrivate } = stored;
    const extensions = stored.extensions.map(async ({ sha256, ...entry }): Promise<GoalExtension> => ({
      ...entry,
      packageUrls: [...(await packageUrls(services, sha256, isPrivate))],
    }));
    return { machineId, generation, extensions: await Promise.all(extensions) };
  };
}

/** A row of what a goal state is made of: the machine, one of its extensions, an operation that still runs, or what was signed of one. */
interface Part {
  readonly part: 'machine' | 'extension' | 'operation' | 'order';
  readonly vm_id: string;
  /** Of the extension, or the id of the operation, also of the one that was signed. */
  readonly name: string;
  readonly publisher: string;
  readonly type: string;
  /** Of the operation. */
  readonly state: string;
  /** The machine's properties, what is wanted of the extension, or what was signed. */
  readonly content: string | null;
  readonly generation: number;
  /** Of the extension. */
  readonly provision_after: string | null;
  readonly created_at: number;
  readonly name_key: string;
}

/** One statement, so that all of it is of one moment. */
function partsQuery(reader: Reader, isOneOfTheKeys: (column: string) => Expression<SqlBool>): Compilable<Part> {
  const nothing = sql<string>`''`;
  const zero = sql<number>`0`;
  const none = sql<string | null>`CAST(NULL AS text)`;
  return reader
    .selectFrom('machines')
    .select([
      sql<Part['part']>`'machine'`.as('part'),
      'vm_id',
      nothing.as('name'),
      nothing.as('publisher'),
      nothing.as('type'),
      nothing.as('state'),
      sql<string | null>`properties`.as('content'),
      'generation',
      none.as('provision_after'),
      zero.as('created_at'),
      nothing.as('name_key'),
    ])
    .where(isOneOfTheKeys('vm_id'))
    .unionAll(
      reader
        .selectFrom('extensions')
        .select([
          sql<Part['part']>`'extension'`.as('part'),
          'vm_id',
          'name',
          'publisher',
          'type',
          nothing.as('state'),
          'goal as content',
          zero.as('generation'),
          'provision_after',
          'created_at',
          'name_key',
        ])
        .where(isOneOfTheKeys('vm_id')),
    )
    .unionAll(
      reader
        .selectFrom('operations')
        .select([
          sql<Part['part']>`'operation'`.as('part'),
          'vm_id',
          'operation_id as name',
          nothing.as('publisher'),
          nothing.as('type'),
          sql<string>`state`.as('state'),
          none.as('content'),
          zero.as('generation'),
          none.as('provision_after'),
          zero.as('created_at'),
          nothing.as('name_key'),
        ])
        .where(isOneOfTheKeys('vm_id'))
        .where('ended_at', 'is', null),
    )
    .unionAll(
      reader
        .selectFrom('operation_orders')
        .select([
          sql<Part['part']>`'order'`.as('part'),
          'vm_id',
          'operation_id as name',
          nothing.as('publisher'),
          nothing.as('type'),
          nothing.as('state'),
          sql<string | null>`presented`.as('content'),
          zero.as('generation'),
          none.as('provision_after'),
          'added_at as created_at',
          'signer as name_key',
        ])
        .where(isOneOfTheKeys('vm_id')),
    )
    .orderBy('created_at')
    .orderBy('name_key');
}

function goalOf(vmId: string, parts: readonly Part[]): StoredGoal | undefined {
  const machine = parts.find(({ part }) => part === 'machine');
  if (machine === undefined) return undefined;
  const running = new Set(parts.flatMap(({ part, name }) => (part === 'operation' ? [name] : [])));
  const wanted = parts.filter(({ part, content }) => part === 'extension' && content !== null);
  const levels = levelsOf(wanted.map(({ name, provision_after }) => ({ name, after: namesBefore(provision_after) })));
  const extensions = wanted.flatMap((row): StoredGoal['extensions'] => {
    const goal = readGoal(row.content);
    if (goal === undefined) return [];
    return [
      {
        resourceName: row.name,
        publisher: row.publisher,
        type: row.type,
        ...(goal.extensionName === undefined ? {} : { extensionName: goal.extensionName }),
        desired: goal.desired,
        version: goal.version,
        operationId: goal.operationId,
        operationDone: !running.has(goal.operationId),
        ...(goal.cancel === true ? { cancel: true } : {}),
        ...orderOf(row, levels),
        sequence: goal.sequence,
        settings: goal.settings,
        protectedSettings: goal.protectedSettings,
        packageUrls: [],
        ...signedOf(goal.operationId, parts),
        sha256: goal.sha256,
      },
    ];
  });
  const isPrivate = isConnectedPrivately(machine.content ?? '{}');
  return { machineId: vmId, generation: machine.generation, isPrivate, extensions };
}

/** What was signed of an operation; an order is gone with the operation's end. */
function signedOf(operationId: string, parts: readonly Part[]): Pick<GoalExtension, 'orders'> {
  const orders = parts.flatMap(({ part, name, content }) =>
    part === 'order' && name === operationId && content !== null ? [readPresented(content)] : [],
  );
  return orders.length === 0 ? {} : { orders };
}

/** Straight from storage (S1.4), or from the control plane's own URL (S1.5). URLs are made anew each time: they do not live long. */
async function packageUrls(
  services: GoalStateServices,
  sha256: string,
  isPrivate: boolean,
): Promise<readonly string[]> {
  const { endpoint, packages } = services;
  if (sha256 === '') return [];
  const own = `${endpoint.url}/packages/${packageBlobName(sha256)}`;
  return isPrivate || packages === undefined ? [own] : packages.urls(sha256, own);
}

/** Its level, and whom it comes after: one that fails holds up nobody else (handler contract §6). */
function orderOf(
  { name, provision_after }: Part,
  levels: ReadonlyMap<string, number>,
): Pick<GoalExtension, 'dependencyLevel' | 'dependsOn'> {
  const dependencyLevel = levels.get(name.toLowerCase());
  return dependencyLevel === undefined ? {} : { dependencyLevel, dependsOn: [...namesBefore(provision_after)] };
}

/** A machine that belongs to a private link scope. */
function isConnectedPrivately(properties: string): boolean {
  const { privateLinkScopeResourceId } = JSON.parse(properties) as Record<string, unknown>;
  return typeof privateLinkScopeResourceId === 'string' && privateLinkScopeResourceId !== '';
}

/** Marks what was accepted of these machines as delivered. */
async function deliver({ store, environment }: GoalStateServices, vmIds: readonly string[]): Promise<void> {
  const now = environment.now();
  await store.observe(async (writer) => {
    const accepted = await writer
      .selectFrom('operations')
      .select(['operation_id', 'steps'])
      .where('vm_id', 'in', vmIds)
      .where('ended_at', 'is', null)
      .where('state', '=', 'Accepted')
      .execute();
    for (const operation of accepted) {
      const steps = readSteps(operation.steps);
      await writer
        .updateTable('operations')
        .set({
          state: 'Delivered',
          deadline_at: now + runningDeadlineSeconds * 1000,
          steps: JSON.stringify(withStep(steps, 'Delivered', new Date(now).toISOString()) ?? steps),
        })
        .where('operation_id', '=', operation.operation_id)
        .execute();
    }
    return { value: undefined, events: [] };
  });
}
