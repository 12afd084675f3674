/** The unmodified `@azure/arm-authorization` client. */
import { randomUUID } from 'node:crypto';
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { answer, clientOptions, collect, credential, operator, refusalOf } from './session.ts';

const [scope = '', principalId = ''] = process.argv.slice(3);
const client = new AuthorizationManagementClient(credential, operator.subscriptionId, clientOptions);
const readerId = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

const builtIn = await collect(client.roleDefinitions.list(scope));
const byName = await collect(client.roleDefinitions.list(scope, { filter: "roleName eq 'reader'" }));
const reader = await client.roleDefinitions.get(scope, readerId);

const roleName = randomUUID();
const written = await client.roleDefinitions.createOrUpdate(scope, roleName, {
  roleName: 'Extension Installer',
  description: 'Installs extensions',
  permissions: [{ actions: ['Microsoft.HybridCompute/machines/extensions/*', '*/read'], notActions: [] }],
  assignableScopes: [scope],
});
const again = await client.roleDefinitions.createOrUpdate(scope, roleName, { ...written, description: 'Changed' });

const name = randomUUID();
const assigned = await client.roleAssignments.create(scope, name, {
  roleDefinitionId: written.id ?? '',
  principalId,
  principalType: 'ServicePrincipal',
});
const shown = await client.roleAssignments.get(scope, name);
const atScope = await collect(client.roleAssignments.listForScope(scope, { filter: 'atScope()' }));
const ofPrincipal = await collect(
  client.roleAssignments.listForSubscription({ filter: `assignedTo('${principalId}')` }),
);
const inUse = await refusalOf(() => client.roleDefinitions.delete(scope, roleName));
const twice = await refusalOf(() =>
  client.roleAssignments.create(scope, randomUUID(), { roleDefinitionId: written.id ?? '', principalId }),
);
const removed = await client.roleAssignments.delete(scope, name);
const removedAgain = await client.roleAssignments.delete(scope, name);
const deleted = await client.roleDefinitions.delete(scope, roleName);
const permissions = await collect(
  client.permissions.listForResourceGroup(/resourceGroups\/([^/]+)/.exec(scope)?.[1] ?? ''),
);

answer({
  builtIn: builtIn.map((role) => role.roleName),
  byName: byName.map((role) => role.roleName),
  reader,
  written,
  again,
  assigned,
  shown,
  atScope: atScope.map((one) => one.name),
  ofPrincipal: ofPrincipal.map((one) => one.name),
  name,
  inUse,
  twice,
  removed: removed.name,
  removedAgain: removedAgain?.name,
  deleted: deleted.roleName,
  permissions,
});
