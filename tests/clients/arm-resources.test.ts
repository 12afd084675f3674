/** The resource types beside machines and extensions, and what is done to several at once (arm-api §3, §6.2), held against published models. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, reportOf, type FakeAgent } from './fake-agent.ts';
import type { Answer } from './http-client.ts';
import { startFleetOfOne, type FleetOfOne } from './fleet-of-one.ts';
import type { OperatorClient } from './operator-client.ts';
import { publishedModel } from './published-model.ts';

const version = 'api-version=2025-01-13';
const hybridCompute = publishedModel('hybridcompute-2025-01-13');
const guestConfiguration = publishedModel('guestconfiguration-2024-04-05');
let fleet: FleetOfOne;
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let subscription: string;
let group: string;
let agent: FakeAgent;

beforeAll(async () => {
  fleet = await startFleetOfOne('resources');
  ({ plane, arm, subscription, group, agent } = fleet);
});
afterAll(() => fleet?.stop());

function send(method: string, path: string, body?: unknown): Promise<Answer> {
  return arm.arm(method, `${path}?${version}`, body);
}

function errorOf(answer: Answer): { readonly code: string; readonly message: string } {
  return (answer.json() as { readonly error: { code: string; message: string } }).error;
}

/** Reports everything that the machine is to do as done, or as failed. */
async function work(failing: readonly string[] = []): Promise<void> {
  for (const entry of (await agent.goalState()).extensions.filter(({ operationDone }) => !operationDone)) {
    const failed = failing.includes(entry.resourceName);
    const error = { error: { code: 'HandlerEnableFailed', message: 'It broke.' } };
    await agent.report([reportOf(entry, failed ? 'Failed' : 'Succeeded', failed ? error : {})]);
  }
}

async function followed(
  answer: Answer,
): Promise<{ readonly status: string; readonly error?: { readonly code: string } }> {
  const url = new URL(String(answer.headers['azure-asyncoperation']));
  return (await arm.arm('GET', url.pathname + url.search)).json() as { readonly status: string };
}

const contoso = (type: string, more: object = {}): object => ({ publisher: 'Contoso.Scripts', type, ...more });

describe('addExtensions and upgradeExtensions', () => {
  test('several extensions are added and upgraded in one request, followed as one', async () => {
    const added = await send('POST', `${agent.resourceId}/addExtensions`, {
      extensions: [contoso('Runner', { typeHandlerVersion: '1.0.0', settings: { a: 1 } }), contoso('Other')],
    });
    expect(added.status).toBe(200);
    expect(added.json()).toMatchObject({
      extensions: [
        { type: 'Runner', provisioningState: 'Creating' },
        { type: 'Other', provisioningState: 'Creating' },
      ],
    });
    expect((await followed(added)).status).toBe('InProgress');
    await work();
    expect((await followed(added)).status).toBe('Succeeded');
    const upgraded = await send('POST', `${agent.resourceId}/upgradeExtensions`, {
      extensionTargets: { 'contoso.scripts.RUNNER': { targetVersion: '2.0.0' }, 'Contoso.Scripts.Other': {} },
    });
    expect([upgraded.status, upgraded.text, upgraded.headers['retry-after']]).toEqual([202, '', '1']);
    const [runner] = (await agent.goalState()).extensions;
    // Everything but the version is as it was.
    expect(runner).toMatchObject({ version: '2.0.0', settings: { a: 1 } });
    await work(['Other']);
    const ended = await followed(upgraded);
    expect([ended.status, ended.error?.code]).toEqual(['Failed', 'HandlerEnableFailed']);
    const shown = (await send('GET', `${agent.resourceId}/extensions/Runner`)).json();
    expect(shown).toMatchObject({ properties: { typeHandlerVersion: '2.0.0', provisioningState: 'Succeeded' } });
  });

  test.each<[string, object, string]>([
    ['upgradeExtensions', { extensionTargets: {} }, 'InvalidRequestContent'],
    ['upgradeExtensions', { extensionTargets: { 'No.Such': {} } }, 'ResourceNotFound'],
    [
      'upgradeExtensions',
      { extensionTargets: { 'Contoso.Scripts.Runner': { targetVersion: 'new' } } },
      'InvalidRequestContent',
    ],
    [
      'upgradeExtensions',
      { extensionTargets: { 'Contoso.Scripts.Runner': { targetVersion: '9.9' } } },
      'ExtensionVersionNotFound',
    ],
    ['addExtensions', { extensions: [contoso('Refused'), contoso('Unknown')] }, 'ExtensionNotFound'],
  ])('%s %j is refused as a whole', async (action, body, code) => {
    const before = await agent.goalState();
    expect(errorOf(await send('POST', `${agent.resourceId}/${action}`, body)).code).toBe(code);
    expect((await agent.goalState()).generation).toBe(before.generation);
  });
});

