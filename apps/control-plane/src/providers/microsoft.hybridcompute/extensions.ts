/** The resource type `Microsoft.HybridCompute/machines/extensions`. */
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { deleteExtension } from './delete-extension.ts';
import { patchExtension } from './patch-extension.ts';
import { extensionNotFound, findExtension, operationById, reportedControls } from './extension-rows.ts';
import { extensionView, type Extension } from './extension-view.ts';
import { parentMachine } from './machine-rows.ts';
import { apiVersions, extensionType } from './provider.ts';
import { putExtension } from './put-extension.ts';

/** The row of the registry. */
export function extensions(services: Services): ResourceType {
  return {
    type: extensionType,
    scopes: ['resourceGroup'],
    policy: 'indexed',
    apiVersions,
    resource: 'tracked',
    introduced: { '2022-03-10': ['enableAutomaticUpgrade'] },
    // The version that is shown is the one on the machine; what was asked for changes `systemData` as well.
    observed: ['instanceView', 'typeHandlerVersion'],
    item: {
      GET: (request) => getExtension(services, request),
      PUT: (request) => putExtension(services, request),
      PATCH: (request) => patchExtension(services, request),
      DELETE: (request) => deleteExtension(services, request),
    },
    collection: { GET: (request) => listExtensions(services, request) },
  };
}

async function getExtension({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const machine = await parentMachine(store.read, request.id);
  const extension = await findExtension(store.read, machine.vm_id, request.id.providers.at(-1)?.names[1] ?? '');
  if (extension === undefined) throw extensionNotFound(request);
  const operation = await operationById(store.read, extension.operation_id);
  const reported = await reportedControls(store.read, machine.vm_id);
  return { status: 200, body: extensionView(machine, extension, operation, environment.now(), reported) };
}

async function listExtensions(
  { store, environment, endpoint, pageSize }: Services,
  request: ArmRequest,
): Promise<ArmResponse> {
  const machine = await parentMachine(store.read, request.id);
  const wanted = pageRequest(request, pageSize);
  const rows = await store.read
    .selectFrom('extensions')
    .selectAll()
    .where('vm_id', '=', machine.vm_id)
    .where('name_key', '>', wanted.after ?? '')
    .orderBy('name_key')
    .limit(wanted.size + 1)
    .execute();
  const ids = rows.map(({ operation_id }) => operation_id);
  const operations =
    ids.length === 0
      ? []
      : await store.read.selectFrom('operations').selectAll().where('operation_id', 'in', ids).execute();
  const reported = await reportedControls(store.read, machine.vm_id);
  const byId = new Map(operations.map((operation) => [operation.operation_id, operation]));
  const shown = rows.filter(({ operation_id }) => byId.has(operation_id));
  const show = (row: Extension): unknown => {
    const operation = byId.get(row.operation_id);
    return operation === undefined ? undefined : extensionView(machine, row, operation, environment.now(), reported);
  };
  return { status: 200, body: page(endpoint.url, request, wanted, shown, (row) => row.name_key, show) };
}
