/**
 * `Sallyport.Explain/operations` on a machine or on one of its extensions: where the last operation of each stands, as data. What
 * `instanceView.statuses` says in sentences is here in members of its own, under a name of ours (decision 0200).
 */
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { scopeBeneath } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import { reportedControls } from '../microsoft.hybridcompute/extension-rows.ts';
import { heartbeatOf, parentMachine } from '../microsoft.hybridcompute/machine-rows.ts';
import { extensionType, machineType } from '../microsoft.hybridcompute/provider.ts';
import { explainOperation } from './explain-operation.ts';

/** The row of the registry. Whoever may read extensions there may read this: it is the same, in another shape. */
export function operations(services: Services): ResourceType {
  return {
    type: 'Sallyport.Explain/operations',
    scopes: ['resource'],
    apiVersions: ['2026-11-01'],
    resource: 'none',
    authorization: { collection: 'handler' },
    collection: { GET: (request) => list(services, request) },
  };
}

async function list({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  request.access.require(`${extensionType}/read`, scopeBeneath(request.id));
  const beneath = { ...request.id, providers: request.id.providers.slice(0, -1) };
  const section = beneath.providers.at(-1);
  const type = `${section?.namespace ?? ''}/${section?.types.join('/') ?? ''}`.toLowerCase();
  if (type !== machineType.toLowerCase() && type !== extensionType.toLowerCase())
    throw new ArmError('InvalidResourceType', `This stands on a ${machineType} or a ${extensionType}.`);
  const machine = await parentMachine(store.read, beneath);
  const name = section?.names[1]?.toLowerCase();
  let query = store.read.selectFrom('extensions').selectAll().where('vm_id', '=', machine.vm_id);
  if (name !== undefined) query = query.where('name_key', '=', name);
  const extensions = await query.orderBy('name_key').execute();
  if (name !== undefined && extensions.length === 0)
    throw new ArmError('ResourceNotFound', `The resource '${scopeBeneath(request.id)}' was not found.`);
  const found = await store.read
    .selectFrom('operations')
    .selectAll()
    .where('vm_id', '=', machine.vm_id)
    .where('operation_id', 'in', [...extensions.map(({ operation_id }) => operation_id), ''])
    .execute();
  const reported = await reportedControls(store.read, machine.vm_id);
  const heardAt = (await heartbeatOf(store.read, machine.vm_id))?.received_at;
  const now = environment.now();
  const value = extensions.flatMap((extension) => {
    const operation = found.find(({ operation_id }) => operation_id === extension.operation_id);
    return operation === undefined ? [] : explainOperation({ machine, extension, operation, reported, heardAt, now });
  });
  return { status: 200, body: { value } };
}
