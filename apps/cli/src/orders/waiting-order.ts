/** What is under way on a machine and may want signatures, as `Sallyport.Orders/orders` tells of it. */
import { CodedError, parseValue } from '@sallyport/model';
import { orderedOperation, type OrderedOperation } from '@sallyport/model/orders';
import * as z from 'zod/mini';
import type { ArmClient } from '../connection/arm-client.ts';
import { apiVersions } from '../resources.ts';

const text = z._default(z.string(), '');

export const waitingOrderSchema = z.object({
  machineId: z.string(),
  resourceName: z.string(),
  publisher: z.string(),
  type: z.string(),
  extensionName: z.optional(z.string()),
  desired: z.enum(['present', 'absent']),
  version: z.string(),
  operationId: z.string(),
  sequence: z.int(),
  settings: z.nullable(z.record(z.string(), z.unknown())),
  protectedSettings: z.enum(['none', 'kept', 'sealed']),
  kind: text,
  state: text,
  askedBy: text,
  askedAt: text,
  deadline: text,
  step: z.optional(z.object({ name: text, message: text })),
  signatures: z.array(z.object({ signer: z.string(), order: z.string() })),
});
export type WaitingOrder = z.infer<typeof waitingOrderSchema>;

/** Where they are. */
export function ordersPath(machine: string): string {
  return `${machine}/providers/Sallyport.Orders/orders`;
}

/** All that is under way on a machine, as it is told. */
export async function listWaiting(client: ArmClient, machine: string): Promise<readonly WaitingOrder[]> {
  const found = await client.list(ordersPath(machine), apiVersions.orders);
  return found.map((one) => parseValue(waitingOrderSchema, one, 'An operation'));
}

/** The one of a resource. Throws {@link CodedError} when there is none. */
export async function findWaiting(client: ArmClient, machine: string, name: string): Promise<WaitingOrder> {
  const all = await listWaiting(client, machine);
  const found = all.find(({ resourceName }) => resourceName.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new CodedError(
    'ResourceNotFound',
    `Nothing is under way on the extension '${name}': it is over, or was never asked for. See what is: sallyport order list`,
  );
}

/** What an order for it has to say. */
export function operationOf(waiting: WaitingOrder): OrderedOperation {
  return orderedOperation(waiting.machineId, {
    ...waiting,
    operationDone: false,
    protectedSettings: { kind: 'none' },
    packageUrls: [],
  });
}
