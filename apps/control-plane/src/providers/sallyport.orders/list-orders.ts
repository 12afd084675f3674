/** `Sallyport.Orders/orders` on a machine: what is under way there, in full, and who has signed it. */
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { eventOriginSchema } from '../../activity-log/event-origin.ts';
import { currentStep } from '../../machines/operation-progress.ts';
import type { Services } from '../../services.ts';
import { machineBeneath } from '../sallyport.upgrades/machine-settings.ts';
import { openEntries, type OpenEntry } from './open-entries.ts';
import * as z from 'zod/mini';

/** Sealed texts are left out: nobody but the machine opens them. */
export async function listOrders({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const machine = await machineBeneath(store.read, request.id);
  const open = await openEntries(store.read, machine.vm_id);
  return { status: 200, body: { value: open.map((one) => view(machine.vm_id, one, environment.now())) } };
}

function view(machineId: string, { entry, operation }: OpenEntry, now: number): object {
  const { protectedSettings, orders, packageUrls: _hints, operationDone: _no, ...wanted } = entry;
  const { caller } = z.parse(eventOriginSchema, JSON.parse(operation.origin));
  const step = currentStep(operation.progress, now);
  return {
    machineId,
    ...wanted,
    protectedSettings: protectedSettings.kind === 'delivered' ? 'kept' : protectedSettings.kind,
    kind: operation.kind,
    state: operation.state,
    askedBy: caller,
    askedAt: new Date(operation.created_at).toISOString(),
    deadline: new Date(operation.deadline_at).toISOString(),
    ...(step === undefined ? {} : { step: { name: step.name, message: step.message } }),
    signatures: (orders ?? []).map(({ signer, order }) => ({ signer, order })),
  };
}
