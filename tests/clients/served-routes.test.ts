/**
 * Every route that is served, in every api-version, held against the published model of its type or the documented shape (arm-api §1.2, §6);
 * every refusal against ARM's envelope. A route that nobody wrote a row for fails here.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { ResourceType } from '../../apps/control-plane/src/arm/resource-type.ts';
import type { Dispatcher } from '../../apps/control-plane/src/arm/dispatcher.ts';
import type { Deployments } from '../../apps/control-plane/src/deployments/start-deployment.ts';
import { resourceTypes } from '../../apps/control-plane/src/providers/index.ts';
import type { Services } from '../../apps/control-plane/src/services.ts';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, reportOf, type FakeAgent } from './fake-agent.ts';
import { httpClient, type Answer, type HttpClient } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { publishedModel, type PublishedModel } from './published-model.ts';
import type { Places, Route, Routes } from './served-routes/route.ts';
import { servedRoutes } from './served-routes/served-routes.ts';
import { makeCertificate } from './test-certificate.ts';
import { createTestGallery } from './test-gallery.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-routes-'));
const ours = '2026-11-01';
/** Models that are there, oldest first. */
const models: Readonly<Record<string, readonly string[]>> = {
  'Microsoft.HybridCompute': ['2021-05-20', '2022-12-27', '2024-07-10', '2025-01-13', '2025-06-01', '2026-07-15'],
  'Microsoft.GuestConfiguration': ['2022-01-25', '2024-04-05'],
  'Microsoft.Authorization': ['2022-04-01'],
};
const read = new Map<string, PublishedModel>();
const rows: readonly ResourceType[] = resourceTypes(
  // Rows are made without using any of these; only their handlers would.
  {} as unknown as Services,
  { registry: {} } as unknown as Dispatcher,
  {} as unknown as Deployments,
);

let plane: ControlPlaneProcess;
let arm: OperatorClient;
let nobody: OperatorClient;
let anonymous: HttpClient;
let agent: FakeAgent;
let routes: Routes;

