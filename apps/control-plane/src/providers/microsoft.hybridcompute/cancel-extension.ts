/**
 * `POST …/extensions/{name}/cancel`: ends the operation that is under way, where it is. An action of ours; ARM knows DELETE only,
 * which cancels too and removes as well.
 */
import type { ActivityEvent } from '../../activity-log/activity-event.ts';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { endOperation } from '../../machines/end-operation.ts';
import { readGoal } from '../../machines/extension-goal.ts';
import { raiseGeneration } from '../../machines/generation.ts';
import type { Services } from '../../services.ts';
import { extensionNameOfRequest, extensionNotFound, findExtension, operationById } from './extension-rows.ts';
import { idOfExtension } from './extension-view.ts';
import { parentMachine } from './machine-rows.ts';
import { operationHeaders } from './operation-link.ts';
import { apiVersions, extensionType } from './provider.ts';

/** The row of the registry. */
export function cancelExtension(services: Services): ResourceType {
  return {
    type: `${extensionType}/cancel`,
    scopes: ['resourceGroup'],
    apiVersions,
    resource: 'none',
    collection: { POST: (request) => cancel(services, request) },
  };
}

/**
 * 202 with where to follow the operation that is being canceled. A machine that has not come for it never hears of it; one
 * that has is told, and says when it has stopped.
 */
async function cancel(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment, doorbell, endpoint } = services;
  const { machine, operation } = await store.change(async (writer) => {
    const parent = await parentMachine(writer, request.id);
    const extension = await findExtension(writer, parent.vm_id, extensionNameOfRequest(request));
    if (extension === undefined) throw extensionNotFound(request);
    const current = await operationById(writer, extension.operation_id);
    if (current.ended_at !== null) {
      throw new ArmError(
        'NothingInProgress',
        `Nothing is under way on '${extension.name}': its last operation ended as ${current.state}.`,
      );
    }
    const origin = { ...request.origin, resourceId: idOfExtension(parent, extension.name) };
    const events: ActivityEvent[] = [];
    if (current.state === 'Accepted') {
      const time = new Date(environment.now()).toISOString();
      const message = `The operation was canceled before the machine '${parent.name}' had come for it. Nothing was done there.`;
      const error = { code: 'OperationCanceled', message };
      events.push(
        await endOperation(writer, environment, current, { state: 'Canceled', time, error, neverBegun: true }),
      );
    } else {
      const goal = readGoal(extension.goal);
      await writer
        .updateTable('extensions')
        .set({ goal: goal === undefined ? null : JSON.stringify({ ...goal, cancel: true }) })
        .where('vm_id', '=', parent.vm_id)
        .where('name_key', '=', extension.name_key)
        .execute();
      await raiseGeneration(writer, parent.vm_id);
    }
    return {
      value: { machine: parent, operation: current },
      events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'Accepted' }, events),
    };
  });
  doorbell.ring(machine.vm_id);
  return { status: 202, headers: operationHeaders(endpoint, request, operation) };
}
