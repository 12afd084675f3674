/** Begins an operation on an extension, in the caller's transaction. */
import { offlineDeadlineSeconds, type OperationKind } from '@sallyport/model';
import type { EventOrigin } from '../../activity-log/event-origin.ts';
import type { Environment } from '../../environment.ts';
import type { Writer } from '../../store/store.ts';
import type { Operation } from './extension-view.ts';
import type { Machine } from './machine-view.ts';

/** Stores an accepted operation. The machine has six hours to come for it. `origin.operationId` becomes its id. */
export function startOperation(
  writer: Writer,
  environment: Environment,
  machine: Machine,
  extensionNameKey: string,
  kind: OperationKind,
  origin: EventOrigin,
): Promise<Operation> {
  const now = environment.now();
  return writer
    .insertInto('operations')
    .values({
      operation_id: origin.operationId,
      vm_id: machine.vm_id,
      subscription_id: machine.subscription_id,
      location: machine.location,
      resource_id: origin.resourceId,
      extension_name_key: extensionNameKey,
      kind,
      state: 'Accepted',
      created_at: now,
      deadline_at: now + offlineDeadlineSeconds * 1000,
      ended_at: null,
      steps: JSON.stringify([{ state: 'Accepted', time: new Date(now).toISOString() }]),
      progress: null,
      error_code: null,
      error_message: null,
      explanation: null,
      origin: JSON.stringify(origin),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}
