/** Ends the operations that ran out of time: no state is without an exit (DESIGN: operations never hang). */
import { unsignedWord } from '@sallyport/model';
import type { Selectable } from 'kysely';
import type { Environment } from '../environment.ts';
import type { OperationRow } from '../store/schema/extension-rows.ts';
import type { Store } from '../store/store.ts';
import { currentStep } from './operation-progress.ts';
import { endOperation, type OperationEnd } from './end-operation.ts';

/** Ended operations can be asked for this long. */
const keptMilliseconds = 7 * 24 * 60 * 60 * 1000;

/** Ends everything past its deadline and forgets what ended long ago. Returns the machines whose goal state may have changed. */
export async function sweepOperations(environment: Environment, store: Store): Promise<readonly string[]> {
  const now = environment.now();
  const due = await store.read
    .selectFrom('operations')
    .select('operation_id')
    .where('ended_at', 'is', null)
    .where('deadline_at', '<=', now)
    .limit(500)
    .execute();
  const touched = new Set<string>();
  for (const { operation_id } of due) {
    const vmId = await store.observe(async (writer) => {
      // Read again inside the transaction: a report may have ended or delivered it meanwhile.
      const operation = await writer
        .selectFrom('operations')
        .selectAll()
        .where('operation_id', '=', operation_id)
        .where('ended_at', 'is', null)
        .where('deadline_at', '<=', now)
        .executeTakeFirst();
      if (operation === undefined) return { value: undefined, events: [] };
      const event = await endOperation(writer, environment, operation, endOfDue(operation, now));
      return { value: operation.vm_id, events: [event] };
    });
    if (vmId !== undefined) touched.add(vmId);
  }
  await forgetEnded(store, now - keptMilliseconds);
  return [...touched];
}

/** Forgets what ended before, unless a resource still shows it. Mostly there is nothing, which needs no transaction to find out. */
async function forgetEnded(store: Store, before: number): Promise<void> {
  const forgotten = await store.read
    .selectFrom('operations')
    .select('operation_id')
    .where('ended_at', '<', before)
    .where('operation_id', 'not in', (query) => query.selectFrom('extensions').select('extensions.operation_id'))
    .limit(1)
    .executeTakeFirst();
  if (forgotten === undefined) return;
  await store.observe(async (writer) => {
    await writer
      .deleteFrom('operations')
      .where('ended_at', '<', before)
      .where('operation_id', 'not in', (query) => query.selectFrom('extensions').select('extensions.operation_id'))
      .execute();
    return { value: undefined, events: [] };
  });
}

function endOfDue(operation: Selectable<OperationRow>, now: number): OperationEnd {
  const time = new Date(now).toISOString();
  const machine = operation.resource_id.split('/').at(-3) ?? '';
  if (operation.state === 'Accepted') {
    const message = `The machine '${machine}' did not come for the request within six hours. Check its agent, then ask again.`;
    return { state: 'Failed', time, error: { code: 'MachineOffline', message } };
  }
  const step = currentStep(operation.progress, now);
  if (operation.state === 'Delivered' && step?.name === unsignedWord) {
    const message = `The operation on machine '${machine}' was not signed in time, and nothing was done. ${step.message}`;
    return { state: 'Failed', time, error: { code: 'OperationNotSigned', message } };
  }
  const message = `The operation on machine '${machine}' did not end within 95 minutes; it was last seen ${operation.state}. Check the extension's log there.`;
  return { state: 'TimedOut', time, error: { code: 'OperationTimedOut', message }, presumed: true };
}
