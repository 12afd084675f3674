/** The unmodified `@azure/arm-resources` and `@azure/arm-monitor` clients. */
import { ClientSecretCredential } from '@azure/identity';
import { MonitorClient } from '@azure/arm-monitor';
import { ResourceManagementClient } from '@azure/arm-resources';
import { answer, clientOptions, collect, credential, operator, refusalOf } from './session.ts';

const [group = '', machineId = ''] = process.argv.slice(3);
const resources = new ResourceManagementClient(credential, operator.subscriptionId, clientOptions);
const monitor = new MonitorClient(credential, operator.subscriptionId, clientOptions);
const fast = { updateIntervalInMs: 50 };
const version = '2024-07-10';

const started = new Date(Date.now() - 3_600_000).toISOString();
const made = await resources.resourceGroups.createOrUpdate('Second', { location: 'there', tags: { a: 'b' } });
const exists = await resources.resourceGroups.checkExistence('second');
const missing = await resources.resourceGroups.checkExistence('third');
const groups = await collect(resources.resourceGroups.list());
await resources.resourceGroups.delete('Second', fast);
const afterDelete = await resources.resourceGroups.checkExistence('second');

const id = `${machineId}/extensions/auto`;
const settings = { publisher: 'Contoso.Scripts', type: 'Other', enableAutomaticUpgrade: true, settings: {} };
const created = await resources.resources.createOrUpdateById(
  id,
  version,
  { location: 'here', properties: settings },
  fast,
);
const before = await resources.resources.getById(machineId, version);
const forbidden = {
  agentConfiguration: {
    extensionsAllowList: [],
    extensionsBlockList: [],
    configMode: 'full',
    extensionsEnabled: 'false',
  },
};
const put = await resources.resources.createOrUpdateById(
  machineId,
  version,
  { ...before, properties: { ...(before.properties as object), ...forbidden } },
  fast,
);
const patched = await resources.resources.updateById(
  machineId,
  version,
  { tags: { made: 'by-test' }, properties: forbidden },
  fast,
);
await resources.resources.deleteById(id, version, fast);

const listed = await collect(
  resources.resources.list({ filter: "resourceType eq 'microsoft.hybridcompute/MACHINES'" }),
);
const provider = await resources.providers.get('microsoft.hybridcompute');
const badFilter = await refusalOf(() => collect(resources.resources.list({ filter: 'name like 1' })));

const filter = `eventTimestamp ge '${started}' and resourceUri eq '${id}'`;
const events = await collect(monitor.activityLogs.list(filter));
const few = await collect(
  monitor.activityLogs.list(`eventTimestamp ge '${started}' and resourceGroupName eq '${group}'`, {
    select: 'status,correlationId',
  }),
);

const adfs = new ClientSecretCredential('adfs', operator.clientId, operator.clientSecret, {
  authorityHost: operator.endpoint,
  disableInstanceDiscovery: true,
});
const byAdfs = new ResourceManagementClient(adfs, operator.subscriptionId, clientOptions);
const groupsByAdfs = (await collect(byAdfs.resourceGroups.list())).map(({ name }) => name);

answer({
  groupsByAdfs,
  made,
  exists,
  missing,
  groups: groups.map(({ name }) => name),
  afterDelete,
  created,
  before,
  put,
  patched,
  listed,
  provider,
  badFilter,
  events,
  few,
});
