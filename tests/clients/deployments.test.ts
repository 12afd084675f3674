/** Deployments of templates: with the rights of whoever deploys, held against policy, in order, and never hanging (S2.1, S2.2, S5.1). */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPostgresUnderTest, storedRows } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import type { Answer } from './http-client.ts';
import { startFleetOfOne, type FleetOfOne } from './fleet-of-one.ts';
import { signIn, type OperatorClient } from './operator-client.ts';

const version = 'api-version=2021-04-01';
const extensionType = 'Microsoft.HybridCompute/machines/extensions';
let fleet: FleetOfOne;
let folder: string;
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let subscription: string;
let group: string;
let agent: FakeAgent;

beforeAll(async () => {
  fleet = await startFleetOfOne('deployments');
  ({ plane, arm, subscription, group, agent, folder } = fleet);
  agent.run(({ resourceName }) =>
    resourceName === 'Slow'
      ? { state: 'Failed', error: { code: 'HandlerEnableFailed', message: 'It broke.' } }
      : { state: 'Succeeded' },
  );
});
afterAll(() => fleet?.stop());

interface Shown {
  readonly id: string;
  readonly properties: {
    readonly provisioningState: string;
    readonly parameters: unknown;
    readonly outputs?: unknown;
    readonly outputResources: readonly { readonly id: string }[];
    readonly error?: { readonly code: string; readonly details: readonly { readonly code: string }[] };
  };
}

function extension(type: string, more: object = {}): object {
  return {
    type: extensionType,
    name: `[concat(parameters('machine'), '/${type}')]`,
    apiVersion: '2024-07-10',
    location: 'here',
    properties: { publisher: 'Contoso.Scripts', type },
    ...more,
  };
}

function templateOf(resources: readonly object[], more: object = {}): object {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    parameters: { machine: { type: 'string' }, secret: { type: 'securestring', defaultValue: 'canary-default' } },
    resources,
    ...more,
  };
}

function put(
  name: string,
  template: object,
  at = group,
  parameters: object = { machine: { value: 'web' } },
): Promise<Answer> {
  const path = `${at}/providers/Microsoft.Resources/deployments/${name}?${version}`;
  return arm.arm('PUT', path, {
    properties: { mode: 'Incremental', template, parameters },
    ...(at === group ? {} : { location: 'here' }),
  });
}

