/**
 * `Sallyport.Explain/statements` on a machine: what it last signed about itself, as it came. Not a word of it is this control plane's, and
 * whoever asks verifies it with the machine's id alone (T16): `sallyport machine controls` does.
 */
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { scopeBeneath } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import { machineType } from '../microsoft.hybridcompute/provider.ts';
import { machineBeneath } from '../sallyport.upgrades/machine-settings.ts';

/** The row of the registry. Whoever may read the machine may read this: its local controls stand there too. */
export function statements(services: Services): ResourceType {
  return {
    type: 'Sallyport.Explain/statements',
    scopes: ['resource'],
    apiVersions: ['2026-11-01'],
    resource: 'none',
    authorization: { collection: 'handler' },
    collection: { GET: (request) => list(services, request) },
  };
}

async function list({ store }: Services, request: ArmRequest): Promise<ArmResponse> {
  request.access.require(`${machineType}/read`, scopeBeneath(request.id));
  const machine = await machineBeneath(store.read, request.id);
  const row = await store.read
    .selectFrom('machine_statements')
    .select(['statement', 'received_at'])
    .where('vm_id', '=', machine.vm_id)
    .executeTakeFirst();
  const value =
    row === undefined ? [] : [{ statement: row.statement, receivedAt: new Date(row.received_at).toISOString() }];
  return { status: 200, body: { value } };
}
