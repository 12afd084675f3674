/**
 * `POST …/machines/M/providers/Sallyport.Orders/orders/{operationId}/sign`: an operator's signature, for the machine. What could not
 * count there is refused here already, so that whoever signs hears of it; that is all that is done with it.
 */
import { canonicalJson, digestOfText, isSignerKey, orderedOperation, readOrder } from '@sallyport/model/orders';
import { mostPresentedOrders, presentedOrderSchema, type PresentedOrder } from '@sallyport/model/wire';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { raiseGeneration } from '../../machines/generation.ts';
import type { Services } from '../../services.ts';
import { largestSettings } from '../microsoft.hybridcompute/extension-body.ts';
import { machineBeneath } from '../sallyport.upgrades/machine-settings.ts';
import { openEntries, type OpenEntry } from './open-entries.ts';

/** Sealed text is base64 of what was sealed, with a key and a header. */
const longestSealed = 2 * largestSettings;

export async function signOrder(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment, doorbell } = services;
  const presented = readBody(request.body);
  const operationId = request.id.providers.at(-1)?.names[0] ?? '';
  const machine = await store.change(async (writer) => {
    const found = await machineBeneath(writer, request.id);
    const open = await openEntries(writer, found.vm_id);
    const one = open.find(({ operation }) => operation.operation_id.toLowerCase() === operationId.toLowerCase());
    if (one === undefined) {
      throw new ArmError(
        'ResourceNotFound',
        `No operation '${operationId.slice(0, 60)}' is under way on '${found.name}': it is over, or was replaced. List them again.`,
      );
    }
    requireAbout(found.vm_id, one, presented);
    const row = {
      presented: JSON.stringify(presented),
      added_at: environment.now(),
      added_by: request.caller.clientId,
    };
    await writer
      .insertInto('operation_orders')
      .values({
        ...row,
        vm_id: found.vm_id,
        operation_id: one.operation.operation_id,
        signer: presented.signer,
      })
      .onConflict((conflict) => conflict.columns(['vm_id', 'operation_id', 'signer']).doUpdateSet(row))
      .execute();
    await raiseGeneration(writer, found.vm_id);
    return {
      value: found,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' }),
    };
  });
  doorbell.ring(machine.vm_id);
  return { status: 200, body: { machineId: machine.vm_id, operationId, signer: presented.signer } };
}

function readBody(body: unknown): PresentedOrder {
  const read = presentedOrderSchema.safeParse(body);
  if (!read.success || !isSignerKey(read.data.signer) || (read.data.sealed?.length ?? 0) > longestSealed) {
    throw new ArmError(
      'InvalidRequestContent',
      `The body has to have 'signer' (an Ed25519 key, 43 characters), 'order' (what 'sallyport order sign' makes), and at most 'sealed', of up to ${longestSealed} characters.`,
    );
  }
  return read.data;
}

function requireAbout(machineId: string, { entry }: OpenEntry, { signer, order: text, sealed }: PresentedOrder): void {
  const refuse = (why: string): never => {
    throw new ArmError('InvalidRequestContent', `The order could not count on the machine: ${why}.`);
  };
  const others = (entry.orders ?? []).filter((one) => one.signer !== signer);
  if (others.length >= mostPresentedOrders)
    refuse(`${mostPresentedOrders} others have signed, and more are not carried`);
  const read = readOrder(text, signer);
  if ('wrong' in read) return refuse(read.wrong);
  const { operation, protectedSettings } = read.order;
  if (canonicalJson(operation) !== canonicalJson(orderedOperation(machineId, entry)))
    return refuse('it is for something else than what is under way; look at it again and sign that');
  const wanted = entry.protectedSettings.kind === 'delivered' ? 'kept' : entry.protectedSettings.kind;
  if (protectedSettings.kind !== wanted)
    return refuse(`it is for protected settings '${protectedSettings.kind}', and these are '${wanted}'`);
  const digest = protectedSettings.kind === 'sealed' ? protectedSettings.sealedText : undefined;
  if ((sealed === undefined ? undefined : digestOfText(sealed)) !== digest)
    return refuse('the sealed protected settings are not those that it was signed with');
}