/** Follows a deployment where its answer says, until it is over; nowhere else. */
async function ended(answer: Answer): Promise<Shown> {
  expect([answer.status, answer.text]).toEqual([201, expect.stringContaining('provisioningState')]);
  const url = new URL(String(answer.headers['azure-asyncoperation']));
  for (;;) {
    const found = await arm.arm('GET', url.pathname + url.search);
    const { status } = found.json() as { readonly status: string };
    if (!['Accepted', 'Running'].includes(status)) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { id } = answer.json() as Shown;
  const another = await arm.arm('GET', `${id}/operationStatuses/${randomUUID()}?${version}`);
  expect([another.status, errorOf(another).code]).toEqual([404, 'OperationNotFound']);
  return (await arm.arm('GET', `${id}?${version}`)).json() as Shown;
}

function errorOf(answer: Answer): { readonly code: string; readonly message: string } {
  return (answer.json() as { readonly error: { code: string; message: string } }).error;
}

test('a template is deployed in order; outputs come from what is there; secrets are shown and kept nowhere (S1.7)', async () => {
  const template = templateOf(
    [
      extension('Other', {
        dependsOn: [`[resourceId('${extensionType}', parameters('machine'), 'Runner')]`],
        properties: {
          publisher: 'Contoso.Scripts',
          type: 'Other',
          settings: {
            before: `[reference(resourceId('${extensionType}', parameters('machine'), 'Runner')).provisioningState]`,
          },
          protectedSettings: { secret: "[parameters('secret')]" },
        },
      }),
      extension('Runner', {
        properties: { publisher: 'Contoso.Scripts', type: 'Runner', typeHandlerVersion: '1.0.0' },
      }),
      {
        type: 'Microsoft.HybridCompute/licenses',
        name: 'l',
        apiVersion: '2024-07-10',
        location: 'here',
        properties: {},
      },
    ],
    {
      outputs: {
        state: {
          type: 'string',
          value: "[reference(resourceId('Microsoft.HybridCompute/licenses', 'l')).provisioningState]",
        },
      },
    },
  );
  const parameters = { machine: { value: 'web' }, secret: { value: 'canary-in-parameters' } };
  const done = await ended(await put('whole', template, group, parameters));
  expect(done.properties).toMatchObject({
    provisioningState: 'Succeeded',
    outputs: { state: { type: 'string', value: 'Succeeded' } },
    parameters: { machine: { type: 'String', value: 'web' }, secret: { type: 'SecureString' } },
  });
  expect(done.properties.outputResources).toHaveLength(3);
  const other = await arm.arm('GET', `${agent.resourceId}/extensions/Other?api-version=2024-07-10`);
  expect(other.json()).toMatchObject({ properties: { settings: { before: 'Succeeded' } } });
  const operations = await arm.arm('GET', `${done.id}/operations?${version}`);
  expect((operations.json() as { readonly value: unknown[] }).value).toHaveLength(3);
  const kept = storedRows(join(folder, 'state'), 'SELECT * FROM plain_resources');
  expect([kept.length > 0, JSON.stringify(kept).includes('canary')]).toEqual([true, false]);
  // Nor in the pages of what was erased, where the files are ours to look into.
  for (const file of isPostgresUnderTest() ? [] : ['sallyport.sqlite', 'sallyport.sqlite-wal']) {
    expect(readFileSync(join(folder, 'state', file)).includes('canary-in-parameters')).toBe(false);
  }
  const events = await arm.arm(
    'GET',
    `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${encodeURIComponent(`resourceUri eq '${done.id}'`)}`,
  );
  expect(events.text).toContain('Create Deployment');
  expect(events.text).not.toContain('canary');
});

test('what fails ends what depends on it and nothing else', async () => {
  const template = templateOf([
    extension('Slow'),
    extension('Refused', { dependsOn: [`[resourceId('${extensionType}', parameters('machine'), 'Slow')]`] }),
    {
      type: 'Microsoft.HybridCompute/licenses',
      name: 'free',
      apiVersion: '2024-07-10',
      location: 'here',
      properties: {},
    },
  ]);
  const { properties } = await ended(await put('partly', template));
  expect([properties.provisioningState, properties.error?.code]).toEqual(['Failed', 'DeploymentFailed']);
  expect(properties.error?.details.map(({ code }) => code)).toEqual(['HandlerEnableFailed']);
  expect(properties.outputResources.map(({ id }) => id.split('/').at(-1))).toEqual(['free']);
  expect((await arm.arm('GET', `${agent.resourceId}/extensions/Refused?api-version=2024-07-10`)).status).toBe(404);
});

test('at a subscription, with a group and a deployment within it', async () => {
  const template = templateOf([
    { type: 'Microsoft.Resources/resourceGroups', name: 'Nested', apiVersion: '2021-04-01', location: 'here' },
    {
      type: 'Microsoft.Resources/deployments',
      name: 'inner',
      apiVersion: '2021-04-01',
      resourceGroup: 'Nested',
      dependsOn: ['Nested'],
      properties: {
        mode: 'Incremental',
        expressionEvaluationOptions: { scope: 'inner' },
        parameters: { name: { value: "[concat(parameters('machine'), '-license')]" } },
        template: {
          parameters: { name: { type: 'string' } },
          resources: [
            {
              type: 'Microsoft.HybridCompute/licenses',
              name: "[parameters('name')]",
              apiVersion: '2024-07-10',
              location: '[resourceGroup().location]',
              properties: {},
            },
          ],
        },
      },
    },
  ]);
  const { properties } = await ended(await put('wide', template, subscription));
  expect(properties.provisioningState).toBe('Succeeded');
  const license = `${subscription}/resourceGroups/Nested/providers/Microsoft.HybridCompute/licenses/web-license`;
  expect((await arm.arm('GET', `${license}?api-version=2024-07-10`)).json()).toMatchObject({ location: 'here' });
});

describe('nothing is begun', () => {
  test.each<[string, object, string]>([
    ['what cannot be read', { template: templateOf([{ type: 'x' }]) }, 'InvalidTemplate'],
    [
      'a type that is not served',
      { template: templateOf([{ type: 'A.B/c', name: 'n', apiVersion: '1' }]) },
      'InvalidResourceType',
    ],
    [
      'an api-version that is not',
      { template: templateOf([extension('Runner', { apiVersion: '1999-01-01' })]) },
      'NoRegisteredProviderFound',
    ],
    ['mode Complete', { mode: 'Complete', template: templateOf([]) }, 'InvalidDeployment'],
    ['T24 a template from elsewhere', { templateLink: { uri: 'http://127.0.0.1:1/' } }, 'InvalidDeployment'],
    ['a circle', { template: templateOf([extension('Runner', { dependsOn: ['web/Runner'] })]) }, 'InvalidTemplate'],
  ])('for %s', async (_what, properties, code) => {
    const body = { properties: { mode: 'Incremental', parameters: { machine: { value: 'web' } }, ...properties } };
    const id = `${group}/providers/Microsoft.Resources/deployments/refused`;
    expect(errorOf(await arm.arm('POST', `${id}/validate?${version}`, body)).code).toBe(code);
    expect(errorOf(await arm.arm('PUT', `${id}?${version}`, body)).code).toBe(code);
    expect((await arm.arm('HEAD', `${id}?${version}`)).status).toBe(404);
  });

  test('by validate', async () => {
    const id = `${group}/providers/Microsoft.Resources/deployments/checked`;
    const body = {
      properties: {
        mode: 'Incremental',
        template: templateOf([extension('New')]),
        parameters: { machine: { value: 'web' } },
      },
    };
    const answer = await arm.arm('POST', `${id}/validate?${version}`, body);
    expect(answer.json()).toMatchObject({
      properties: { validatedResources: [{ id: `${agent.resourceId}/extensions/New` }] },
    });
    expect((await arm.arm('GET', `${id}?${version}`)).status).toBe(404);
  });
});

test('S5.3 policy has its say, and whoever may deploy may write no more than before', async () => {
  const definition = `${subscription}/providers/Microsoft.Authorization/policyDefinitions/${randomUUID()}`;
  const policyRule = {
    if: { field: `${extensionType}/type`, equals: 'Refused' },
    // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
    then: { effect: 'deny' },
  };
  await arm.arm('PUT', `${definition}?api-version=2021-06-01`, { properties: { mode: 'All', policyRule } });
  const assignment = `${group}/providers/Microsoft.Authorization/policyAssignments/none?api-version=2021-06-01`;
  await arm.arm('PUT', assignment, { properties: { policyDefinitionId: definition } });
  const refused = await ended(await put('policy', templateOf([extension('Refused')])));
  expect(refused.properties.error?.details).toMatchObject([{ code: 'RequestDisallowedByPolicy' }]);
  await arm.arm('DELETE', assignment);
  // Somebody who may deploy, and nothing else.
  const role = randomUUID();
  await arm.arm(
    'PUT',
    `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}?api-version=2022-04-01`,
    {
      properties: {
        roleName: 'Deployer',
        assignableScopes: [subscription],
        permissions: [{ actions: ['Microsoft.Resources/deployments/*'], notActions: [] }],
      },
    },
  );
  const client = randomUUID();
  const made = await arm.arm(
    'PUT',
    `/providers/Sallyport.Identity/servicePrincipals/${client}?api-version=2026-11-01`,
    {
      properties: { displayName: 'deployer' },
    },
  );
  const { objectId, clientSecret } = (
    made.json() as { readonly properties: { objectId: string; clientSecret: string } }
  ).properties;
  await arm.arm(
    'PUT',
    `${group}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
    {
      properties: {
        roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        principalId: objectId,
      },
    },
  );
  const deployer = await signIn({ ...plane.operator, clientId: client, clientSecret });
  const path = `${group}/providers/Microsoft.Resources/deployments/limited`;
  const body = {
    properties: {
      mode: 'Incremental',
      template: templateOf([extension('Runner')]),
      parameters: { machine: { value: 'web' } },
    },
  };
  expect((await deployer.arm('PUT', `${path}?${version}`, body)).status).toBe(201);
  deployer.close();
  await expect
    .poll(async () => ((await arm.arm('GET', `${path}?${version}`)).json() as Shown).properties.error?.details, {
      timeout: 20_000,
    })
    .toMatchObject([{ code: 'AuthorizationFailed' }]);
});

test('one that is under way can be called off, and is not begun a second time', async () => {
  const silent = await enrolFakeAgent(() => plane.operator, arm, 'Fleet', 'silent');
  const template = templateOf([extension('Runner')]);
  const parameters = { machine: { value: 'silent' } };
  const answer = await put('waiting', template, group, parameters);
  expect(errorOf(await put('waiting', template, group, parameters)).code).toBe('DeploymentActive');
  const { id } = answer.json() as Shown;
  expect((await arm.arm('DELETE', `${id}?${version}`)).status).toBe(409);
  expect((await arm.arm('POST', `${id}/cancel?${version}`)).status).toBe(204);
  expect((await ended(answer)).properties.provisioningState).toBe('Canceled');
  expect((await arm.arm('DELETE', `${id}?${version}`)).status).toBe(204);
  await silent.stop();
});

describe('what-if', () => {
  interface Change {
    readonly resourceId: string;
    readonly changeType: string;
    readonly after?: object;
    readonly delta?: readonly { readonly path: string; readonly propertyChangeType: string }[];
  }
  interface Prediction {
    readonly status: string;
    readonly error?: { readonly code: string };
    readonly properties?: { readonly changes: readonly Change[] };
  }
  const license = (name: string, more: object = {}): object => ({
    type: 'Microsoft.HybridCompute/licenses',
    apiVersion: '2024-07-10',
    name,
    location: 'here',
    tags: { a: 'b' },
    properties: { licenseType: 'ESU' },
    ...more,
  });

  async function predicted(
    template: object,
    client = arm,
    parameters: object = { machine: { value: 'web' } },
  ): Promise<Prediction> {
    const path = `${group}/providers/Microsoft.Resources/deployments/predicted/whatIf?${version}`;
    const answer = await client.arm('POST', path, { properties: { mode: 'Incremental', template, parameters } });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    return answer.json() as Prediction;
  }
  const words = ({ properties }: Prediction): unknown =>
    properties?.changes.map(({ resourceId, changeType, delta }) => [
      resourceId.split('/').at(-1),
      changeType,
      ...(delta ?? []).map(({ path, propertyChangeType }) => `${propertyChangeType} ${path}`),
    ]);

  test('T81 says what would change, writes nothing, and the deployment does just that', async () => {
    const first = templateOf([license('predicted')]);
    const before = await predicted(first);
    expect(words(before)).toEqual([['predicted', 'Create']]);
    expect(
      (await arm.arm('GET', `${before.properties?.changes[0]?.resourceId ?? ''}?api-version=2024-07-10`)).status,
    ).toBe(404);
    const path = `${group}/providers/Microsoft.Resources/deployments/predicted?${version}`;
    expect((await arm.arm('GET', path)).status).toBe(404);
    expect((await ended(await put('predicted', first))).properties.provisioningState).toBe('Succeeded');
    expect(words(await predicted(first))).toEqual([['predicted', 'NoChange']]);
    const second = templateOf([
      license('predicted', { tags: { c: 'd' }, properties: { licenseType: 'ESU', tenantId: 'x' } }),
      license('other', {
        properties: {
          tenantId: "[reference(resourceId('Microsoft.HybridCompute/licenses', 'third')).provisioningState]",
        },
      }),
      license('third'),
    ]);
    expect(words(await predicted(second))).toEqual([
      ['predicted', 'Modify', 'Delete tags.a', 'Create tags.c', 'Create properties.tenantId'],
      ['other', 'Unsupported'],
      ['third', 'Create'],
    ]);
  });

  test('S5.1 shows what policy would write, and the refusal that the deployment would meet', async () => {
    const definitions = `${subscription}/providers/Microsoft.Authorization/policyDefinitions`;
    const assigned = `${group}/providers/Microsoft.Authorization/policyAssignments`;
    const assign = async (name: string, effect: string): Promise<void> => {
      const policyRule = JSON.parse(
        `{"if":{"field":"type","equals":"Microsoft.HybridCompute/licenses"},"then":${effect}}`,
      ) as unknown;
      await arm.arm('PUT', `${definitions}/${name}?api-version=2021-06-01`, {
        properties: { mode: 'All', policyRule },
      });
      const policyDefinitionId = `${definitions}/${name}`;
      await arm.arm('PUT', `${assigned}/${name}?api-version=2021-06-01`, { properties: { policyDefinitionId } });
    };
    try {
      await assign('by-policy', `{"effect":"append","details":[{"field":"tags['by']","value":"policy"}]}`);
      const appended = await predicted(templateOf([license('appended')]));
      expect(appended.properties?.changes[0]?.after).toMatchObject({ tags: { a: 'b', by: 'policy' } });
      await assign('no-licenses', '{"effect":"deny"}');
      const denied = await predicted(templateOf([license('denied')]));
      expect([denied.status, denied.error?.code]).toEqual(['Failed', 'RequestDisallowedByPolicy']);
    } finally {
      for (const name of ['by-policy', 'no-licenses'])
        await arm.arm('DELETE', `${assigned}/${name}?api-version=2021-06-01`);
    }
    expect((await predicted(templateOf([license('l', { apiVersion: '1999-01-01' })]))).error?.code).toBe(
      'NoRegisteredProviderFound',
    );
  });

  test('S1.7 shows no protected setting, and nothing of a secure parameter', async () => {
    const properties = {
      publisher: 'Contoso.Scripts',
      type: 'Other',
      settings: { said: "[concat('with ', parameters('secret'))]" },
      protectedSettings: { secret: "[parameters('secret')]", other: 'canary-written' },
    };
    const parameters = { machine: { value: 'web' }, secret: { value: 'canary-parameter' } };
    const found = JSON.stringify(await predicted(templateOf([extension('Other', { properties })]), arm, parameters));
    expect(found).not.toContain('canary');
    expect(found).toContain('*******');
  });

  test('T02 asks for the rights that the deployment needs', async () => {
    const clientId = randomUUID();
    const made = await arm.arm(
      'PUT',
      `/providers/Sallyport.Identity/servicePrincipals/${clientId}?api-version=2026-11-01`,
      { properties: { displayName: 'deployer' } },
    );
    const { objectId, clientSecret } = (
      made.json() as { readonly properties: { objectId: string; clientSecret: string } }
    ).properties;
    const roleId = randomUUID();
    const role = `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`;
    const permissions = [{ actions: ['*/read', 'Microsoft.Resources/deployments/*'], notActions: [] }];
    const written = await arm.arm('PUT', `${role}?api-version=2022-04-01`, {
      properties: { roleName: 'Predicts', type: 'CustomRole', permissions, assignableScopes: [subscription] },
    });
    const given = await arm.arm(
      'PUT',
      `${group}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
      { properties: { roleDefinitionId: role, principalId: objectId } },
    );
    expect([written.status, given.status, written.text, given.text]).toEqual([
      201,
      201,
      expect.any(String),
      expect.any(String),
    ]);
    const deployer = await signIn({ ...plane.operator, clientId, clientSecret });
    try {
      const { status, error } = await predicted(templateOf([license('forbidden')]), deployer);
      expect([status, error?.code]).toEqual(['Failed', 'AuthorizationFailed']);
    } finally {
      deployer.close();
    }
  });
});
