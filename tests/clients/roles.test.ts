/** Roles as callers meet them: nobody may do what no role permits, at no path (issue 4.4). */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, enrolment, machineKey, type FakeAgent } from './fake-agent.ts';
import type { Answer } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { runScript } from './run-script.ts';
import { createTestGallery } from './test-gallery.ts';

interface Credential {
  readonly clientId: string;
  readonly objectId: string;
  readonly clientSecret: string;
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-roles-'));
const state = join(folder, 'state');
const roles = {
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  onboarding: 'b64e21ea-ac4e-4cdf-9dc9-5b892992bee7',
  machineAdministrator: 'cd570a14-e51a-42ad-bac8-bafd67325302',
} as const;
const groupVersion = 'api-version=2021-04-01';
const machineVersion = 'api-version=2024-07-10';
const roleVersion = 'api-version=2022-04-01';
const principalVersion = 'api-version=2026-11-01';
let plane: ControlPlaneProcess;
let owner: OperatorClient;
let agent: FakeAgent;
let subscription: string;
let group: string;
const clients: OperatorClient[] = [];

beforeAll(async () => {
  const gallery = await createTestGallery(join(folder, 'gallery'));
  plane = await startControlPlaneProcess(state, '--gallery', gallery.directory);
  owner = await signIn(plane.operator);
  subscription = `/subscriptions/${plane.operator.subscriptionId}`;
  group = `${subscription}/resourceGroups/Fleet`;
  await owner.arm('PUT', `${group}?${groupVersion}`, { location: 'here' });
  await owner.arm('PUT', `${subscription}/resourceGroups/Other?${groupVersion}`, { location: 'here' });
  agent = await enrolFakeAgent(() => plane.operator, owner, 'Fleet', 'web');
});

afterAll(async () => {
  await agent?.stop();
  for (const client of clients) client.close();
  owner?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

async function newPrincipal(name: string): Promise<Credential> {
  const answer = await owner.arm(
    'PUT',
    `/providers/Sallyport.Identity/servicePrincipals/${randomUUID()}?${principalVersion}`,
    { properties: { displayName: name } },
  );
  expect(answer.status).toBe(201);
  return (answer.json() as { readonly properties: Credential }).properties;
}

async function assign(
  principalId: string,
  role: keyof typeof roles,
  scope: string,
  name = randomUUID(),
): Promise<Answer> {
  const path = `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments/${name}?${roleVersion}`;
  const roleDefinitionId = `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roles[role]}`;
  return owner.arm('PUT', path, { properties: { roleDefinitionId, principalId } });
}

async function signInAs({ clientId, clientSecret }: Credential): Promise<OperatorClient> {
  const client = await signIn({ ...plane.operator, clientId, clientSecret });
  clients.push(client);
  return client;
}

async function someoneWith(role: keyof typeof roles, scope: string): Promise<OperatorClient & Credential> {
  const credential = await newPrincipal(role);
  expect((await assign(credential.objectId, role, scope)).status).toBe(201);
  return { ...(await signInAs(credential)), ...credential };
}

function newMachine(): Record<string, unknown> {
  return enrolment(randomUUID(), machineKey().publicKey);
}

function codeOf(answer: Answer): string {
  return (answer.json() as { readonly error: { readonly code: string } }).error.code;
}

function names(answer: Answer): readonly string[] {
  return (answer.json() as { readonly value: readonly { readonly name: string }[] }).value.map(({ name }) => name);
}

/** Every path that is served, with what it takes: what somebody without a role may do at each is the table below. */
function requests(): readonly (readonly [method: string, path: string, body?: unknown])[] {
  const machine = `${group}/providers/Microsoft.HybridCompute/machines/web`;
  const extension = { location: 'here', properties: { publisher: 'Contoso.Scripts', type: 'Other' } };
  const role = randomUUID();
  return [
    ['GET', `${subscription}?${groupVersion}`],
    ['GET', `${subscription}/locations?${groupVersion}`],
    ['PUT', `${group}?${groupVersion}`, { location: 'here' }],
    ['PATCH', `${group}?${groupVersion}`, { tags: {} }],
    ['GET', `${group}?${groupVersion}`],
    ['HEAD', `${group}?${groupVersion}`],
    ['DELETE', `${group}?${groupVersion}`],
    ['POST', `${subscription}/providers/Microsoft.HybridCompute/register?${groupVersion}`],
    ['GET', `${subscription}/providers/Microsoft.HybridCompute/machines?${machineVersion}`],
    ['GET', `${group}/providers/Microsoft.HybridCompute/machines?${machineVersion}`],
    ['GET', `${machine}?${machineVersion}`],
    ['PUT', `${group}/providers/Microsoft.HybridCompute/machines/new?${machineVersion}`, newMachine()],
    ['PATCH', `${machine}?${machineVersion}`, { tags: {} }],
    ['DELETE', `${machine}?${machineVersion}`],
    ['GET', `${machine}/extensions?${machineVersion}`],
    ['GET', `${machine}/extensions/x?${machineVersion}`],
    ['PUT', `${machine}/extensions/x?${machineVersion}`, extension],
    ['PATCH', `${machine}/extensions/x?${machineVersion}`, extension],
    ['DELETE', `${machine}/extensions/x?${machineVersion}`],
    ['GET', `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01`],
    ['GET', `/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01`],
    ['GET', `${subscription}/providers/Microsoft.Authorization/roleDefinitions?${roleVersion}`],
    ['GET', `${subscription}/providers/Microsoft.Authorization/roleAssignments?${roleVersion}`],
    ['PUT', `${subscription}/providers/Microsoft.Authorization/roleAssignments/${role}?${roleVersion}`, {}],
    ['DELETE', `${subscription}/providers/Microsoft.Authorization/roleAssignments/${role}?${roleVersion}`],
    ['PUT', `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}?${roleVersion}`, {}],
    ['DELETE', `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}?${roleVersion}`],
    ['PUT', `${machine}/providers/Microsoft.Authorization/roleAssignments/${role}?${roleVersion}`, {}],
    ...identityRequests(role),
    ['GET', `/providers/Sallyport.Identity/servicePrincipals?${principalVersion}`],
    ['GET', `/providers/Sallyport.Identity/servicePrincipals/${plane.operator.clientId}?${principalVersion}`],
    ['PUT', `/providers/Sallyport.Identity/servicePrincipals/${role}?${principalVersion}`, {}],
    ['DELETE', `/providers/Sallyport.Identity/servicePrincipals/${plane.operator.clientId}?${principalVersion}`],
    [
      'POST',
      `/providers/Sallyport.Identity/servicePrincipals/${plane.operator.clientId}/rotateSecret?${principalVersion}`,
    ],
  ];
}

/** Who can sign in and how: whoever could change that could take anybody's place. */
function identityRequests(name: string): readonly (readonly [method: string, path: string, body?: unknown])[] {
  const identity = '/providers/Sallyport.Identity';
  const principal = `${identity}/servicePrincipals/${plane.operator.clientId}`;
  const user = `${identity}/users/anna@example.org`;
  const paths = [principal, user].map((path) => `${path}/federatedCredentials`);
  return [
    ...[...paths, `${principal}/certificates`].flatMap((path): [string, string, unknown?][] => [
      ['GET', `${path}?${principalVersion}`],
      ['GET', `${path}/${name}?${principalVersion}`],
      ['PUT', `${path}/${name}?${principalVersion}`, {}],
      ['DELETE', `${path}/${name}?${principalVersion}`],
    ]),
    ['GET', `${identity}/users?${principalVersion}`],
    ['GET', `${user}?${principalVersion}`],
    ['PUT', `${user}?${principalVersion}`, { properties: { displayName: 'x' } }],
    ['DELETE', `${user}?${principalVersion}`],
    ['POST', `${user}/resetPassword?${principalVersion}`],
    ['POST', `${user}/endSessions?${principalVersion}`],
    ['GET', `${identity}/signingKeys?${principalVersion}`],
    ['DELETE', `${identity}/signingKeys/x?${principalVersion}`],
    ['POST', `${identity}/rotateSigningKeys?${principalVersion}`],
  ];
}

describe('roles', () => {
  test('T02 somebody without a role may do nothing, at every path, and is told so as ARM tells it', async () => {
    const nobody = await signInAs(await newPrincipal('nobody'));
    for (const [method, path, body] of requests()) {
      const answer = await nobody.arm(method, path, body);
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      if (method !== 'HEAD') expect(codeOf(answer)).toBe('AuthorizationFailed');
    }
    for (const path of [
      `/subscriptions?${groupVersion}`,
      `${subscription}/resourceGroups?${groupVersion}`,
      `${subscription}/resources?${groupVersion}`,
    ]) {
      const answer = await nobody.arm('GET', path);
      expect([path, answer.status, names(answer)]).toEqual([path, 200, []]);
    }
    expect((await owner.arm('GET', `${group}?${groupVersion}`)).status).toBe(200);
  });

  test('T02 who may do everything but give access may not change how somebody signs in', async () => {
    const contributor = await someoneWith('contributor', '/');
    const name = randomUUID();
    for (const [method, path, body] of identityRequests(name)) {
      const answer = await contributor.arm(method, path, body);
      if (method === 'GET') expect([method, path, answer.status]).not.toEqual([method, path, 403]);
      else expect([method, path, answer.status, codeOf(answer)]).toEqual([method, path, 403, 'AuthorizationFailed']);
    }
  });

  test('S2.2 a refused write is on record with who asked; the same path written otherwise is refused as well', async () => {
    const nobody = await someoneWith('reader', `${subscription}/resourceGroups/Other`);
    const machine = `${group}/providers/Microsoft.HybridCompute/machines/web`;
    const spelled = `/${subscription.toUpperCase()}/RESOURCEGROUPS/fleet/PROVIDERS/microsoft.hybridcompute/MACHINES//WEB`;
    for (const path of [machine, spelled]) {
      expect(codeOf(await nobody.arm('DELETE', `${path}?${machineVersion}`))).toBe('AuthorizationFailed');
    }
    // The last section decides what is asked for, and what stands before it must not lend it another scope.
    const lent = `${subscription}/resourceGroups/Other/providers/Contoso.X/y/z/providers/Microsoft.HybridCompute/machines/web`;
    expect((await nobody.arm('GET', `${lent}?${machineVersion}`)).status).toBe(404);
    const filter = encodeURIComponent(`caller eq '${nobody.clientId}' and status eq 'Failed'`);
    const log = await owner.arm(
      'GET',
      `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${filter}`,
    );
    const events = (log.json() as { readonly value: readonly { readonly properties: Record<string, string> }[] }).value;
    expect(events).toHaveLength(2);
    expect(events[0]?.properties['statusMessage']).toContain('does not have authorization to perform action');
  });

  test('an onboarding credential can connect machines and nothing else', async () => {
    const onboarding = await someoneWith('onboarding', subscription);
    const machines = `${group}/providers/Microsoft.HybridCompute/machines`;
    const allowed = new Set([
      `PUT ${machines}/new?${machineVersion}`,
      `PATCH ${machines}/web?${machineVersion}`,
      `GET ${machines}/web?${machineVersion}`,
      `GET ${machines}?${machineVersion}`,
      `GET ${subscription}/providers/Microsoft.HybridCompute/machines?${machineVersion}`,
      `GET ${subscription}?${groupVersion}`,
      `GET ${subscription}/locations?${groupVersion}`,
      // Empty: there is nothing it may read the log of.
      `GET ${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01`,
      `GET /providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01`,
    ]);
    for (const [method, path, body] of requests()) {
      const answer = await onboarding.arm(method, path, body);
      const expected = allowed.has(`${method} ${path}`) ? 200 : 403;
      expect([method, path, answer.status]).toEqual([method, path, expected]);
      if (path.includes('eventtypes')) expect((answer.json() as { readonly value: unknown[] }).value).toEqual([]);
    }
    // Nor can it take the place of a machine that is there, not even of a silent one.
    const stolen = await onboarding.arm('PUT', `${machines}/web?${machineVersion}`, newMachine());
    expect(codeOf(stolen)).toBe('AuthorizationFailed');
  });

  test('a role holds below its scope and not beside it; lists hold what may be seen; taking it away ends it at once', async () => {
    const administrator = await someoneWith('machineAdministrator', group);
    const extension = `${group}/providers/Microsoft.HybridCompute/machines/web/extensions/held`;
    const body = { location: 'here', properties: { publisher: 'Contoso.Scripts', type: 'Other' } };
    const put = await administrator.arm('PUT', `${extension}?${machineVersion}`, body);
    expect(put.status).toBe(200);
    const operation = new URL(String(put.headers['azure-asyncoperation']));
    expect((await administrator.arm('GET', operation.pathname + operation.search)).status).toBe(200);
    const stranger = await someoneWith('reader', `${subscription}/resourceGroups/Other`);
    expect(codeOf(await stranger.arm('GET', operation.pathname + operation.search))).toBe('AuthorizationFailed');
    const listed = await administrator.arm('GET', `${subscription}/resources?${groupVersion}`);
    expect(names(listed)).toContain('web/held');
    expect(names(await stranger.arm('GET', `${subscription}/resources?${groupVersion}`))).toEqual([]);
    expect(names(await stranger.arm('GET', `${subscription}/resourceGroups?${groupVersion}`))).toEqual(['Other']);
    const outside = `${subscription}/resourceGroups/Other/providers/Microsoft.HybridCompute/machines`;
    expect(codeOf(await administrator.arm('GET', `${outside}?${machineVersion}`))).toBe('AuthorizationFailed');

    const filter = encodeURIComponent(`assignedTo('${administrator.objectId}')`);
    const assignments = await owner.arm(
      'GET',
      `${group}/providers/Microsoft.Authorization/roleAssignments?${roleVersion}&$filter=${filter}`,
    );
    const [name = ''] = names(assignments);
    const gone = await owner.arm(
      'DELETE',
      `${group}/providers/Microsoft.Authorization/roleAssignments/${name}?${roleVersion}`,
    );
    expect(gone.status).toBe(200);
    expect(codeOf(await administrator.arm('GET', `${extension}?${machineVersion}`))).toBe('AuthorizationFailed');
  });

  test('whoever may do everything but give access cannot take the place of somebody who may', async () => {
    const contributor = await someoneWith('contributor', '/');
    const operator = `/providers/Sallyport.Identity/servicePrincipals/${plane.operator.clientId}`;
    expect((await contributor.arm('GET', `${operator}?${principalVersion}`)).status).toBe(200);
    for (const [method, path, body] of [
      ['POST', `${operator}/rotateSecret?${principalVersion}`],
      ['DELETE', `${operator}?${principalVersion}`],
      ['PUT', `${operator}?${principalVersion}`, { properties: { displayName: 'x' } }],
      [
        'PUT',
        `/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?${roleVersion}`,
        { properties: { roleDefinitionId: roles.owner, principalId: contributor.objectId } },
      ],
    ] as const) {
      expect(codeOf(await contributor.arm(method, path, body))).toBe('AuthorizationFailed');
    }
  });

  test('the last Owner stays, by whatever way he would go; a second one lets him', async () => {
    const { operator } = plane;
    const list = await owner.arm(
      'GET',
      `/providers/Microsoft.Authorization/roleAssignments?${roleVersion}&$filter=atScope()`,
    );
    const values = (
      list.json() as {
        readonly value: readonly {
          readonly name: string;
          readonly properties: { readonly roleDefinitionId: string };
        }[];
      }
    ).value;
    const first = values.find(({ properties }) => properties.roleDefinitionId.endsWith(roles.owner))?.name ?? '';
    const path = `/providers/Microsoft.Authorization/roleAssignments/${first}?${roleVersion}`;
    expect(codeOf(await owner.arm('DELETE', path))).toBe('CannotDeleteLastRbacAdmin');
    const self = `/providers/Sallyport.Identity/servicePrincipals/${operator.clientId}?${principalVersion}`;
    expect(codeOf(await owner.arm('DELETE', self))).toBe('CannotDeleteLastRbacAdmin');
    const second = await someoneWith('owner', '/');
    const removed = await second.arm(
      'DELETE',
      `/providers/Sallyport.Identity/servicePrincipals/${second.clientId}?${principalVersion}`,
    );
    expect(removed.status).toBe(200);
    // Its token ended with it.
    expect((await second.arm('GET', `/subscriptions?${groupVersion}`)).status).toBe(401);
  });

  test('secrets are shown once, and an old one is refused when a new one was made', async () => {
    const credential = await newPrincipal('rotated');
    const path = `/providers/Sallyport.Identity/servicePrincipals/${credential.clientId}`;
    const shown = await owner.arm('GET', `${path}?${principalVersion}`);
    expect(shown.text).not.toContain(credential.clientSecret);
    const renamed = await owner.arm('PUT', `${path}?${principalVersion}`, { properties: { displayName: 'renamed' } });
    expect([renamed.status, renamed.text.includes('clientSecret')]).toEqual([200, false]);
    const rotated = await owner.arm('POST', `${path}/rotateSecret?${principalVersion}`);
    const fresh = (rotated.json() as { readonly properties: Credential }).properties;
    expect(fresh.clientSecret).not.toBe(credential.clientSecret);
    const refused = await signIn({
      ...plane.operator,
      clientId: credential.clientId,
      clientSecret: credential.clientSecret,
    });
    clients.push(refused);
    expect(refused.token).toBeUndefined();
    expect((await signInAs(fresh)).token).toBeTypeOf('string');
  });

  test('a role goes with the machine it was held at', async () => {
    const short = await enrolFakeAgent(() => plane.operator, owner, 'Fleet', 'short');
    await short.stop();
    const machine = `${group}/providers/Microsoft.HybridCompute/machines/short`;
    const reader = await someoneWith('reader', machine);
    expect((await reader.arm('GET', `${machine}?${machineVersion}`)).status).toBe(200);
    await owner.arm('DELETE', `${machine}?${machineVersion}`);
    const again = await enrolFakeAgent(() => plane.operator, owner, 'Fleet', 'short');
    await again.stop();
    expect((await reader.arm('GET', `${machine}?${machineVersion}`)).status).toBe(403);
  });

  test('T02 a role goes with the extension it was held at, and what it began is followed no further than its end', async () => {
    const running = await enrolFakeAgent(() => plane.operator, owner, 'Fleet', 'running');
    running.run((goal) => ({ state: 'Succeeded', version: goal.version }));
    const extension = `${running.resourceId}/extensions/short`;
    const body = { location: 'here', properties: { publisher: 'Contoso.Scripts', type: 'Other' } };
    const ended = async (client: OperatorClient, answer: Answer): Promise<string> => {
      const { pathname, search } = new URL(String(answer.headers['azure-asyncoperation']));
      for (;;) {
        const { status } = (await client.arm('GET', pathname + search, undefined, { prefer: 'wait=5' })).json() as {
          readonly status: string;
        };
        if (status !== 'InProgress') return status;
      }
    };
    const holder = await someoneWith('contributor', extension);
    // The role is held before there is anything there; what is beside it is not for its holder.
    const put = await holder.arm('PUT', `${extension}?${machineVersion}`, body);
    expect([put.status, await ended(holder, put)]).toEqual([200, 'Succeeded']);
    expect(names(await holder.arm('GET', `${subscription}/resources?${groupVersion}`))).toEqual(['running/short']);
    const machinesPath = `${subscription}/providers/Microsoft.HybridCompute/machines?${machineVersion}`;
    expect(names(await holder.arm('GET', machinesPath))).toEqual([]);
    for (const path of [running.resourceId, `${running.resourceId}/extensions`, `${running.resourceId}/extensions/x`])
      expect(codeOf(await holder.arm('GET', `${path}?${machineVersion}`))).toBe('AuthorizationFailed');
    const link = new URL(String(put.headers['azure-asyncoperation']));
    const result = link.pathname.replace(/operationStatus/i, 'operationResults') + link.search;
    expect((await holder.arm('GET', result)).text).toContain('Contoso.Scripts');

    const removal = await owner.arm('DELETE', `${extension}?${machineVersion}`);
    expect(await ended(owner, removal)).toBe('Succeeded');
    expect(await ended(owner, await owner.arm('PUT', `${extension}?${machineVersion}`, body))).toBe('Succeeded');
    for (const method of ['GET', 'DELETE'])
      expect(codeOf(await holder.arm(method, `${extension}?${machineVersion}`))).toBe('AuthorizationFailed');
    // How it ended is still told to whoever began it; what is there now is not.
    expect((await holder.arm('GET', link.pathname + link.search)).status).toBe(200);
    expect(codeOf(await holder.arm('GET', result))).toBe('AuthorizationFailed');
    await running.stop();
  });

  test('T02 S5.2 a group that is made again has no role and no exemption of the one before it; what narrows it stays', async () => {
    const again = `${subscription}/resourceGroups/Again`;
    const make = (): Promise<Answer> => owner.arm('PUT', `${again}?${groupVersion}`, { location: 'here' });
    await make();
    const reader = await someoneWith('reader', again);
    const authorization = `${again}/providers/Microsoft.Authorization`;
    const assignment = `${authorization}/policyAssignments/only-here`;
    const policyVersion = 'api-version=2024-05-01';
    const exemption = `${authorization}/policyExemptions/all?api-version=2022-07-01-preview`;
    const definition = `${subscription}/providers/Microsoft.Authorization/policyDefinitions/here-only`;
    // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
    const policyRule = { if: { field: 'location', notEquals: 'here' }, then: { effect: 'deny' } };
    const written = [
      await owner.arm('PUT', `${definition}?${policyVersion}`, { properties: { mode: 'Indexed', policyRule } }),
      await owner.arm('PUT', `${assignment}?${policyVersion}`, { properties: { policyDefinitionId: definition } }),
      await owner.arm('PUT', exemption, {
        properties: { policyAssignmentId: assignment, exemptionCategory: 'Waiver' },
      }),
    ];
    expect(written.map(({ status }) => status)).toEqual([201, 201, 201]);
    const license = `${again}/providers/Microsoft.HybridCompute/licenses/l?${machineVersion}`;
    const there = { location: 'there', properties: {} };
    expect((await owner.arm('PUT', license, there)).status).toBe(200);
    expect((await owner.arm('DELETE', `${again}?${groupVersion}`)).status).toBe(200);
    await make();
    expect(codeOf(await reader.arm('GET', `${again}?${groupVersion}`))).toBe('AuthorizationFailed');
    expect((await owner.arm('GET', exemption)).status).toBe(404);
    expect(codeOf(await owner.arm('PUT', license, there))).toBe('RequestDisallowedByPolicy');
  });

  test('T86 whoever may connect machines to one group hears nothing of another, not by its machines either', async () => {
    const elsewhere = `${subscription}/resourceGroups/Elsewhere`;
    await owner.arm('PUT', `${elsewhere}?${groupVersion}`, { location: 'far-away' });
    const onboarding = await someoneWith('onboarding', group);
    const hidden = newMachine();
    const connect = (client: OperatorClient, at: string, name: string): Promise<Answer> =>
      client.arm('PUT', `${at}/providers/Microsoft.HybridCompute/machines/${name}?${machineVersion}`, hidden);
    expect((await connect(owner, elsewhere, 'hidden')).status).toBe(200);
    const refused = await connect(onboarding, group, 'twin');
    expect([codeOf(refused), /hidden|elsewhere/i.test(refused.text)]).toEqual(['MachineIdInUse', false]);
    expect((await connect(owner, group, 'twin')).text).toContain('/machines/hidden');
    const locations = `${subscription}/locations?${groupVersion}`;
    expect(names(await onboarding.arm('GET', locations))).toEqual(['here']);
    expect(names(await owner.arm('GET', locations))).toContain('far-away');
  });

  test.each([
    ['a name that is no GUID', 'x', {}, 'InvalidResourceName'],
    [
      'no such role',
      undefined,
      { roleDefinitionId: `/x/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}` },
      'RoleDefinitionDoesNotExist',
    ],
    ['no such principal', undefined, { principalId: 'nobody' }, 'PrincipalNotFound'],
    ['a condition', undefined, { condition: 'true' }, 'ConditionsNotSupported'],
    ['nothing at all', undefined, { roleDefinitionId: undefined }, 'InvalidRequestContent'],
  ])('an assignment with %s is refused', async (_title, name, change, code) => {
    const { objectId } = await newPrincipal('assigned');
    const path = `${group}/providers/Microsoft.Authorization/roleAssignments/${name ?? randomUUID()}?${roleVersion}`;
    const properties = { roleDefinitionId: `/x/${roles.reader}`, principalId: objectId, ...change };
    expect(codeOf(await owner.arm('PUT', path, { properties }))).toBe(code);
  });

  test.each([
    ['a built-in one', roles.reader, {}, 'BuiltInRoleCannotBeChanged'],
    ['a name that is taken', undefined, { roleName: 'reader' }, 'RoleDefinitionWithSameNameExists'],
    ['nowhere to assign it', undefined, { assignableScopes: [] }, 'InvalidRequestContent'],
    ['a scope that is none', undefined, { assignableScopes: ['subscriptions'] }, 'InvalidRequestContent'],
    ['an action that is none', undefined, { permissions: [{ actions: ['read everything'] }] }, 'InvalidRequestContent'],
  ])('a role with %s is refused', async (_title, name, change, code) => {
    const path = `/providers/Microsoft.Authorization/roleDefinitions/${name ?? randomUUID()}?${roleVersion}`;
    const properties = {
      roleName: randomUUID(),
      permissions: [{ actions: ['*/read'] }],
      assignableScopes: ['/'],
      ...change,
    };
    expect(codeOf(await owner.arm('PUT', path, { properties }))).toBe(code);
  });

  test('a role can be assigned only where it says', async () => {
    const id = randomUUID();
    const path = `${group}/providers/Microsoft.Authorization/roleDefinitions/${id}?${roleVersion}`;
    const properties = { roleName: 'Local', permissions: [{ actions: ['*/read'] }], assignableScopes: [group] };
    expect((await owner.arm('PUT', path, { properties })).status).toBe(201);
    const { objectId } = await newPrincipal('local');
    const at = (scope: string): Promise<Answer> =>
      owner.arm('PUT', `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?${roleVersion}`, {
        properties: { roleDefinitionId: id, principalId: objectId },
      });
    expect(codeOf(await at(subscription))).toBe('RoleDefinitionNotAssignable');
    expect((await at(`${group}/providers/Microsoft.HybridCompute/machines/web`)).status).toBe(201);
  });

  test('T02 who may not write extensions does not add them by the way of several at once either', async () => {
    const id = randomUUID();
    const write = 'Microsoft.HybridCompute/machines/extensions/write';
    const properties = {
      roleName: 'Everything but extensions',
      permissions: [{ actions: ['*'], notActions: [write] }],
      assignableScopes: [group],
    };
    const definition = `${group}/providers/Microsoft.Authorization/roleDefinitions/${id}?${roleVersion}`;
    expect((await owner.arm('PUT', definition, { properties })).status).toBe(201);
    const credential = await newPrincipal('no extensions');
    await owner.arm(
      'PUT',
      `${group}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?${roleVersion}`,
      {
        properties: { roleDefinitionId: id, principalId: credential.objectId },
      },
    );
    const somebody = await signInAs(credential);
    const body = { extensions: [{ publisher: 'Contoso.Scripts', type: 'Runner' }] };
    const before = await agent.goalState();
    const refused = await somebody.arm('POST', `${agent.resourceId}/addExtensions?api-version=2025-01-13`, body);
    expect([refused.status, codeOf(refused), refused.text.includes(`${write}' over scope`)]).toEqual([
      403,
      'AuthorizationFailed',
      true,
    ]);
    expect((await agent.goalState()).generation).toBe(before.generation);
  });

  test('the stock client writes roles, assigns them, lists and removes them', async () => {
    const { objectId } = await newPrincipal('stock');
    const seen = await runScript<Record<string, unknown>>('authorization.ts', plane.operator, group, objectId);
    expect(seen['builtIn']).toContain('Azure Connected Machine Onboarding');
    expect(seen['byName']).toEqual(['Reader']);
    expect(seen['written']).toMatchObject({
      roleName: 'Extension Installer',
      roleType: 'CustomRole',
      assignableScopes: [group],
    });
    expect(seen['again']).toMatchObject({ description: 'Changed' });
    expect(seen['assigned']).toMatchObject({ scope: group, principalId: objectId, principalType: 'ServicePrincipal' });
    expect(seen['shown']).toEqual(seen['assigned']);
    expect(seen['atScope']).toContain(seen['name']);
    expect(seen['ofPrincipal']).toEqual([seen['name']]);
    expect(seen['inUse']).toMatchObject({ code: 'RoleDefinitionHasAssignments' });
    expect(seen['twice']).toMatchObject({ code: 'RoleAssignmentExists', status: 409 });
    expect(seen['removed']).toBe(seen['name']);
    expect(seen['removedAgain']).toBeUndefined();
    expect(seen['deleted']).toBe('Extension Installer');
    expect(seen['permissions']).toMatchObject([{ actions: ['*'] }]);
  });
});
