/** Stores everything that one request wants of a machine's extensions, all of it or nothing, and wakes the machine. */
import { requestEvents } from '../../activity-log/events-of.ts';
import type { ArmRequest } from '../../arm/arm-request.ts';
import type { Services } from '../../services.ts';
import { idOfExtension, type Extension, type Operation } from './extension-view.ts';
import { parentMachine } from './machine-rows.ts';
import type { Machine } from './machine-view.ts';
import type { PreparedExtension } from './prepare-extension.ts';
import { proposeExtension } from './propose-extension.ts';
import { refuseDisorder } from './refuse-disorder.ts';

export interface Proposal {
  readonly extension: Extension;
  readonly operation: Operation;
}

type AtLeastOne<T> = readonly [T, ...T[]];

/** Throws `ArmError` when anything stands in the way of one of them; nothing is stored then. */
export async function proposeAll(
  services: Services,
  request: ArmRequest,
  [first, ...others]: AtLeastOne<PreparedExtension>,
): Promise<{ readonly machine: Machine; readonly proposals: AtLeastOne<Proposal> }> {
  const { store, environment, doorbell } = services;
  const done = await store.change(async (writer) => {
    // Read again inside the transaction: two requests at once are decided one after the other.
    const machine = await parentMachine(writer, request.id);
    const propose = ({ request: one, name, tags, properties, chosen }: PreparedExtension): Promise<Proposal> =>
      proposeExtension(services, writer, one, machine, name, tags, properties, chosen);
    const proposals: [Proposal, ...Proposal[]] = [await propose(first)];
    for (const one of others) proposals.push(await propose(one));
    await refuseDisorder(writer, machine, proposals);
    const events = [first, ...others].flatMap(({ request: one }, i) => {
      const resourceId = idOfExtension(machine, proposals[i]?.extension.name ?? '');
      const origin = { ...one.origin, resourceId };
      return requestEvents(environment, origin, { status: 'Accepted', subStatus: 'OK' });
    });
    const [event, ...rest] = events;
    if (event === undefined) throw new Error('A request for extensions has at least one.');
    return { value: { machine, proposals }, events: [event, ...rest] };
  });
  doorbell.ring(done.machine.vm_id);
  return done;
}
