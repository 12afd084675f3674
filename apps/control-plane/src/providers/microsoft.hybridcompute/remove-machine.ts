/** Removes a machine and everything that is its own, in the caller's transaction. */
import type { ActivityEvent } from '../../activity-log/activity-event.ts';
import type { Environment } from '../../environment.ts';
import { endOperation } from '../../machines/end-operation.ts';
import { removeAssignmentsOf } from '../../rbac/remove-assignments.ts';
import { forgetTags } from '../../resources/keep-tags.ts';
import { removePlainAt } from '../../resources/plain-resource.ts';
import type { Writer } from '../../store/store.ts';
import { idOfMachine } from './machine-view.ts';

/**
 * Ends its operations as canceled, removes its extensions, its heartbeat, its identity and every role held by or at it: tokens of the machine are refused
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
  const machine = await writer.selectFrom('machines').selectAll().where('vm_id', '=', vmId).executeTakeFirst();
  if (machine !== undefined) {
    // A machine of the same name that comes later is another one: nobody may do anything there because of this one.
    await removePlainAt(writer, idOfMachine(machine));
    await removeAssignmentsOf(writer, machine.principal_id);
  }
  await forgetTags(writer, 'extension', vmId);
  await forgetTags(writer, 'machine', vmId);
  await writer.deleteFrom('extensions').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('automatic_upgrades').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('machine_upgrade_settings').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('heartbeats').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('operation_orders').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('machine_statements').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('machine_keys').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('principals').where('vm_id', '=', vmId).execute();
  await writer.deleteFrom('machines').where('vm_id', '=', vmId).execute();
  return events;
}