describe('provisionAfterExtensions (handler contract §6)', () => {
  let machine: FakeAgent;
  beforeAll(async () => {
    machine = await enrolFakeAgent(() => plane.operator, arm, 'Fleet', 'ordered');
  });
  afterAll(() => machine?.stop());

  const put = (type: string, ...after: readonly string[]): Promise<Answer> =>
    send('PUT', `${machine.resourceId}/extensions/${type}`, {
      location: 'here',
      properties: contoso(type, after.length === 0 ? {} : { provisionAfterExtensions: after }),
    });
  const order = async (): Promise<Readonly<Record<string, unknown>>> =>
    Object.fromEntries(
      (await machine.goalState()).extensions.map(({ resourceName, dependencyLevel, dependsOn }) => [
        resourceName,
        dependencyLevel === undefined ? 'none' : [dependencyLevel, dependsOn],
      ]),
    );
  const namesOf = async (type: string): Promise<unknown> =>
    (
      (await send('GET', `${machine.resourceId}/extensions/${type}`)).json() as {
        readonly properties: { readonly provisionAfterExtensions?: unknown };
      }
    ).properties.provisionAfterExtensions;

  test('levels reach the machine; those of one request may name each other in any order', async () => {
    const added = await send('POST', `${machine.resourceId}/addExtensions`, {
      extensions: [contoso('Runner', { provisionAfterExtensions: ['OTHER', 'other'] }), contoso('Other')],
    });
    expect([added.status, added.text]).toEqual([200, expect.stringContaining('"provisionAfterExtensions":["other"]')]);
    expect(await order()).toEqual({ Runner: [1, ['other']], Other: [0, []] });
    for (const entry of (await machine.goalState()).extensions) await machine.report([reportOf(entry, 'Succeeded')]);
    // A PATCH and an upgrade leave it as it is; a PUT that does not name any means none.
    const patched = await send('PATCH', `${machine.resourceId}/extensions/Runner`, {
      properties: { settings: { a: 1 } },
    });
    expect(patched.status).toBe(200);
    expect(await namesOf('Runner')).toEqual(['other']);
  });

  test('a circle, a name that the machine does not have, and nonsense are refused, and nothing is stored', async () => {
    for (const entry of (await machine.goalState()).extensions) await machine.report([reportOf(entry, 'Succeeded')]);
    const before = await machine.goalState();
    const circle = errorOf(await put('Other', 'Runner'));
    expect(circle).toMatchObject({ code: 'InvalidRequestContent' });
    expect(circle.message).toMatch(/'(Other|Runner)' after '(Other|Runner)' after '\1'/);
    expect(errorOf(await put('Other', 'Other')).message).toContain("'Other' after 'Other'");
    expect(errorOf(await put('Other', 'nobody')).message).toContain("'Other' is to come after 'nobody'");
    const many = Array.from({ length: 33 }, (_, i) => `e${i}`);
    expect((await put('Other', ...many)).status).toBe(400);
    const nonsense = { location: 'here', properties: contoso('Other', { provisionAfterExtensions: 'Runner' }) };
    expect((await send('PUT', `${machine.resourceId}/extensions/Other`, nonsense)).status).toBe(400);
    expect(await machine.goalState()).toEqual(before);
    expect(await namesOf('Other')).toBeUndefined();
  });

  test('what waits is shown while it is delivered; one that failed before anything of it was there leaves the name standing', async () => {
    await put('Other');
    await put('Runner', 'Other');
    const { extensions } = await machine.goalState();
    const [runner, other] = ['Runner', 'Other'].map((name) =>
      extensions.find(({ resourceName }) => resourceName === name),
    );
    if (runner === undefined || other === undefined) throw new Error('The goal state is not whole.');
    const step = { name: 'waiting', message: "Waits for 'Other'", elapsedSeconds: 0, limitSeconds: 60 };
    await machine.report([reportOf(runner, 'Delivered', { step })]);
    const shown = await send('GET', `${machine.resourceId}/extensions/Runner`);
    expect(shown.text).toContain('Sallyport/Step/waiting');
    expect(shown.text).toContain("Waits for 'Other', for");
    expect(shown.text).not.toContain('OperationState/Downloading');
    const error = { code: 'DependencyFailed', message: 'Skipping.' };
    await machine.report([reportOf(runner, 'Failed', { error })]);
    await machine.report([reportOf(other, 'Succeeded')]);
  });

  test('one that is deleted is taken out of the lists of the others, which can be changed again', async () => {
    expect((await send('DELETE', `${machine.resourceId}/extensions/Other`)).status).toBe(202);
    expect(await order()).toMatchObject({ Other: [0, []] });
    const gone = (await machine.goalState()).extensions.find(({ desired }) => desired === 'absent');
    if (gone === undefined) throw new Error('Nothing is to be removed.');
    await machine.report([reportOf(gone, 'Succeeded')]);
    expect(await namesOf('Runner')).toBeUndefined();
    expect(
      (await send('PATCH', `${machine.resourceId}/extensions/Runner`, { properties: { settings: {} } })).status,
    ).toBe(200);
    expect(await order()).toEqual({ Runner: 'none' });
  });
});

