/** DELETE of an extension: always accepted (S4.6). It replaces whatever is under way; the resource goes when the machine has removed it. */
import { requestEvents } from '../../activity-log/events-of.ts';
import type { ActivityEvent } from '../../activity-log/activity-event.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { endOperation } from '../../machines/end-operation.ts';
import { readGoal, type ExtensionGoal } from '../../machines/extension-goal.ts';
import { forgetInOrders } from '../../machines/forget-in-orders.ts';
import { raiseGeneration } from '../../machines/generation.ts';
import { forgetTags } from '../../resources/keep-tags.ts';
import { removePlainAt } from '../../resources/plain-resource.ts';
import type { Services } from '../../services.ts';
import type { Recorded, Writer } from '../../store/store.ts';
import { findExtension, operationById } from './extension-rows.ts';
import { idOfExtension, type Extension, type Operation } from './extension-view.ts';
import { parentMachine } from './machine-rows.ts';
import type { Machine } from './machine-view.ts';
import { operationHeaders } from './operation-link.ts';
import { startOperation } from './start-operation.ts';

interface Removal {
  readonly machine: Machine;
  /** Undefined when there was nothing to do on the machine. */
  readonly operation: Operation | undefined;
}

/**
 * `DELETE …/extensions/{name}`: 202 with where to follow it; 200 when the machine never had it and is not to have it, so that
 * nothing is to be done there; 204 when there is none.
 */
export async function deleteExtension(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment, doorbell, endpoint } = services;
  const done = await store.change(async (writer): Promise<Recorded<Removal | undefined>> => {
    const machine = await parentMachine(writer, request.id);
    const extension = await findExtension(writer, machine.vm_id, request.id.providers.at(-1)?.names[1] ?? '');
    if (extension === undefined) {
      return {
        value: undefined,
        events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'NoContent' }),
      };
    }
    const origin = { ...request.origin, resourceId: idOfExtension(machine, extension.name) };
    if (extension.goal === null && extension.installed_version === '') {
      const known = writer.deleteFrom('extensions').where('vm_id', '=', machine.vm_id);
      await known.where('name_key', '=', extension.name_key).execute();
      await forgetTags(writer, 'extension', `${machine.vm_id}/${extension.name_key}`);
      await forgetInOrders(writer, machine.vm_id, extension.name_key);
      await removePlainAt(writer, idOfExtension(machine, extension.name));
      return {
        value: { machine, operation: undefined },
        events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' }),
      };
    }
    const { operation, events } = await beginRemoval(services, writer, request, machine, extension);
    return {
      value: { machine, operation },
      events: requestEvents(environment, origin, { status: 'Accepted', subStatus: 'Accepted' }, events),
    };
  });
  if (done === undefined) return { status: 204 };
  if (done.operation === undefined) return { status: 200 };
  doorbell.ring(done.machine.vm_id);
  return { status: 202, headers: operationHeaders(endpoint, request, done.operation) };
}

async function beginRemoval(
  { environment }: Services,
  writer: Writer,
  request: ArmRequest,
  machine: Machine,
  extension: Extension,
): Promise<{ readonly operation: Operation; readonly events: readonly ActivityEvent[] }> {
  const current = await operationById(writer, extension.operation_id);
  // A removal that is under way is the one that was asked for.
  if (current.ended_at === null && current.kind === 'delete') return { operation: current, events: [] };
  const events: ActivityEvent[] = [];
  if (current.ended_at === null) {
    const error = {
      code: 'OperationCanceled',
      message: `The operation was replaced by the removal of '${extension.name}'.`,
    };
    const time = new Date(environment.now()).toISOString();
    events.push(await endOperation(writer, environment, current, { state: 'Canceled', time, error }));
  }
  const origin = { ...request.origin, resourceId: idOfExtension(machine, extension.name) };
  const operation = await startOperation(writer, environment, machine, extension.name_key, 'delete', origin);
  const sequence = await raiseGeneration(writer, machine.vm_id);
  const extensionName = readGoal(extension.goal ?? extension.lapse_goal)?.extensionName;
  const goal: ExtensionGoal = {
    desired: 'absent',
    ...(extensionName === undefined ? {} : { extensionName }),
    version: '',
    sha256: '',
    operationId: operation.operation_id,
    sequence,
    settings: null,
    protectedSettings: { kind: 'none' },
  };
  await writer
    .updateTable('extensions')
    .set({
      operation_id: operation.operation_id,
      sequence,
      goal: JSON.stringify(goal),
      // What is wanted again when the machine never comes for the removal: what it had, not an installation that was replaced.
      lapse_goal: current.ended_at === null ? extension.lapse_goal : extension.goal,
      changed_at: environment.now(),
      changed_by: request.caller.clientId,
    })
    .where('vm_id', '=', machine.vm_id)
    .where('name_key', '=', extension.name_key)
    .execute();
  return { operation, events };
}
