/**
 * `…/machines/{name}/providers/Sallyport.Identity/machineIdentity`: the key of a machine, its age, and whether it is quarantined.
 * `…/releaseQuarantine` lets it come back. Under a name of ours, so that Microsoft's shapes stay what they are.
 */
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { keyAge, renewAfterMilliseconds } from '../../machines/key-age.ts';
import { quarantineSentence, releaseMachine } from '../../machines/quarantine.ts';
import { scopeBeneath } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { idOfMachine, type Machine } from '../microsoft.hybridcompute/machine-view.ts';
import { namespace } from './names.ts';

const type = `${namespace}/machineIdentity`;

/** The rows of the registry. */
export function machineIdentity(services: Services): readonly ResourceType[] {
  const common = { scopes: ['resource'], apiVersions: ['2026-11-01'], resource: 'none' } as const;
  return [
    {
      ...common,
      type,
      collection: {
        GET: async (request) => {
          const machine = await machineBeneath(services.store.read, request);
          return { status: 200, body: view(machine, services.environment.now()) };
        },
      },
    },
    {
      ...common,
      type: `${namespace}/releaseQuarantine`,
      collection: { POST: (request) => release(services, request) },
    },
  ];
}

async function machineBeneath(reader: Reader, { id }: ArmRequest): Promise<Machine> {
  const beneath = scopeBeneath(id);
  const [, subscription = '', group = '', name = ''] =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.HybridCompute\/machines\/([^/]+)$/i.exec(
      beneath,
    ) ?? [];
  const machine = await reader
    .selectFrom('machines')
    .selectAll()
    .where('subscription_id', '=', subscription.toLowerCase())
    .where('group_key', '=', group.toLowerCase())
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst();
  if (machine !== undefined) return machine;
  throw new ArmError('ResourceNotFound', `There is no machine '${beneath.slice(0, 300)}'.`);
}

function view(machine: Machine, now: number): unknown {
  const { expired, renew, expiresAt } = keyAge(machine.key_since, machine.vm_id, now);
  const since = machine.key_since;
  const iso = (time: number): string => new Date(time).toISOString();
  return {
    id: `${idOfMachine(machine)}/providers/${type}`,
    name: 'machineIdentity',
    type,
    properties: {
      principalId: machine.principal_id,
      clientPublicKey: machine.public_key,
      ...(since === 0 ? {} : { keySince: iso(since), renewsFrom: iso(since + renewAfterMilliseconds) }),
      ...(since === 0 ? {} : { expires: iso(expiresAt) }),
      keyState: expired ? 'Expired' : renew ? 'RenewalDue' : 'Valid',
      quarantine:
        machine.quarantined_at === null
          ? null
          : {
              since: iso(machine.quarantined_at),
              reason: machine.quarantine_reason ?? '',
              message: quarantineSentence(machine.name, machine.quarantine_reason ?? ''),
            },
    },
  };
}

async function release(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment } = services;
  const machine = await store.change(async (writer) => {
    const found = await machineBeneath(writer, request);
    if (found.quarantined_at === null) {
      throw new ArmError('MachineNotQuarantined', `The machine '${found.name}' is not quarantined.`);
    }
    await releaseMachine(writer, found.vm_id);
    const origin = { ...request.origin, resourceId: idOfMachine(found), resourceGroup: found.group_name };
    return { value: found, events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' }) };
  });
  const released = { ...machine, quarantined_at: null, quarantine_reason: null, key_since: 0 };
  return { status: 200, body: view(released, environment.now()) };
}
