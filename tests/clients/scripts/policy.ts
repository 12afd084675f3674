/** The unmodified `@azure/arm-policy` client. */
import { PolicyClient } from '@azure/arm-policy';
import { answer, clientOptions, collect, credential, operator, refusalOf } from './session.ts';

const [group = '', machineId = ''] = process.argv.slice(3);
const client = new PolicyClient(credential, operator.subscriptionId, clientOptions);
const scope = `/subscriptions/${operator.subscriptionId}/resourceGroups/${group}`;

// As a text: an object with a 'then' would pass for a promise.
const policyRule = JSON.parse(
  `{"if":{"field":"type","equals":"Microsoft.HybridCompute/machines/extensions"},"then":{"effect":"[parameters('effect')]"}}`,
) as unknown;
const parameters = { effect: { type: 'String', allowedValues: ['Audit', 'Deny'], defaultValue: 'Audit' } };
const definition = { displayName: 'Every extension', mode: 'All', policyRule, parameters };
const made = await client.policyDefinitions.createOrUpdate('stock', definition);
const updated = await client.policyDefinitions.createOrUpdate('stock', { ...definition, description: 'Changed' });
const definitions = await collect(client.policyDefinitions.list({ filter: "policyType eq 'Custom'" }));
const builtIn = await collect(client.policyDefinitions.listBuiltIn());

const initiative = await client.policySetDefinitions.createOrUpdate('stock', {
  policyDefinitions: [{ policyDefinitionId: made.id ?? '', parameters: { effect: { value: 'Deny' } } }],
});
const assigned = await client.policyAssignments.create(scope, 'stock', { policyDefinitionId: initiative.id ?? '' });
const again = await client.policyAssignments.create(scope, 'stock', {
  policyDefinitionId: initiative.id ?? '',
  displayName: 'Again',
});
const changed = await client.policyAssignments.update(scope, 'stock', {
  location: 'here',
  identity: { type: 'SystemAssigned' },
  overrides: [{ kind: 'policyEffect', value: 'Audit' }],
});
const shown = await client.policyAssignments.get(scope, 'stock');
const ofGroup = await collect(client.policyAssignments.listForResourceGroup(group));
const ofMachine = await collect(
  client.policyAssignments.listForResource(group, 'Microsoft.HybridCompute', '', 'machines', machineId),
);
const inUse = await refusalOf(() => client.policyDefinitions.delete('stock'));
const wrong = await refusalOf(() =>
  client.policyAssignments.create(scope, 'wrong', { policyDefinitionId: '/providers/x/y', parameters: {} }),
);
const nowhere = await refusalOf(() => client.policyAssignments.update(scope, 'none', { overrides: [] }));
const removed = await client.policyAssignments.delete(scope, 'stock');
await client.policySetDefinitions.delete('stock');
await client.policyDefinitions.delete('stock');
const gone = await refusalOf(() => client.policyDefinitions.get('stock'));

answer({
  made,
  updated: updated.description,
  definitions: definitions.map(({ name }) => name),
  builtIn: builtIn.length,
  initiative,
  assigned,
  again: again.displayName,
  changed,
  shown,
  ofGroup: ofGroup.map(({ name }) => name),
  ofMachine: ofMachine.map(({ name }) => name),
  inUse,
  wrong,
  nowhere,
  removed: removed.name,
  gone,
});
