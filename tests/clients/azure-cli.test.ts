/** S2.1 Debian's azure-cli, unchanged, does the daily work of an operator (arm-api §4.3). In order: each step stands on the last. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isInstalled } from '../../tooling/system-packages.ts';
import { azureCli, registerCloud, type AzureCli } from './azure-cli.ts';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type Behaviour, type FakeAgent } from './fake-agent.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { startGuardedMachine, type GuardedMachine } from './guarded-machine.ts';
import { sallyportCli } from './sallyport-cli.ts';
import { createTestGallery, type TestGallery } from './test-gallery.ts';

const behave: Behaviour = ({ desired }) => ({
  state: 'Succeeded',
  ...(desired === 'present'
    ? {
        status: {
          code: '0',
          level: 'Information',
          displayStatus: 'Ready',
          message: 'Done',
          time: new Date().toISOString(),
        },
      }
    : {}),
});

describe.skipIf(!isInstalled('az'))('azure-cli', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-az-'));
  let plane: ControlPlaneProcess;
  let arm: OperatorClient;
  let agent: FakeAgent;
  let az: AzureCli;
  let gallery: TestGallery;
  let guarded: GuardedMachine | undefined;

  beforeAll(async () => {
    gallery = await createTestGallery(join(folder, 'gallery'));
    // Pages of two, so that az follows nextLink.
    plane = await startControlPlaneProcess(join(folder, 'state'), '--gallery', gallery.directory, '--page-size', '2');
    arm = await signIn(plane.operator);
    az = azureCli(plane.operator, folder);
    await registerCloud(az, plane.operator);
  });

  afterAll(async () => {
    await az?.close();
    await guarded?.stop();
    await agent?.stop();
    arm?.close();
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  test('az login --service-principal with a wrong secret says so', async () => {
    const { clientId, tenantId } = plane.operator;
    const said = await az.refused('login --service-principal -u', clientId, '-p', 'wrong', '--tenant', tenantId);
    expect(said).toContain('AADSTS7000215');
    expect(said).toContain('the client secret is not its secret');
  });

  test('az login --service-principal with the secret; az account show and list', async () => {
    const { clientId, clientSecret, tenantId, subscriptionId } = plane.operator;
    const account = {
      cloudName: 'Sallyport',
      id: subscriptionId,
      tenantId,
      isDefault: true,
      state: 'Enabled',
      user: { name: clientId, type: 'servicePrincipal' },
    };
    const signedIn = await az.run('login --service-principal -u', clientId, '-p', clientSecret, '--tenant', tenantId);
    expect(signedIn).toMatchObject([account]);
    const [shown, listed, refreshed, token] = await Promise.all([
      az.run('account show'),
      az.run('account list'),
      az.run('account list --refresh'),
      az.run('account get-access-token'),
    ]);
    const { cloudName, ...shownAccount } = account;
    expect(shown).toMatchObject({ ...shownAccount, environmentName: cloudName });
    expect(listed).toMatchObject([account]);
    expect(refreshed).toMatchObject([account]);
    expect(token).toMatchObject({ tokenType: 'Bearer', subscription: subscriptionId, tenant: tenantId });
  });

  test('az group create, show, list, exists', async () => {
    const made = await az.run('group create --name Fleet --location here --tags team=ops');
    const group = {
      name: 'Fleet',
      location: 'here',
      tags: { team: 'ops' },
      properties: { provisioningState: 'Succeeded' },
    };
    expect(made).toMatchObject(group);
    for (const name of ['Other', 'Third'])
      await arm.arm(
        'PUT',
        `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/${name}?api-version=2021-04-01`,
        { location: 'here' },
      );
    const [shown, listed, exists, missing] = await Promise.all([
      az.run('group show --name FLEET'),
      az.run('group list --query [].name'),
      az.run('group exists --name fleet'),
      az.run('group exists --name nowhere'),
    ]);
    expect(shown).toMatchObject(group);
    expect(listed).toEqual(['Fleet', 'Other', 'Third']);
    expect([exists, missing]).toEqual([true, false]);
    expect(await az.text('group list --output table')).toMatch(
      /Name +Location +Status\n-+ +-+ +-+\nFleet +here +Succeeded/,
    );
  });

  test('az provider list, show and register; az account list-locations', async () => {
    const [listed, shown, locations] = await Promise.all([
      az.run('provider list --query [].[namespace,registrationState]'),
      az.run('provider show --namespace Microsoft.HybridCompute'),
      az.run('account list-locations'),
      az.text('provider register --namespace Microsoft.HybridCompute'),
    ]);
    expect(listed).toContainEqual(['Microsoft.HybridCompute', 'Registered']);
    const types = (
      shown as {
        readonly resourceTypes: readonly { readonly resourceType: string; readonly apiVersions: readonly string[] }[];
      }
    ).resourceTypes;
    expect(types.map(({ resourceType }) => resourceType)).toContain('machines/extensions');
    // az takes the first version without "preview": newest first (arm-api §4.3).
    const versions = types.find(({ resourceType }) => resourceType === 'machines')?.apiVersions ?? [];
    expect(versions.filter((version) => !version.includes('preview'))).toEqual(
      versions
        .filter((version) => !version.includes('preview'))
        .toSorted()
        .toReversed(),
    );
    expect(locations).toMatchObject([{ name: 'here', metadata: { regionType: 'Physical' } }]);
  });

  test('S2.1 az resource create, show, list, tag, update and delete an extension of a machine', async () => {
    agent = await enrolFakeAgent(() => plane.operator, arm, 'Fleet', 'web-1');
    await (await enrolFakeAgent(() => plane.operator, arm, 'Fleet', 'web-2')).stop();
    await (await enrolFakeAgent(() => plane.operator, arm, 'Other', 'db-1')).stop();
    agent.run(behave);
    const runner = {
      publisher: 'Contoso.Scripts',
      type: 'Runner',
      typeHandlerVersion: '1.0.0',
      settings: { say: 'hello' },
    };
    const created = await az.run(
      'resource create --resource-group Fleet --namespace Microsoft.HybridCompute --parent machines/web-1 --resource-type extensions --name runner --location here --properties',
      JSON.stringify(runner),
    );
    expect(created).toMatchObject({ name: 'runner', properties: { ...runner, provisioningState: 'Succeeded' } });
    const id = `${agent.resourceId}/extensions/runner`;
    const [machine, byType, extension, listed, ofGroup, ofType] = await Promise.all([
      az.run('resource show --ids', agent.resourceId),
      az.run('resource show -g Fleet -n web-1 --resource-type Microsoft.HybridCompute/machines'),
      az.run('resource show --ids', id),
      az.run('resource list --query [].name'),
      az.run('resource list --resource-group Fleet --query [].name'),
      az.run('resource list --resource-type Microsoft.HybridCompute/machines --query [].[name,location]'),
    ]);
    expect(machine).toMatchObject({
      id: agent.resourceId,
      type: 'Microsoft.HybridCompute/machines',
      properties: { vmId: agent.vmId },
    });
    expect(byType).toMatchObject({ id: agent.resourceId });
    expect(extension).toMatchObject({ id, properties: { instanceView: { status: { message: 'Done' } } } });
    // By kind, then by group and name (0194).
    expect(listed).toEqual(['web-1', 'web-2', 'db-1', 'web-1/runner']);
    expect(ofGroup).toEqual(['web-1', 'web-2', 'web-1/runner']);
    expect(ofType).toEqual([
      ['web-1', 'here'],
      ['web-2', 'here'],
      ['db-1', 'here'],
    ]);
    expect(await az.text('resource list --output table')).toMatch(/^Name +ResourceGroup/);

    expect(await az.run('resource tag --tags owner=anna --ids', agent.resourceId)).toMatchObject({
      tags: { owner: 'anna' },
    });
    expect(await az.run('resource list --tag owner=anna --query [].name')).toEqual(['web-1']);
    expect(await az.run('resource update --ids', id, '--set', 'properties.settings.say=again')).toMatchObject({
      properties: { settings: { say: 'again' } },
    });
    expect(agent.seen.map(({ desired, settings }) => [desired, settings])).toEqual([
      ['present', { say: 'hello' }],
      ['present', { say: 'again' }],
    ]);
    await az.text('resource delete --ids', id);
    expect(agent.seen.at(-1)?.desired).toBe('absent');
    expect(await az.refused('resource show --ids', id)).toContain('ResourceNotFound');
  });

  test('az rest does exactly the request it is told, and prints refusals in ARM’s words', async () => {
    const got = await az.run(
      'rest --method get --url /subscriptions/{subscriptionId}/resourceGroups/Fleet?api-version=2021-04-01',
    );
    expect(got).toMatchObject({ name: 'Fleet' });
    const put = 'rest --method put --url /subscriptions/{subscriptionId}/resourceGroups/Fourth?api-version=2021-04-01';
    expect(await az.run(put, '--body', '{"location":"there"}')).toMatchObject({
      name: 'Fourth',
      location: 'there',
    });
    expect(
      await az.refused(
        'rest --method get --url /subscriptions/{subscriptionId}/resourceGroups/None?api-version=2021-04-01',
      ),
    ).toContain('ResourceGroupNotFound');
  });

  test('S5.1 az policy definition and assignment: what is assigned narrows what az itself may write', async () => {
    // As a text: an object with a 'then' would pass for a promise.
    const rule = `{
      "if": {"allOf": [
        {"field": "type", "equals": "Microsoft.HybridCompute/machines/extensions"},
        {"field": "Microsoft.HybridCompute/machines/extensions/type", "notIn": "[parameters('allowed')]"}
      ]},
      "then": {"effect": "deny"}
    }`;
    const parameters = { allowed: { type: 'Array', defaultValue: ['Other'] } };
    writeFileSync(join(folder, 'rule.json'), rule);
    writeFileSync(join(folder, 'parameters.json'), JSON.stringify(parameters));
    const definition = await az.run(
      'policy definition create --name allowed-types --display-name',
      'Allowed types',
      '--mode',
      'All',
      '--rules',
      join(folder, 'rule.json'),
      '--params',
      join(folder, 'parameters.json'),
    );
    expect(definition).toMatchObject({
      name: 'allowed-types',
      policyType: 'Custom',
      mode: 'All',
      policyRule: JSON.parse(rule) as unknown,
      parameters,
    });
    const assignment = await az.run(
      'policy assignment create --name narrow --policy allowed-types --resource-group Fleet',
    );
    expect(assignment).toMatchObject({ name: 'narrow', enforcementMode: 'Default', resourceGroup: 'Fleet' });
    const [shown, definitions, assignments, one] = await Promise.all([
      az.run('policy definition show --name allowed-types'),
      az.run('policy definition list --query', "[?policyType=='Custom'].name"),
      az.run('policy assignment list --resource-group Fleet --query [].name'),
      az.run('policy assignment show --name narrow --resource-group Fleet'),
    ]);
    expect(shown).toMatchObject({ displayName: 'Allowed types' });
    expect(definitions).toEqual(['allowed-types']);
    expect(assignments).toEqual(['narrow']);
    expect(one).toMatchObject({ name: 'narrow' });
    const runner = { publisher: 'Contoso.Scripts', type: 'Runner', settings: {} };
    const refused = await az.refused(
      'resource create --id',
      `${agent.resourceId}/extensions/runner`,
      '--location',
      'here',
      '--properties',
      JSON.stringify(runner),
    );
    expect(refused).toContain('RequestDisallowedByPolicy');
    expect(refused).toContain('narrow');
    await az.text('policy assignment delete --name narrow --resource-group Fleet');
    await az.text('policy definition delete --name allowed-types');
    expect(await az.run('policy assignment list --resource-group Fleet')).toEqual([]);
  });

  test('S5.1 az policy set-definition, exemption and state', async () => {
    const rule = '{"if":{"field":"type","equals":"Microsoft.HybridCompute/machines"},"then":{"effect":"audit"}}';
    writeFileSync(join(folder, 'audit.json'), rule);
    await az.run('policy definition create --name audited --mode All --rules', join(folder, 'audit.json'));
    const definitionId = `/subscriptions/${plane.operator.subscriptionId}/providers/Microsoft.Authorization/policyDefinitions/audited`;
    writeFileSync(join(folder, 'members.json'), JSON.stringify([{ policyDefinitionId: definitionId }]));
    const initiative = await az.run(
      'policy set-definition create --name initiative --definitions',
      join(folder, 'members.json'),
    );
    expect(initiative).toMatchObject({
      name: 'initiative',
      policyType: 'Custom',
      policyDefinitions: [{ policyDefinitionId: definitionId }],
    });
    await az.run('policy assignment create --name audits --policy-set-definition initiative --resource-group Fleet');
    const assignmentId = `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/Fleet/providers/Microsoft.Authorization/policyAssignments/audits`;
    const exemption = await az.run(
      'policy exemption create --name spared --exemption-category Waiver --policy-assignment',
      assignmentId,
      '--scope',
      agent.resourceId,
    );
    expect(exemption).toMatchObject({ name: 'spared', exemptionCategory: 'Waiver', policyAssignmentId: assignmentId });
    const [sets, shown, exemptions] = await Promise.all([
      az.run('policy set-definition list --query', "[?policyType=='Custom'].name"),
      az.run('policy set-definition show --name initiative'),
      az.run('policy exemption list --scope', agent.resourceId, '--query', '[].name'),
    ]);
    expect([sets, shown, exemptions]).toMatchObject([['initiative'], { name: 'initiative' }, ['spared']]);
    await expect
      .poll(
        () => az.run('policy state list --resource-group Fleet --query', '[].[complianceState,policyAssignmentName]'),
        { timeout: 120_000, interval: 2_000 },
      )
      .toEqual(
        expect.arrayContaining([
          ['NonCompliant', 'audits'],
          ['Exempt', 'audits'],
        ]),
      );
    await az.text('policy exemption delete --name spared --scope', agent.resourceId);
    await az.text('policy assignment delete --name audits --resource-group Fleet');
    await az.text('policy set-definition delete --name initiative');
    await az.text('policy definition delete --name audited');
    expect(await az.run('policy exemption list')).toEqual([]);
  });

  test('az lock: what is locked is not deleted by az either, until the lock is', async () => {
    const made = await az.run('lock create --name keep --lock-type CanNotDelete --resource-group Fleet --notes ours');
    expect(made).toMatchObject({ name: 'keep', level: 'CanNotDelete', notes: 'ours' });
    expect(await az.run('lock list --resource-group Fleet --query [].name')).toEqual(['keep']);
    const refused = await az.refused('rest --method delete --url', `${agent.resourceId}?api-version=2024-07-10`);
    expect(refused).toContain('ScopeLocked');
    expect(await az.refused('resource delete --ids', agent.resourceId)).toContain('failed to be deleted');
    expect(await az.run('lock show --name keep --resource-group Fleet')).toMatchObject({ level: 'CanNotDelete' });
    await az.text('lock delete --name keep --resource-group Fleet');
    expect(await az.run('lock list')).toEqual([]);
  });

  test('az deployment group: validate, what-if, create, show, list and delete', async () => {
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      parameters: { name: { type: 'string' } },
      resources: [
        {
          type: 'Microsoft.HybridCompute/licenses',
          apiVersion: '2024-07-10',
          name: "[parameters('name')]",
          location: 'here',
          properties: {},
        },
      ],
    };
    const file = join(folder, 'template.json');
    writeFileSync(file, JSON.stringify(template));
    const about = ['--template-file', file, '--parameters', 'name=by-az'];
    expect(await az.run('deployment group validate --resource-group Fleet', ...about)).toMatchObject({
      properties: { provisioningState: 'Succeeded' },
    });
    const predicted = await az.run('deployment group what-if --no-pretty-print --resource-group Fleet', ...about);
    expect(predicted).toMatchObject({ status: 'Succeeded', changes: [{ changeType: 'Create' }] });
    const created = await az.run('deployment group create --name by-az --resource-group Fleet', ...about);
    expect(created).toMatchObject({ name: 'by-az', properties: { provisioningState: 'Succeeded' } });
    const [shown, listed, again] = await Promise.all([
      az.run('deployment group show --name by-az --resource-group Fleet'),
      az.run('deployment group list --resource-group Fleet --query [].name'),
      az.text('deployment group what-if --resource-group Fleet', ...about),
    ]);
    expect([shown, listed]).toMatchObject([{ name: 'by-az' }, ['by-az']]);
    expect(again).toContain('no change');
    await az.text('deployment group delete --name by-az --resource-group Fleet');
    await az.text(
      'resource delete --resource-group Fleet --name by-az --resource-type Microsoft.HybridCompute/licenses',
    );
  });

  test('S2.2 az monitor activity-log list tells who did what', async () => {
    const { clientId } = plane.operator;
    const [ofGroup, failed] = await Promise.all([
      az.run(
        'monitor activity-log list --max-events 500 --resource-group Fleet --query [].[caller,operationName.value,status.value]',
      ),
      az.run('monitor activity-log list --status Failed --query [].operationName.value'),
    ]);
    for (const event of [
      [clientId, 'Microsoft.HybridCompute/machines/extensions/write', 'Succeeded'],
      [clientId, 'Microsoft.HybridCompute/machines/extensions/delete', 'Succeeded'],
      [clientId, 'Microsoft.Resources/subscriptions/resourceGroups/write', 'Succeeded'],
    ])
      expect(ofGroup).toContainEqual(event);
    expect(failed).toContain('Microsoft.HybridCompute/machines/extensions/write');
  });

  test('az group delete takes what is in it along', async () => {
    await az.text('group delete --name Other --yes');
    const [groups, machines] = await Promise.all([
      az.run('group list --query [].name'),
      az.run('resource list --query [].name'),
    ]);
    expect(groups).toEqual(['Fleet', 'Fourth', 'Third']);
    expect(machines).toEqual(['web-1', 'web-2']);
  });

  test('T10 S2.1 what az asks of a server that wants signatures waits, says for whom, and goes on once it is signed', async () => {
    const sallyport = sallyportCli(plane.operator, folder);
    const keys = join(folder, 'alice');
    const alice = (await sallyport.run('order', 'key', 'create', '--keys', keys, '--unsealed')).trim();
    const ran = join(folder, 'ran');
    const note = (command: string): string => `echo ${command} >> "${ran}"`;
    const enable = `${note('enable')}; report success 0 'Done as signed'`;
    await gallery.publishPackage(
      'Contoso.Scripts/Guarded',
      '1.0.0',
      shellHandler({ install: note('install'), enable, uninstall: note('uninstall') }),
    );
    guarded = await startGuardedMachine(plane.operator, gallery, folder, `1 of alice=${alice}`);
    const id = `${guarded.resourceId}/extensions/guarded`;
    const patience = { timeout: 60_000, interval: 500 };
    const statuses = (): Promise<unknown> =>
      az.run(
        'resource show --ids',
        id,
        '--query',
        'properties.[provisioningState,instanceView.status.message,instanceView.statuses[]]',
      );

    const properties = { publisher: 'Contoso.Scripts', type: 'Guarded', typeHandlerVersion: '1.0.0' };
    const creating = az.run(
      'resource create --id',
      id,
      '--location',
      'onpremises',
      '--properties',
      JSON.stringify({ ...properties, settings: { word: 'signed' } }),
    );
    // Awaited below, but may fail before that.
    creating.catch(() => undefined);
    await expect
      .poll(async () => JSON.stringify(await statuses().catch(String)), patience)
      .toMatch(/"Creating".*"Sallyport\/Step\/awaiting-signatures".*none is there, 1 of alice is missing/);
    expect(existsSync(ran)).toBe(false);
    const about = ['guarded', '--machine', 'guarded'] as const;
    const { digest } = JSON.parse(await sallyport.run('order', 'show', ...about, '--output', 'json')) as {
      readonly digest: string;
    };
    await sallyport.run('order', 'sign', ...about, '--keys', keys, '--vm-id', guarded.vmId, '--expect', digest);
    expect(await creating).toMatchObject({
      name: 'guarded',
      properties: { ...properties, provisioningState: 'Succeeded' },
    });
    expect(readFileSync(ran, 'utf8')).toBe('install\nenable\n');
    expect(JSON.stringify(await statuses())).toContain('"Succeeded","Done as signed"');

    // A removal waits as well. Called off, it is over for az too, and nothing was done.
    const deleting = az.refused('resource delete --ids', id);
    await expect
      .poll(async () => JSON.stringify(await statuses()), patience)
      .toMatch(/"Deleting".*awaiting-signatures/);
    await az.text('rest --method post --url', `${id}/cancel?api-version=2024-07-10`);
    expect(await deleting).toContain('Canceled');
    expect(JSON.stringify(await statuses())).toContain('Canceled');
    expect(readFileSync(ran, 'utf8')).toBe('install\nenable\n');
  });
});
