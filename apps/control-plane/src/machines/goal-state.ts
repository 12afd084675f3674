/** Puts together what the centre wants of one machine. Fetching it delivers what was accepted: from then on it has 95 minutes. */
import { packageBlobName, runningDeadlineSeconds } from '@sallyport/model';
import type { GoalExtension, GoalState } from '@sallyport/model/wire';
import type { Services } from '../services.ts';
import type { Writer } from '../store/store.ts';
import { readGoal } from './extension-goal.ts';
import { readSteps, withStep } from './operation-steps.ts';

/** The goal state of a machine, or undefined when there is no such machine. */
export function fetchGoalState(services: Services, vmId: string): Promise<GoalState | undefined> {
  const { store, environment, endpoint } = services;
  return store.observe(async (writer) => {
    const machine = await writer
      .selectFrom('machines')
      .select('generation')
      .where('vm_id', '=', vmId)
      .executeTakeFirst();
    if (machine === undefined) return { value: undefined, events: [] };
    const running = await deliver(writer, vmId, environment.now());
    const rows = await writer
      .selectFrom('extensions')
      .select(['name', 'publisher', 'type', 'goal'])
      .where('vm_id', '=', vmId)
      .orderBy('created_at')
      .orderBy('name_key')
      .execute();
    const extensions = rows.flatMap((row): GoalExtension[] => {
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
          sequence: goal.sequence,
          settings: goal.settings,
          protectedSettings: goal.protectedSettings,
          packageUrls: goal.sha256 === '' ? [] : [`${endpoint.url}/packages/${packageBlobName(goal.sha256)}`],
        },
      ];
    });
    return { value: { machineId: vmId, generation: machine.generation, extensions }, events: [] };
  });
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