describe('licenses, profiles, private link scopes, guest configuration assignments', () => {
  const cases: readonly (readonly [string, string, object, object, number])[] = [
    [
      'licenses/esu',
      'Microsoft.HybridCompute/licenses',
      {
        location: 'here',
        tags: { a: 'b' },
        properties: {
          licenseType: 'ESU',
          tenantId: 'ignored-by-nobody',
          licenseDetails: {
            state: 'Activated',
            target: 'Windows Server 2012',
            edition: 'Datacenter',
            type: 'pCore',
            processors: 6,
          },
        },
      },
      { properties: { licenseDetails: { processors: 6, assignedLicenses: 0 }, provisioningState: 'Succeeded' } },
      200,
    ],
    [
      'machines/web/licenseProfiles/default',
      'Microsoft.HybridCompute/machines/licenseProfiles',
      { location: 'here', properties: { softwareAssurance: { softwareAssuranceCustomer: true } } },
      { properties: { softwareAssurance: { softwareAssuranceCustomer: true } } },
      201,
    ],
    [
      'privateLinkScopes/private',
      'Microsoft.HybridCompute/privateLinkScopes',
      { location: 'here', properties: { provisioningState: 'Mine', privateLinkScopeId: 'mine' } },
      {
        properties: { publicNetworkAccess: 'Disabled', provisioningState: 'Succeeded', privateEndpointConnections: [] },
      },
      201,
    ],
    [
      'privateLinkScopes/private/privateEndpointConnections/c',
      'Microsoft.HybridCompute/privateLinkScopes/privateEndpointConnections',
      { properties: { privateLinkServiceConnectionState: { status: 'Approved', description: 'by me' } } },
      { properties: { privateLinkServiceConnectionState: { status: 'Approved', actionsRequired: 'None' } } },
      200,
    ],
    [
      'machines/web/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments/Baseline',
      'Microsoft.GuestConfiguration/guestConfigurationAssignments',
      {
        location: 'here',
        properties: {
          guestConfiguration: { name: 'Baseline', version: '1.*', configurationParameter: [{ name: 'a', value: 'b' }] },
          complianceStatus: 'Compliant',
        },
      },
      // Nobody has reported on it, whatever its writer says.
      { properties: { complianceStatus: 'Pending', parameterHash: Buffer.from('a=b').toString('base64') } },
      201,
    ],
  ];

  test.each(cases)('%s', async (path, type, body, expected, created) => {
    const id = `${group}/providers/Microsoft.HybridCompute/${path}`;
    const apiVersion = type.startsWith('Microsoft.GuestConfiguration') ? 'api-version=2024-04-05' : version;
    const model = type.startsWith('Microsoft.GuestConfiguration') ? guestConfiguration : hybridCompute;
    expect((await arm.arm('GET', `${id}?${apiVersion}`)).status).toBe(404);
    const cut = id.lastIndexOf('/');
    // Whatever the case of what it stands in, there is one resource, and it has the stored spelling.
    const made = await arm.arm('PUT', `${id.slice(0, cut).toUpperCase()}${id.slice(cut)}?${apiVersion}`, body);
    expect([made.status, made.json()]).toMatchObject([created, { id }]);
    expect((await arm.arm('PUT', `${id.toUpperCase()}?${apiVersion}`, body)).json()).toMatchObject({ id });
    const shown = (await arm.arm('GET', `${id}?${apiVersion}`)).json();
    expect(shown).toMatchObject({ ...expected, type });
    expect(model.faults(type, shown)).toEqual([]);
    const collection = id.slice(0, id.lastIndexOf('/'));
    const listed = (await arm.arm('GET', `${collection}?${apiVersion}`)).json() as { readonly value: unknown[] };
    expect(listed.value).toHaveLength(1);
  });

  test('what depends on another is refused without it, and counts are of what there is', async () => {
    const hybrid = `${group}/providers/Microsoft.HybridCompute`;
    const orphan = await send('PUT', `${hybrid}/privateLinkScopes/none/privateEndpointConnections/c`, {});
    expect(errorOf(orphan).code).toBe('ParentResourceNotFound');
    expect(errorOf(await send('PUT', `${hybrid}/machines/none/licenseProfiles/default`, {})).code).toBe(
      'ParentResourceNotFound',
    );
    expect(errorOf(await send('PUT', `${hybrid}/licenses/nowhere`, {})).code).toBe('LocationRequired');
    const assigned = { properties: { esuProfile: { assignedLicense: `${hybrid}/licenses/ESU` } } };
    await send('PATCH', `${hybrid}/machines/web/licenseProfiles/default`, assigned);
    const license = (await send('GET', `${hybrid}/licenses/esu`)).json();
    expect(license).toMatchObject({ properties: { licenseDetails: { assignedLicenses: 1 } } });
    const { licenseDetails } = (
      license as { readonly properties: { readonly licenseDetails: { immutableId: string } } }
    ).properties;
    const licenseProfile = {
      esuProfile: { licenseAssignmentState: 'Assigned', assignedLicenseImmutableId: licenseDetails.immutableId },
      softwareAssurance: { softwareAssuranceCustomer: true },
    };
    expect((await send('GET', agent.resourceId)).json()).toMatchObject({ properties: { licenseProfile } });
    const machines = (await send('GET', `${hybrid}/machines`)).json() as {
      readonly value: readonly { name: string }[];
    };
    expect(machines.value.find(({ name }) => name === 'web')).toMatchObject({ properties: { licenseProfile } });
    expect((await send('GET', `${hybrid}/privateLinkScopes/private`)).json()).toMatchObject({
      properties: { privateEndpointConnections: [{ name: 'c' }] },
    });
    expect((await send('DELETE', `${hybrid}/privateLinkScopes/private`)).status).toBe(200);
    expect((await send('DELETE', `${hybrid}/privateLinkScopes/private`)).status).toBe(204);
    expect((await send('GET', `${hybrid}/privateLinkScopes/private/privateEndpointConnections/c`)).status).toBe(404);
  });

  test('S1.7 protected parameters of guest configuration are refused, as nobody could deliver them', async () => {
    const id = `${agent.resourceId}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments/Secret`;
    const refused = await arm.arm('PUT', `${id}?api-version=2024-04-05`, {
      properties: { guestConfiguration: { configurationProtectedParameter: [{ name: 'x', value: 'canary' }] } },
    });
    expect([refused.status, refused.text.includes('canary')]).toEqual([400, false]);
  });
});

