/** Removes a machine and everything that is its own, in the caller's transaction. */
import type { ActivityEvent } from '../../activity-log/activity-event.ts';
import type { Environment } from '../../environment.ts';
import { endOperation } from '../../machines/end-operation.ts';
import type { Writer } from '../../store/store.ts';

/**
 * Ends its operations as canceled, removes its extensions, its heartbeat and its identity: tokens of the machine are refused
 * from then on. `because` completes the sentence of the operations' error. Returns the events of the operations.
 */
export async function removeMachine(
  writer: Writer,
  environment: Environment,
  vmId: string,
  because: string,
): Promise<readonly ActivityEvent[]> {
  const events: ActivityEvent[] = [];
  const running = await writer
    .selectFrom('operations')
    .selectAll()
    .where('vm_id', '=', vmId)
    .where('ended_at', 'is', null)
    .execute();
  for (const operation of running) {
    const error = { code: 'OperationCanceled', message: `The operation was canceled because ${because}.` };
    const time = new Date(environment.now()).toISOString();
    events.push(await endOperation(writer, environment, operation, { state: 'Canceled', time, error }));
  }
  await writer.deleteFrom('extensions').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('heartbeats').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('principals').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('machines').where('vm_id', '=', vmId).execute();
  return events;
}