beforeAll(async () => {
  const gallery = await createTestGallery(join(folder, 'gallery'));
  plane = await startControlPlaneProcess(join(folder, 'state'), '--gallery', gallery.directory);
  arm = await signIn(plane.operator);
  anonymous = httpClient(plane.operator.endpoint, plane.operator.caFile);
  const places = await oneOfEach();
  routes = servedRoutes(places);
});
afterAll(async () => {
  await agent?.stop();
  nobody?.close();
  anonymous?.close();
  arm?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

/** The operation that an answer says to follow. */
function operationOf(answer: Answer): string {
  return new URL(String(answer.headers['azure-asyncoperation'])).pathname.split('/').at(-1) ?? '';
}

async function made(path: string, version: string, body: unknown): Promise<Answer> {
  const answer = await arm.arm('PUT', `${path}?api-version=${version}`, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer;
}

/** One resource of each kind that can be written. */
async function oneOfEach(): Promise<Places> {
  const { operator } = plane;
  const subscription = `/subscriptions/${operator.subscriptionId}`;
  const group = `${subscription}/resourceGroups/Fleet`;
  await made(group, '2021-04-01', { location: 'here', tags: { a: 'b' } });
  agent = await enrolFakeAgent(() => plane.operator, arm, 'Fleet', 'web');
  await agent.heartbeat(0, 0);
  await agent.state();
  const extension = `${agent.resourceId}/extensions/Runner`;
  const settings = { publisher: 'Contoso.Scripts', type: 'Runner', typeHandlerVersion: '1.0.0', settings: { a: 1 } };
  const properties = { ...settings, enableAutomaticUpgrade: false, forceUpdateTag: '1', protectedSettings: { b: 2 } };
  const begun = await made(extension, '2024-07-10', { location: 'here', tags: { a: 'b' }, properties });
  for (const entry of (await agent.goalState()).extensions)
    await agent.report([reportOf(entry, 'Succeeded', { protectedSettingsStored: true })]);
  const hybrid = `${group}/providers/Microsoft.HybridCompute`;
  const license = { target: 'Windows Server 2012', edition: 'Datacenter', type: 'pCore', processors: 6 };
  await made(`${hybrid}/licenses/l`, '2025-01-13', {
    location: 'here',
    properties: { licenseType: 'ESU', licenseDetails: { state: 'Activated', ...license } },
  });
  await made(`${agent.resourceId}/licenseProfiles/default`, '2025-01-13', {
    location: 'here',
    properties: { softwareAssurance: { softwareAssuranceCustomer: true } },
  });
  const scope = await made(`${hybrid}/privateLinkScopes/p`, '2025-01-13', { location: 'here', properties: {} });
  await made(`${hybrid}/privateLinkScopes/p/privateEndpointConnections/c`, '2025-01-13', {
    properties: { privateLinkServiceConnectionState: { status: 'Approved', description: 'by me' } },
  });
  await made(
    `${agent.resourceId}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments/a`,
    '2024-04-05',
    { location: 'here', properties: { guestConfiguration: { name: 'a', version: '1.*' } } },
  );
  await arm.arm('PATCH', `${agent.resourceId}?api-version=2025-01-13`, {
    properties: { privateLinkScopeResourceId: `${hybrid}/privateLinkScopes/p` },
  });
  const certificate = await ofIdentity();
  const roleId = randomUUID();
  const { objectId } = certificate.nobody;
  const authorization = `${subscription}/providers/Microsoft.Authorization`;
  await made(`${authorization}/roleAssignments/${roleId}`, '2022-04-01', {
    properties: {
      principalId: certificate.other,
      roleDefinitionId: `${authorization}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`,
    },
  });
  await made(`${extension}/providers/Microsoft.Authorization/locks/l`, '2020-05-01', {
    properties: { level: 'CanNotDelete', notes: 'ours' },
  });
  await ofPolicy(authorization);
  const deployed = await made(`${group}/providers/Microsoft.Resources/deployments/d`, '2021-04-01', {
    properties: {
      mode: 'Incremental',
      template: {
        $schema: 'https://example.org/t.json#',
        contentVersion: '1.0.0.0',
        resources: [
          {
            type: 'Microsoft.HybridCompute/licenses',
            apiVersion: '2025-01-13',
            name: 'deployed',
            location: 'here',
            properties: {},
          },
        ],
      },
    },
  });
  expect(objectId).not.toBe(certificate.other);
  return {
    subscription,
    group,
    machine: agent.resourceId,
    extension,
    operationId: operationOf(begun),
    deploymentOperationId: operationOf(deployed),
    clientId: operator.clientId,
    certificate: certificate.name,
    roleId,
    privateLinkScopeId: (scope.json() as { readonly properties: { readonly privateLinkScopeId: string } }).properties
      .privateLinkScopeId,
  };
}

interface Principal {
  readonly objectId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

async function ofIdentity(): Promise<{ readonly name: string; readonly nobody: Principal; readonly other: string }> {
  const name = randomUUID();
  const identity = '/providers/Sallyport.Identity';
  const principal = async (id: string): Promise<Principal> => {
    const answer = await made(`${identity}/servicePrincipals/${id}`, ours, { properties: { displayName: id } });
    return (answer.json() as { readonly properties: Principal }).properties;
  };
  const found = await principal(randomUUID());
  nobody = await signIn({ ...plane.operator, clientId: found.clientId, clientSecret: found.clientSecret });
  const { objectId } = await principal(name);
  const pem = readFileSync(makeCertificate(folder, 'route'), 'utf8').replace(
    /-----BEGIN (?:RSA )?PRIVATE KEY-----.*?-----END (?:RSA )?PRIVATE KEY-----\n/s,
    '',
  );
  await made(`${identity}/servicePrincipals/${plane.operator.clientId}/certificates/${name}`, ours, {
    properties: { certificate: pem },
  });
  await made(`${identity}/users/anna@example.org`, ours, { properties: { displayName: 'Anna' } });
  return { name, nobody: found, other: objectId };
}

async function ofPolicy(authorization: string): Promise<void> {
  // As a text: an object with a 'then' would pass for a promise.
  const modify = `{"effect":"modify","details":{"roleDefinitionIds":["/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"],"operations":[{"operation":"add","field":"tags['x']","value":"y"}]}}`;
  const policyRule = JSON.parse(`{"if":{"field":"type","equals":"nothing"},"then":${modify}}`) as unknown;
  const version = '2021-06-01';
  const id = (kind: string, name: string): string => `${authorization}/${kind}/${name}`;
  await made(id('policyDefinitions', 'd'), version, { properties: { displayName: 'd', mode: 'All', policyRule } });
  await made(id('policySetDefinitions', 'i'), version, {
    properties: { policyDefinitions: [{ policyDefinitionId: id('policyDefinitions', 'd') }] },
  });
  await made(id('policyAssignments', 'a'), version, {
    location: 'here',
    identity: { type: 'SystemAssigned' },
    properties: { policyDefinitionId: id('policyDefinitions', 'd') },
  });
  await made(id('policyExemptions', 'x'), '2020-07-01-preview', {
    properties: { policyAssignmentId: id('policyAssignments', 'a'), exemptionCategory: 'Waiver' },
  });
  await made(
    id('policyAssignments', 'a').replace(/providers.*/, 'providers/Microsoft.PolicyInsights/remediations/r'),
    '2021-10-01',
    {
      properties: { policyAssignmentId: id('policyAssignments', 'a') },
    },
  );
}

function newestOf({ type, apiVersions }: ResourceType): string {
  if (apiVersions !== 'any') return apiVersions[0] ?? '';
  return type.startsWith('Microsoft.Insights') ? '2015-04-01' : '2021-04-01';
}

function modelOf(name: string): PublishedModel {
  const known = read.get(name) ?? publishedModel(name);
  read.set(name, known);
  return known;
}

/** What an answer is held against: the model of its api-version, or where there is none, of the next one that has the type. */
function modelFor(type: string, apiVersion: string): PublishedModel {
  const [namespace = ''] = type.split('/');
  const dated = models[namespace] ?? [];
  const names = dated.map((date) => [date, `${namespace.split('.')[1]?.toLowerCase() ?? ''}-${date}`] as const);
  const later = names.filter(([date]) => date >= apiVersion.slice(0, 10));
  const found = [...later, ...names.toReversed()].find(([, name]) => modelOf(name).has(type));
  if (found === undefined) throw new Error(`No model has the type '${type}'.`);
  return modelOf(found[1]);
}

/** Named exceptions, each with the decision that it is. */
const exceptions: Readonly<Record<string, string>> = {
  'Microsoft.HybridCompute/machines/extensions.properties.instanceView.statuses is unknown': 'decision 0200',
};

function faultsOf({ type }: ResourceType, { shape }: Route, apiVersion: string, shown: unknown): readonly string[] {
  if (shape === 'published')
    return modelFor(type, apiVersion)
      .faults(type, shown)
      .filter((fault) => !Object.hasOwn(exceptions, fault));
  const result = z.safeParse(shape, shown);
  return result.success ? [] : [z.prettifyError(result.error)];
}

const routeOf = ({ type }: ResourceType): Route => routes[type] ?? { shape: z.unknown() };
const versionsOf = (row: ResourceType): readonly string[] =>
  row.apiVersions === 'any' ? [newestOf(row)] : row.apiVersions;

test('every route has a row, and every row is of a route', () => {
  const missing = rows.flatMap((row) => {
    const route = routes[row.type];
    return [
      ...(route === undefined ? [`${row.type}: no row`] : []),
      ...(row.item?.GET !== undefined && route?.item === undefined && !unwritten.has(row.type)
        ? [`${row.type}: no item`]
        : []),
      ...(row.collection?.GET !== undefined && route?.list === undefined ? [`${row.type}: no list`] : []),
      ...(row.collection?.POST !== undefined && route?.ask === undefined ? [`${row.type}: no action`] : []),
    ];
  });
  expect(missing).toEqual([]);
  expect(Object.keys(routes).filter((type) => !rows.some((row) => row.type === type))).toEqual([]);
});

/** What this system has none of: they need an identity provider, or a version that goes out by itself; tests of those have them. */
const unwritten: ReadonlySet<string> = new Set([
  'Sallyport.Identity/servicePrincipals/federatedCredentials',
  'Sallyport.Identity/users/federatedCredentials',
  'Sallyport.Upgrades/rollouts',
  'Sallyport.Orders/orders',
]);

/** Asks, and says what is wrong with the answer, each fault with the route it is of. */
type Look = (row: ResourceType, route: Route) => Promise<readonly string[]>;

async function lookAtEach(look: Look): Promise<readonly string[]> {
  const found: string[] = [];
  for (const row of rows) for (const fault of await look(row, routeOf(row))) found.push(`${row.type}: ${fault}`);
  return found;
}

describe('what is read', { timeout: 120_000 }, () => {
  test('§6.1 one resource of each type, in every api-version', async () => {
    const faults = await lookAtEach(async (row, route) => {
      if (route.item === undefined || row.item?.GET === undefined) return [];
      const wrong: string[] = [];
      for (const version of versionsOf(row)) {
        const answer = await arm.arm('GET', `${route.item}?api-version=${version}`);
        const told = answer.status === 200 ? faultsOf(row, route, version, answer.json()) : [answer.text];
        wrong.push(...told.map((fault) => `${version} ${answer.status}: ${fault}`));
      }
      return wrong;
    });
    expect(faults).toEqual([]);
  });

  test('§1.4 lists of each type, in every api-version: value, nextLink, and nothing else', async () => {
    const listSchema = z.strictObject({
      value: z.array(z.unknown()),
      nextLink: z.optional(z.nullable(z.string())),
      // Of subscriptions, tenants and locations, as ARM has it.
      count: z.optional(z.strictObject({ type: z.literal('Total'), value: z.number() })),
    });
    const faults = await lookAtEach(async (row, route) => {
      if (route.list === undefined || route.isWhole === true) return [];
      const wrong: string[] = [];
      for (const version of versionsOf(row)) {
        const answer = await arm.arm('GET', `${route.list}?api-version=${version}`);
        const list = z.safeParse(listSchema, answer.status === 200 ? answer.json() : answer.text);
        if (!list.success) wrong.push(`${version} ${answer.status}: ${z.prettifyError(list.error)}`);
        const { value = [] } = list.data ?? {};
        if (value.length === 0 && !unwritten.has(row.type)) wrong.push(`${version}: it is empty`);
        for (const one of value)
          wrong.push(...faultsOf(row, route, version, one).map((fault) => `${version}: ${fault}`));
      }
      return wrong;
    });
    expect(faults).toEqual([]);
  });

  test('what is asked for like a list and is one thing', async () => {
    const faults = await lookAtEach(async (row, route) => {
      if (route.list === undefined || route.isWhole !== true) return [];
      const answer = await arm.arm('GET', `${route.list}?api-version=${newestOf(row)}`);
      return answer.status === 200 ? faultsOf(row, route, newestOf(row), answer.json()) : [answer.text];
    });
    expect(faults).toEqual([]);
  });
});

const envelope = z.strictObject({
  error: z.strictObject({
    code: z.string().check(z.regex(/^[A-Z][A-Za-z0-9]+$/)),
    message: z.string().check(z.minLength(10)),
    target: z.optional(z.string()),
    details: z.optional(z.array(z.unknown())),
    additionalInfo: z.optional(z.array(z.strictObject({ type: z.string(), info: z.unknown() }))),
  }),
});

/** Every way to ask for a type: method and path. */
function waysToAsk(
  row: ResourceType,
  { item, list, ask }: Route,
): readonly (readonly [method: string, path: string])[] {
  const methods = Object.keys(row.item ?? {}).filter((method) => method !== 'HEAD');
  return [
    ...(item === undefined ? [] : methods.map((method) => [method, item] as const)),
    ...(list === undefined ? [] : [['GET', list] as const]),
    ...(ask === undefined ? [] : [['POST', ask[0]] as const]),
  ];
}

/** What is wrong with a refusal. */
function faultsOfRefusal(what: string, answer: Answer, expected: string): readonly string[] {
  const body = z.safeParse(envelope, answer.text === '' ? undefined : answer.json());
  if (!body.success) return [`${what}: ${answer.status} ${z.prettifyError(body.error)}`];
  const told = `${answer.status} ${body.data.error.code}`;
  return told.startsWith(expected) ? [] : [`${what}: ${told}, not ${expected}: ${body.data.error.message}`];
}

describe("refusals, in ARM's envelope", { timeout: 120_000 }, () => {
  test('without a token, without and with a wrong api-version', async () => {
    const faults = await lookAtEach(async (row, route) => {
      const wrong: string[] = [];
      for (const [method, path] of waysToAsk(row, route)) {
        const refused = async (query: string, expected: string): Promise<void> => {
          const answer = await arm.arm(method, `${path}${query}`);
          wrong.push(...faultsOfRefusal(`${method} ${query}`, answer, expected));
        };
        const without = await anonymous.send(method, `${path}?api-version=${newestOf(row)}`);
        wrong.push(...faultsOfRefusal(`${method} without a token`, without, '401 AuthenticationFailed'));
        await refused('', '400 MissingApiVersionParameter');
        await refused('?api-version=newest', '400 InvalidApiVersionParameter');
        if (row.apiVersions !== 'any') await refused('?api-version=1999-01-01', '400 NoRegisteredProviderFound');
      }
      return wrong;
    });
    expect(faults).toEqual([]);
  });

  test('a method that is not there', async () => {
    const faults = await lookAtEach(async (row, { item, list, ask }) => {
      const path = item ?? list ?? ask?.[0] ?? '';
      const there = item === undefined ? row.collection : row.item;
      const method = ['PATCH', 'POST', 'PUT'].find((one) => !Object.hasOwn(there ?? {}, one)) ?? 'POST';
      const answer = await arm.arm(method, `${path}?api-version=${newestOf(row)}`, {});
      return faultsOfRefusal(`${method} ${path}`, answer, '405 MethodNotAllowed');
    });
    expect(faults).toEqual([]);
  });

  test('T02 somebody who holds no role is told nothing of anybody', async () => {
    const faults = await lookAtEach(async (row, route) => {
      const wrong: string[] = [];
      for (const [method, path] of waysToAsk(row, route)) {
        const body = method === 'GET' ? undefined : {};
        const answer = await nobody.arm(method, `${path}?api-version=${newestOf(row)}`, body);
        if (answer.status !== 200) wrong.push(...faultsOfRefusal(method, answer, '403 AuthorizationFailed'));
        // What everybody may ask is the same for everybody; lists of what the caller may see hold nothing.
        else if (!openToAll.has(row.type) && !answer.text.startsWith('{"value":[]'))
          wrong.push(`${method}: ${answer.text}`);
      }
      return wrong;
    });
    expect(faults).toEqual([]);
  });

  test('what is not there', async () => {
    const faults = await lookAtEach(async (row, { item }) => {
      if (item === undefined || row.item?.GET === undefined || follows.has(row.type)) return [];
      const none = item.replace(/[^/]*$/, '0b0b0b0b-0000-4000-8000-000000000000');
      const expected = row.type.startsWith('Sallyport.Upgrades') ? '400 InvalidResourceName' : '404 ';
      return faultsOfRefusal(none, await arm.arm('GET', `${none}?api-version=${newestOf(row)}`), expected);
    });
    expect(faults).toEqual([]);
  });

  test('a body that cannot be understood', async () => {
    const faults = await lookAtEach(async (row, { item }) => {
      const wrong: string[] = [];
      for (const method of ['PUT', 'PATCH'] as const) {
        if (item === undefined || row.item?.[method] === undefined) continue;
        for (const body of ['{"properties":', '[]', '7', '{"properties":7}', '{"tags":7}']) {
          // Some have neither; an unknown member of a body is ignored, as ARM does.
          if (/^[{]"(?:tags|properties)":7/.test(body) && !refusesMember(row.type, body)) continue;
          const answer = await arm.arm(method, `${item}?api-version=${newestOf(row)}`, body);
          wrong.push(...faultsOfRefusal(`${method} ${body}`, answer, '400 '));
        }
      }
      return wrong;
    });
    expect(faults).toEqual([]);
  });
});

/** How far something is that is named by the rest of the path: whatever id an earlier answer gave. */
const follows: ReadonlySet<string> = new Set([
  'Microsoft.Resources/deployments/operationStatuses',
  'Microsoft.PolicyInsights/asyncOperationResults',
]);

/** The same for everybody who is signed in. */
const openToAll: ReadonlySet<string> = new Set([
  'Microsoft.Resources/tenants',
  'Microsoft.Resources/providers',
  'Microsoft.HybridCompute/operations',
  // What is in the signed catalog.
  'Microsoft.HybridCompute/locations/publishers',
  'Microsoft.HybridCompute/locations/publishers/extensionTypes',
  'Microsoft.HybridCompute/locations/publishers/extensionTypes/versions',
  'Microsoft.Insights/eventcategories',
]);

/** Groups have no properties that anybody writes; what is not tracked has no tags. */
function refusesMember(type: string, body: string): boolean {
  if (body.startsWith('{"tags"'))
    return /resourceGroups$|machines$|extensions$|licenses$|privateLinkScopes$/.test(type);
  return type !== 'Microsoft.Resources/subscriptions/resourceGroups';
}

test('actions answer as they are documented', { timeout: 60_000 }, async () => {
  const faults = await lookAtEach(async (row, { ask, answer: shape }) => {
    if (ask === undefined) return [];
    const answer = await arm.arm('POST', `${ask[0]}?api-version=${newestOf(row)}`, ask[1] ?? {});
    // There may be nothing to cancel, or nobody to release.
    if (answer.status === 409 || answer.status === 404) return faultsOfRefusal(ask[0], answer, `${answer.status} `);
    const result = z.safeParse(shape ?? z.undefined(), answer.text === '' ? undefined : answer.json());
    return result.success && answer.status < 300
      ? []
      : [`${answer.status} ${answer.text.slice(0, 300)} ${result.success ? '' : z.prettifyError(result.error)}`];
  });
  expect(faults).toEqual([]);
});