test('machines and extensions have the published shapes too, and a shape that is wrong is noticed', async () => {
  const machine = (await send('GET', agent.resourceId)).json() as Record<string, unknown>;
  const extension = (await send('GET', `${agent.resourceId}/extensions/Runner`)).json() as Record<string, unknown>;
  const [machineType, extensionType] = [
    'Microsoft.HybridCompute/machines',
    'Microsoft.HybridCompute/machines/extensions',
  ];
  expect(hybridCompute.faults(machineType, machine)).toEqual([]);
  // The steps of the last operation are ours (decision 0070).
  expect(hybridCompute.faults(extensionType, extension)).toEqual([
    'Microsoft.HybridCompute/machines/extensions.properties.instanceView.statuses is unknown',
  ]);
  const properties = machine['properties'] as object;
  expect(hybridCompute.faults(machineType, { ...machine, properties: { ...properties, vmId: 7 } })).toHaveLength(1);
  expect(hybridCompute.faults(machineType, { ...machine, properties: { ...properties, localControls: {} } })).toEqual([
    'Microsoft.HybridCompute/machines.properties.localControls is unknown',
  ]);
  const { id: _id, ...anonymous } = extension;
  expect(hybridCompute.faults(extensionType, anonymous)).toContain('id is missing');
});

describe('tags and lists', () => {
  const tagsAt = (scope: string): string =>
    `${scope}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01`;
  const listed = (filter: string): Promise<Answer> =>
    arm.arm('GET', `${subscription}/resources?api-version=2021-04-01&$filter=${encodeURIComponent(filter)}`);
  const withTag = async (name: string, value?: string): Promise<readonly string[]> => {
    const answer = await listed(`tagName eq '${name}'${value === undefined ? '' : ` and tagValue eq '${value}'`}`);
    return (answer.json() as { readonly value: readonly { readonly id: string }[] }).value.map(({ id }) => id);
  };

  test.each(["tagValue eq '1'", "tagName ne 'a'", "tagName eq 'a' and tagValue ne '1'"])(
    'a $filter about tags that is not possible is refused, not ignored: %s',
    async (filter) => {
      const answer = await listed(filter);
      expect([answer.status, errorOf(answer).code]).toEqual([400, 'InvalidFilter']);
    },
  );

  test('what is written with tags is found by them, until it has others or is gone', async () => {
    const id = `${agent.resourceId}/extensions/Tagged`;
    const body = (tags: object, more: object = {}): object => ({
      location: 'here',
      tags,
      properties: contoso('Slow', more),
    });
    const found = async (): Promise<readonly number[]> =>
      Promise.all([withTag('FIRST'), withTag('first', 'One'), withTag('first', 'one'), withTag('second')]).then((all) =>
        all.map((ids) => ids.filter((one) => one === id).length),
      );
    expect((await send('PUT', id, body({ First: 'One' }))).status).toBe(200);
    expect(await found()).toEqual([1, 1, 0, 0]);
    await work();
    expect((await send('PUT', id, body({ second: '' }))).status).toBe(200);
    expect(await found()).toEqual([0, 0, 0, 1]);
    await work();
    expect((await send('PATCH', id, { properties: { settings: { a: 1 } } })).status).toBe(200);
    expect(await found()).toEqual([0, 0, 0, 1]);
    await work();
    expect((await send('PATCH', id, { tags: { first: 'one' }, properties: { settings: { a: 2 } } })).status).toBe(200);
    expect(await found()).toEqual([1, 0, 1, 0]);
    await work();
    await send('DELETE', id);
    await work();
    expect(await found()).toEqual([0, 0, 0, 0]);
    expect((await send('PUT', id, body({}))).status).toBe(200);
    expect(await found()).toEqual([0, 0, 0, 0]);
    await work();
    await send('DELETE', id);
    await work();
  });

  test.each([
    ['a subscription', (): string => subscription],
    ['a group', (): string => group],
    ['a machine', (): string => agent.resourceId],
    ['an extension', (): string => `${agent.resourceId}/extensions/Runner`],
    ['a license', (): string => `${group}/providers/Microsoft.HybridCompute/licenses/esu`],
  ])('the tags of %s are replaced, merged and deleted, and found by', async (what, scope) => {
    const isListed = what !== 'a subscription' && what !== 'a group';
    const found = async (name: string, value?: string): Promise<boolean> =>
      (await withTag(name, value)).includes(scope());
    const shown = async (): Promise<unknown> =>
      ((await arm.arm('GET', tagsAt(scope()))).json() as { readonly properties: { readonly tags: unknown } }).properties
        .tags;
    const patch = (operation: string, tags: object): Promise<Answer> =>
      arm.arm('PATCH', tagsAt(scope()), { operation, properties: { tags } });
    expect((await arm.arm('PUT', tagsAt(scope()), { properties: { tags: { a: '1', b: '2' } } })).status).toBe(200);
    expect(await shown()).toEqual({ a: '1', b: '2' });
    await patch('Merge', { A: '3', c: '4' });
    expect(await shown()).toEqual({ A: '3', b: '2', c: '4' });
    expect([await found('a', '1'), await found('a', '3'), await found('C')]).toEqual([false, isListed, isListed]);
    await patch('Delete', { a: '3', b: 'another' });
    expect(await shown()).toEqual({ b: '2', c: '4' });
    await patch('Replace', { d: '5' });
    expect(await shown()).toEqual({ d: '5' });
    expect([await found('b'), await found('D', '5')]).toEqual([false, isListed]);
    expect((await arm.arm('DELETE', tagsAt(scope()))).status).toBe(200);
    expect(await shown()).toEqual({});
    expect(await found('d')).toBe(false);
  });

  test('what has no tags is told so', async () => {
    const answer = await arm.arm(
      'GET',
      tagsAt(`${agent.resourceId}/providers/Microsoft.Authorization/policyAssignments/x`),
    );
    expect(errorOf(answer).code).toBe('InvalidParameter');
  });

  test('every tracked resource is listed, with what $expand asks for, and without properties', async () => {
    const answer = await arm.arm(
      'GET',
      `${subscription}/resources?api-version=2021-04-01&$filter=&$expand=createdTime,changedTime,provisioningState`,
    );
    const { value } = answer.json() as { readonly value: readonly Record<string, unknown>[] };
    expect(value.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        'Microsoft.HybridCompute/machines',
        'Microsoft.HybridCompute/machines/extensions',
        'Microsoft.HybridCompute/licenses',
      ]),
    );
    for (const one of value) {
      expect(one).not.toHaveProperty('properties');
      expect(one).toMatchObject({ createdTime: expect.stringMatching(/Z$/) as unknown });
    }
    const states = value.filter(({ name }) => name === 'web/Other').map(({ provisioningState }) => provisioningState);
    expect(states).toEqual(['Failed']);
  });

  test('S2.2 a group takes what stands in it along', async () => {
    const other = `${subscription}/resourceGroups/Gone`;
    await arm.arm('PUT', `${other}?api-version=2021-04-01`, { location: 'here' });
    const license = `${other}/providers/Microsoft.HybridCompute/licenses/l`;
    expect((await send('PUT', license, { location: 'here', properties: {} })).status).toBe(200);
    await arm.arm('DELETE', `${other}?api-version=2021-04-01`);
    await arm.arm('PUT', `${other}?api-version=2021-04-01`, { location: 'here' });
    expect((await send('GET', license)).status).toBe(404);
  });
});

