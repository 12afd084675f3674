/**
 * A machine whose identity is in two places is quarantined: neither copy gets tokens, goal states or secrets, and what was under
 * way ends (T73). Which of them is the machine, only people know.
 */
import { randomUUID } from 'node:crypto';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import { endedEvent, startedEvent } from '../activity-log/events-of.ts';
import type { Environment } from '../environment.ts';
import { machineResourceId } from '@sallyport/model';
import type { Selectable } from 'kysely';
import type { MachineRow } from '../store/schema/machine-rows.ts';
import type { Store, Writer } from '../store/store.ts';
import { cloneWeight } from './beat.ts';
import { endOperation } from './end-operation.ts';

/** How it was noticed. */
export type QuarantineReason = 'forked-heartbeats' | 'retired-key';

const noticed: Readonly<Record<QuarantineReason, string>> = {
  'forked-heartbeats': 'two agents send heartbeats with its identity',
  'retired-key': 'a copy of it signed in with a key that it has replaced',
};

/** The way out, for both copies. */
const wayOut =
  "On each copy run 'azcmagent disconnect --force-local-only' and connect it again, which gives it an identity of its own; or, if only one is left, release the machine centrally ('sallyport machine release').";

/** What is said wherever a quarantined machine is refused or shown. */
export function quarantineSentence(name: string, reason: string): string {
  const why = Object.hasOwn(noticed, reason) ? noticed[reason as QuarantineReason] : reason;
  return `The machine '${name}' is quarantined: ${why}, so it was copied or set back to an older state. ${wayOut}`;
}

type Machine = Selectable<MachineRow>;

/** The origin of an event about a machine that no request caused, or a machine's own. */
export function machineOrigin(machine: Machine, tenantId: string, action: string, caller: string): EventOrigin {
  const id = randomUUID();
  return {
    tenantId,
    subscriptionId: machine.subscription_id,
    resourceGroup: machine.group_name,
    resourceId: machineResourceId(machine.subscription_id, machine.group_name, machine.name),
    action,
    caller,
    claims: {},
    correlationId: id,
    operationId: id,
    clientRequestId: '',
    clientIpAddress: '',
    method: '',
    uri: '',
  };
}

/** Quarantines a machine, in the caller's transaction. Returns the events; none when it is gone or quarantined already. */
export async function quarantineMachine(
  writer: Writer,
  environment: Environment,
  tenantId: string,
  vmId: string,
  reason: QuarantineReason,
): Promise<readonly ActivityEvent[]> {
  const machine = await writer
    .selectFrom('machines')
    .selectAll()
    .where('vm_id', '=', vmId)
    .where('quarantined_at', 'is', null)
    .executeTakeFirst();
  if (machine === undefined) return [];
  await writer
    .updateTable('machines')
    .set({ quarantined_at: environment.now(), quarantine_reason: reason })
    .where('vm_id', '=', vmId)
    .execute();
  const error = { code: 'MachineQuarantined', message: quarantineSentence(machine.name, reason) };
  const origin = machineOrigin(machine, tenantId, 'Sallyport.Identity/machines/quarantine/action', 'control-plane');
  const events: ActivityEvent[] = [startedEvent(environment, origin)];
  const running = await writer
    .selectFrom('operations')
    .selectAll()
    .where('vm_id', '=', vmId)
    .where('ended_at', 'is', null)
    .execute();
  for (const operation of running) {
    const time = new Date(environment.now()).toISOString();
    const never = operation.state === 'Accepted' ? ({ neverBegun: true } as const) : {};
    events.push(await endOperation(writer, environment, operation, { state: 'Failed', time, error, ...never }));
  }
  events.push(endedEvent(environment, origin, { status: 'Failed', subStatus: 'MachineQuarantined', error }));
  return events;
}

/** Quarantines the machines whose line of beats has forked. Returns which. */
export async function quarantineForked(
  environment: Environment,
  store: Store,
  tenantId: string,
): Promise<readonly string[]> {
  const forked = await store.read
    .selectFrom('heartbeats')
    .innerJoin('machines', 'machines.vm_id', 'heartbeats.vm_id')
    .select('machines.vm_id')
    .where('heartbeats.forks', '>=', cloneWeight)
    .where('machines.quarantined_at', 'is', null)
    .limit(100)
    .execute();
  for (const { vm_id } of forked) {
    await store.observe(async (writer) => ({
      value: undefined,
      events: await quarantineMachine(writer, environment, tenantId, vm_id, 'forked-heartbeats'),
    }));
  }
  return forked.map(({ vm_id }) => vm_id);
}

/**
 * Ends a quarantine, in the caller's transaction. The key is to be renewed at once: of two copies that are still there only one
 * can, and the other is noticed by the key it is left with.
 */
export async function releaseMachine(writer: Writer, vmId: string): Promise<void> {
  await writer
    .updateTable('machines')
    .set({ quarantined_at: null, quarantine_reason: null, key_since: 0 })
    .where('vm_id', '=', vmId)
    .execute();
  await writer.updateTable('heartbeats').set({ forks: 0 }).where('vm_id', '=', vmId).execute();
}
