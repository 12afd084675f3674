/** Puts together what the centre wants of one machine. Fetching it delivers what was accepted: from then on it has 95 minutes. */
import { packageBlobName, runningDeadlineSeconds } from '@sallyport/model';
import type { GoalExtension, GoalState } from '@sallyport/model/wire';
import type { Services } from '../services.ts';
import type { ExtensionRow } from '../store/schema/extension-rows.ts';
import type { Writer } from '../store/store.ts';
import { readGoal } from './extension-goal.ts';
import { readSteps, withStep } from './operation-steps.ts';
import { levelsOf, namesBefore } from './provision-order.ts';

/** What the store has of a goal state; where packages can be had is found out without holding up anybody else. */
interface StoredGoal extends Omit<GoalState, 'extensions'> {
  /** The machine reaches the control plane privately, and so nothing but it (S1.5). */
  readonly isPrivate: boolean;
  readonly extensions: readonly (GoalExtension & { readonly sha256: string })[];
}

/** The goal state of a machine, or undefined when there is no such machine. */
export async function fetchGoalState(services: Services, vmId: string): Promise<GoalState | undefined> {
  const stored = await readStoredGoal(services, vmId);
  if (stored === undefined) return undefined;
  const { machineId, generation, isPrivate } = stored;
  const extensions = stored.extensions.map(async ({ sha256, ...entry }): Promise<GoalExtension> => ({
    ...entry,
    packageUrls: [...(await packageUrls(services, sha256, isPrivate))],
  }));
  return { machineId, generation, extensions: await Promise.all(extensions) };
}

/** Straight from storage (S1.4), or from the control plane's own URL (S1.5). URLs are made anew each time: they do not live long. */
async function packageUrls(services: Services, sha256: string, isPrivate: boolean): Promise<readonly string[]> {
  const { endpoint, packages } = services;
  if (sha256 === '') return [];
  const own = `${endpoint.url}/packages/${packageBlobName(sha256)}`;
  return isPrivate || packages === undefined ? [own] : packages.urls(sha256, own);
}

function readStoredGoal({ store, environment }: Services, vmId: string): Promise<StoredGoal | undefined> {
  return store.observe(async (writer) => {
    const machine = await writer
      .selectFrom('machines')
      .select(['generation', 'properties'])
      .where('vm_id', '=', vmId)
      .executeTakeFirst();
    if (machine === undefined) return { value: undefined, events: [] };
    const running = await deliver(writer, vmId, environment.now());
    const rows = await writer
      .selectFrom('extensions')
      .select(['name', 'publisher', 'type', 'goal', 'provision_after'])
      .where('vm_id', '=', vmId)
      .orderBy('created_at')
      .orderBy('name_key')
      .execute();
    const ordered = rows
      .filter(({ goal }) => goal !== null)
      .map(({ name, provision_after }) => ({ name, after: namesBefore(provision_after) }));
    const levels = levelsOf(ordered);
    const extensions = rows.flatMap((row): StoredGoal['extensions'] => {
      const goal = readGoal(row.goal);
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
          sha256: goal.sha256,
        },
      ];
    });
    const isPrivate = isConnectedPrivately(machine.properties);
    return { value: { machineId: vmId, generation: machine.generation, isPrivate, extensions }, events: [] };
  });
}

/** Its level, and whom it comes after: one that fails holds up nobody else (handler contract §6). */
function orderOf(
  { name, provision_after }: Pick<ExtensionRow, 'name' | 'provision_after'>,
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

/** Marks what was accepted as delivered. Returns the ids of all operations of the machine that still run. */
async function deliver(writer: Writer, vmId: string, now: number): Promise<ReadonlySet<string>> {
  const running = await writer
    .selectFrom('operations')
    .select(['operation_id', 'state', 'steps'])
    .where('vm_id', '=', vmId)
    .where('ended_at', 'is', null)
    .execute();
  for (const operation of running.filter(({ state }) => state === 'Accepted')) {
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
  return new Set(running.map(({ operation_id }) => operation_id));
}