describe('locks', () => {
  const lockVersion = 'api-version=2016-09-01';
  const lockAt = (scope: string, name = 'l'): string =>
    `${scope}/providers/Microsoft.Authorization/locks/${name}?${lockVersion}`;
  const level = (word: string): { readonly properties: object } => ({
    properties: { level: word, notes: 'by the platform team' },
  });
  const locked = [409, 'ScopeLocked'];
  const codeOf = (answer: Answer): unknown => [answer.status, answer.status < 400 ? '' : errorOf(answer).code];

  test('CanNotDelete stands against deletion, of what holds it too, and against nothing else, whoever asks', async () => {
    const scope = `${subscription}/resourceGroups/Kept`;
    await arm.arm('PUT', `${scope}?api-version=2021-04-01`, { location: 'here' });
    const license = `${scope}/providers/Microsoft.HybridCompute/licenses/l`;
    await send('PUT', license, { location: 'here', properties: {} });
    const made = await arm.arm('PUT', lockAt(license), level('CanNotDelete'));
    expect([made.status, made.json()]).toMatchObject([
      201,
      { name: 'l', properties: level('CanNotDelete').properties },
    ]);
    expect((await arm.arm('PUT', lockAt(license), level('CanNotDelete'))).status).toBe(200);
    const refused = await send('DELETE', license);
    expect(codeOf(refused)).toEqual(locked);
    expect(errorOf(refused).message).toContain(
      `'${license}' cannot perform delete operation because following scope(s) are locked: '${license}'`,
    );
    expect(codeOf(await arm.arm('DELETE', `${scope}?api-version=2021-04-01`))).toEqual(locked);
    expect((await send('PATCH', license, { tags: { a: 'b' } })).status).toBe(200);
    const listed = await arm.arm('GET', `${subscription}/providers/Microsoft.Authorization/locks?${lockVersion}`);
    expect((listed.json() as { readonly value: { id: string }[] }).value.map(({ id }) => id)).toContain(
      `${license}/providers/Microsoft.Authorization/locks/l`,
    );
    expect((await arm.arm('DELETE', lockAt(license))).status).toBe(200);
    expect((await arm.arm('DELETE', lockAt(license))).status).toBe(204);
    expect((await send('DELETE', license)).status).toBe(200);
  });

  test('ReadOnly stands against every change below, actions and templates included, and not against questions', async () => {
    const machine = agent.resourceId;
    await arm.arm('PUT', lockAt(group.toUpperCase(), 'frozen'), level('ReadOnly'));
    try {
      const extension = { location: 'here', properties: { publisher: 'Contoso.Scripts', type: 'Slow' } };
      const tags = `${machine}/providers/Microsoft.Resources/tags/default`;
      const license = {
        type: 'Microsoft.HybridCompute/licenses',
        apiVersion: '2025-01-13',
        name: 'x',
        location: 'here',
        properties: {},
      };
      const template = { $schema: 'x', contentVersion: '1.0.0.0', resources: [license] };
      const deployment = `${group}/providers/Microsoft.Resources/deployments/x`;
      const before = await agent.goalState();
      for (const [method, path, body] of [
        ['PUT', `${machine}/extensions/Slow`, extension],
        ['PATCH', machine, { tags: {} }],
        ['POST', `${machine}/addExtensions`, { extensions: [contoso('Slow')] }],
        ['PATCH', tags, { operation: 'Merge', properties: { tags: { a: 'b' } } }],
        ['PUT', deployment, { properties: { mode: 'Incremental', template } }],
        ['DELETE', machine, undefined],
      ] as const)
        expect([method, path, codeOf(await send(method, path, body))]).toEqual([method, path, locked]);
      expect((await agent.goalState()).generation).toBe(before.generation);
      const states = `${group}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults`;
      expect((await send('POST', states, {})).status).toBe(200);
      expect((await send('GET', machine)).status).toBe(200);
      const log = await arm.arm(
        'GET',
        `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${encodeURIComponent(`resourceUri eq '${machine}/extensions/Slow' and status eq 'Failed'`)}`,
      );
      expect(log.text).toContain('ScopeLocked');
    } finally {
      expect((await arm.arm('DELETE', lockAt(group, 'frozen'))).status).toBe(200);
    }
    expect((await send('PATCH', machine, { tags: {} })).status).toBe(200);
  });

  test('what is no lock is refused', async () => {
    expect(codeOf(await arm.arm('PUT', lockAt(group), level('NotSpecified')))).toEqual([400, 'InvalidRequestContent']);
    expect(codeOf(await arm.arm('PUT', lockAt(`${subscription}/resourceGroups/Nowhere`), level('ReadOnly')))).toEqual([
      404,
      'ResourceGroupNotFound',
    ]);
  });
});

test('§7.3 a provider tells the aliases of its types to who asks for them', async () => {
  interface Told {
    readonly resourceTypes: readonly {
      readonly resourceType: string;
      readonly aliases?: readonly {
        readonly name: string;
        readonly defaultPath: string;
        readonly defaultMetadata: object;
      }[];
    }[];
  }
  const ask = async (query: string): Promise<Told> =>
    (
      await arm.arm('GET', `${subscription}/providers/Microsoft.HybridCompute?api-version=2021-04-01${query}`)
    ).json() as Told;
  const told = (await ask('&$expand=resourceTypes/aliases')).resourceTypes.find(
    ({ resourceType }) => resourceType === 'machines/extensions',
  );
  expect(told?.aliases).toContainEqual({
    name: 'Microsoft.HybridCompute/machines/extensions/enableAutomaticUpgrade',
    type: 'PlainText',
    defaultPath: 'properties.enableAutomaticUpgrade',
    defaultMetadata: { type: 'Boolean', attributes: 'Modifiable' },
    paths: [],
  });
  expect((await ask('')).resourceTypes.some(({ aliases }) => aliases !== undefined)).toBe(false);
});
