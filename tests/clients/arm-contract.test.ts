/** What stock clients insist on (arm-api §0, §1.2–§1.4, §3), statement by statement, over plain HTTPS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, enrolment, machineKey, reportOf, type FakeAgent } from './fake-agent.ts';
import type { Answer } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { createTestGallery } from './test-gallery.ts';

interface Extension {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly tags: Record<string, string>;
  readonly properties: Record<string, unknown>;
}
interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-arm-'));
const version = 'api-version=2024-07-10';
const runner = { publisher: 'Contoso.Scripts', type: 'Runner', typeHandlerVersion: '1.0.0', settings: { a: 1, b: 2 } };
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let subscription: string;
const agents: FakeAgent[] = [];

beforeAll(async () => {
  const gallery = await createTestGallery(join(folder, 'gallery'));
  plane = await startControlPlaneProcess(join(folder, 'state'), '--gallery', gallery.directory, '--page-size', '2');
  arm = await signIn(plane.operator);
  subscription = `/subscriptions/${plane.operator.subscriptionId}`;
  await arm.arm('PUT', `${subscription}/resourcegroups/Group?api-version=2021-04-01`, { location: 'here' });
});

afterAll(async () => {
  for (const agent of agents) await agent.stop();
  arm?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

async function machine(name: string): Promise<FakeAgent> {
  const agent = await enrolFakeAgent(() => plane.operator, arm, 'Group', name);
  agents.push(agent);
  return agent;
}

function put(agent: FakeAgent, name: string, properties: object = runner, more: object = {}): Promise<Answer> {
  return arm.arm('PUT', `${agent.resourceId}/extensions/${name}?${version}`, { location: 'here', properties, ...more });
}

async function shown(agent: FakeAgent, name: string): Promise<Extension> {
  return (await arm.arm('GET', `${agent.resourceId}/extensions/${name}?${version}`)).json() as Extension;
}

/** The machine says how the operation that it has to do ended. */
async function ended(agent: FakeAgent, state: 'Succeeded' | 'Failed' = 'Succeeded'): Promise<void> {
  const entry = (await agent.goalState()).extensions.find(({ operationDone }) => !operationDone);
  if (entry === undefined) throw new Error('There is nothing to do.');
  const error = { error: { code: 'HandlerEnableFailed', message: 'It broke.' } };
  await agent.report([reportOf(entry, state, state === 'Failed' ? error : {})]);
}

/** Where an answer says that its operation can be followed. */
function followed(answer: Answer): string {
  const url = new URL(String(answer.headers['azure-asyncoperation']));
  expect(url.origin).toBe(plane.operator.endpoint);
  return url.pathname + url.search;
}

function errorOf(answer: Answer): ErrorBody['error'] {
  return (answer.json() as ErrorBody).error;
}

function expectRetryAfter(answer: Answer): void {
  expect(String(answer.headers['retry-after'])).toMatch(/^[1-9][0-9]*$/);
}

test('§0.1 there is no plain HTTP', async () => {
  const { hostname, port } = new URL(plane.operator.endpoint);
  const plain = new Promise<number | undefined>((resolve, reject) => {
    const sent = request({ hostname, port, path: '/subscriptions' }, (response) => resolve(response.statusCode));
    sent.on('error', reject);
    sent.end();
  });
  await expect(plain).rejects.toThrow(/hang up|ECONNRESET|EPIPE|Parse Error/);
});

describe('§0.3 ids', () => {
  test('whatever the case of a request, answers have the stored spelling, and there is one resource', async () => {
    const agent = await machine('Cases');
    await put(agent, 'MixedCase');
    await ended(agent);
    const odd = `${agent.resourceId}/extensions/mixedCASE`
      .replace('resourceGroups', 'RESOURCEgroups')
      .replace('Microsoft.HybridCompute/machines', 'microsoft.hybridcompute/MACHINES')
      .replace('Group/', 'gROUP/')
      .replace('Cases', 'cASES')
      .replace('extensions', 'Extensions');
    const again = await arm.arm('PUT', `${odd}?${version}`, { location: 'HERE', properties: runner });
    expect(again.status).toBe(200);
    const patched = await arm.arm('PATCH', `${odd}?${version}`, { tags: { a: 'b' } });
    const read = await arm.arm('GET', `${odd}?${version}`);
    for (const answer of [again, patched, read]) {
      expect(answer.json()).toMatchObject({
        id: `${agent.resourceId}/extensions/MixedCase`,
        name: 'MixedCase',
        type: 'Microsoft.HybridCompute/machines/extensions',
        location: 'here',
      });
    }
    const listed = await arm.arm('GET', `${agent.resourceId.toUpperCase()}/EXTENSIONS?${version}`);
    expect((listed.json() as { readonly value: readonly Extension[] }).value.map(({ name }) => name)).toEqual([
      'MixedCase',
    ]);
    expect((await arm.arm('GET', followed(again).toUpperCase().replace('API-VERSION', 'api-version'))).status).toBe(
      200,
    );
  });
});

describe('§0.4 §3 status codes', () => {
  test('extensions: PUT and PATCH 200 and never 201, DELETE 202 then 204, HEAD 204 or 404', async () => {
    const agent = await machine('codes');
    const id = `${agent.resourceId}/extensions/e?${version}`;
    const head = async (): Promise<[number, string]> => {
      const answer = await arm.arm('HEAD', id);
      return [answer.status, answer.text];
    };
    expect(await head()).toEqual([404, '']);
    expect((await arm.arm('PATCH', id, { properties: runner })).status).toBe(404);
    const made = await put(agent, 'e');
    expect(made.status).toBe(200);
    expect(made.json()).toMatchObject({ properties: { provisioningState: 'Creating' } });
    await ended(agent);
    expect(await head()).toEqual([204, '']);
    const updated = await put(agent, 'e');
    expect(updated.status).toBe(200);
    expect(updated.json()).toMatchObject({ properties: { provisioningState: 'Updating' } });
    await ended(agent);
    const patched = await arm.arm('PATCH', id, { properties: { settings: {} } });
    expect(patched.status).toBe(200);
    expect(patched.json()).toMatchObject({ properties: { provisioningState: 'Updating' } });
    await ended(agent);
    const removed = await arm.arm('DELETE', id);
    expect([removed.status, removed.text]).toEqual([202, '']);
    expect(await shown(agent, 'e')).toMatchObject({ properties: { provisioningState: 'Deleting' } });
    await ended(agent);
    const again = await arm.arm('DELETE', id);
    expect([again.status, again.text]).toEqual([204, '']);
    expect(await head()).toEqual([404, '']);
  });

  test('machines: PUT 200 for new ones too, PATCH 200, HEAD 204 or 404, DELETE 200 then 204', async () => {
    const id = `${subscription}/resourceGroups/Group/providers/Microsoft.HybridCompute/machines/m?${version}`;
    expect((await arm.arm('HEAD', id)).status).toBe(404);
    const body = enrolment('11111111-2222-4333-8444-555555555555', machineKey().publicKey);
    expect((await arm.arm('PUT', id, body)).status).toBe(200);
    expect((await arm.arm('PUT', id, body)).status).toBe(200);
    expect((await arm.arm('PATCH', id, { tags: { a: 'b' } })).json()).toMatchObject({ tags: { a: 'b' } });
    expect((await arm.arm('HEAD', id)).status).toBe(204);
    expect((await arm.arm('GET', id.replace(`?${version}`, `?${version}&$expand=instanceView`))).status).toBe(200);
    expect((await arm.arm('DELETE', id)).status).toBe(200);
    expect((await arm.arm('DELETE', id)).status).toBe(204);
    expect((await arm.arm('PATCH', id, { tags: {} })).status).toBe(404);
  });

  test('resource groups: PUT 201 then 200, HEAD 204 or 404, DELETE of one that is not there is told', async () => {
    const id = `${subscription}/resourceGroups/Other?api-version=2021-04-01`;
    expect((await arm.arm('PUT', id, { location: 'here' })).status).toBe(201);
    expect((await arm.arm('PUT', id, { location: 'here', tags: { a: 'b' } })).status).toBe(200);
    expect((await arm.arm('HEAD', id)).status).toBe(204);
    expect([200, 202]).toContain((await arm.arm('DELETE', id)).status);
    expect((await arm.arm('HEAD', id)).status).toBe(404);
    expect(errorOf(await arm.arm('DELETE', id)).code).toBe('ResourceGroupNotFound');
  });

  test('a method that is not there: 405 with the methods there are in Allow', async () => {
    const agent = await machine('methods');
    const extensions = await arm.arm('PUT', `${agent.resourceId}/extensions?${version}`, {});
    expect([extensions.status, extensions.headers['allow']]).toEqual([405, 'GET']);
    expect(errorOf(extensions).code).toBe('MethodNotAllowed');
    const one = await arm.arm('POST', `${agent.resourceId}?${version}`, {});
    expect([one.status, one.headers['allow']]).toEqual([405, 'HEAD, GET, PUT, PATCH, DELETE']);
  });
});

describe('§0.5 §0.6 §0.7 §1.3 long-running operations', () => {
  test('Azure-AsyncOperation and Retry-After on PUT, PATCH and DELETE, Retry-After on unfinished polls, never a Location', async () => {
    const agent = await machine('polls');
    const id = `${agent.resourceId}/extensions/p?${version}`;
    const starts: readonly (() => Promise<Answer>)[] = [
      () => put(agent, 'p'),
      () => arm.arm('PATCH', id, { properties: { settings: { c: 3 } } }),
      () => arm.arm('DELETE', id),
    ];
    for (const start of starts) {
      const begun = await start();
      expectRetryAfter(begun);
      expect(begun.headers['location']).toBeUndefined();
      const path = followed(begun);
      const running = await arm.arm('GET', path);
      expectRetryAfter(running);
      expect(running.status).toBe(200);
      expect(running.json()).toMatchObject({ status: 'InProgress', startTime: expect.any(String) });
      expect(running.json()).not.toHaveProperty('endTime');
      // Clients poll with an api-version of their own.
      for (const other of ['2021-05-20', '1999-01-01', '2030-01-01-preview']) {
        expect((await arm.arm('GET', `${new URL(path, 'https://x').pathname}?api-version=${other}`)).status).toBe(200);
      }
      const result = path.replace('operationStatus', 'operationResults');
      expect((await arm.arm('GET', result)).status).toBe(202);
      await ended(agent);
      const done = await arm.arm('GET', path);
      expect(done.status).toBe(200);
      expect(done.headers['retry-after']).toBeUndefined();
      expect(done.json()).toMatchObject({ status: 'Succeeded', endTime: expect.any(String) });
      const final = await arm.arm('GET', result);
      expect([final.status, final.text === '']).toEqual(start === starts[2] ? [204, true] : [200, false]);
    }
  });

  test('a failed operation is a 200 that says Failed with code and message', async () => {
    const agent = await machine('failing');
    const path = followed(await put(agent, 'f'));
    await ended(agent, 'Failed');
    const answer = await arm.arm('GET', path);
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'Failed',
      error: { code: 'HandlerEnableFailed', message: expect.stringContaining('It broke.') },
    });
    expect(await shown(agent, 'f')).toMatchObject({ properties: { provisioningState: 'Failed' } });
  });

  test('an operation nobody knows is a 404', async () => {
    const path = `${subscription}/providers/Microsoft.HybridCompute/locations/here/operationStatus/none?${version}`;
    const answer = await arm.arm('GET', path);
    expect([answer.status, errorOf(answer).code]).toEqual([404, 'OperationNotFound']);
  });
});

describe('PUT replaces, PATCH changes', () => {
  test('what PATCH leaves out stays, what it names is replaced as a whole; what PUT leaves out is gone', async () => {
    const agent = await machine('patches');
    const id = `${agent.resourceId}/extensions/p?${version}`;
    await put(agent, 'p', { ...runner, forceUpdateTag: '1', enableAutomaticUpgrade: true }, { tags: { a: 'b' } });
    await ended(agent);
    await arm.arm('PATCH', id, { properties: { typeHandlerVersion: '2.0.0' } });
    await ended(agent);
    const kept = { publisher: 'Contoso.Scripts', type: 'Runner', enableAutomaticUpgrade: true, forceUpdateTag: '1' };
    expect(await shown(agent, 'p')).toMatchObject({
      tags: { a: 'b' },
      properties: { ...kept, typeHandlerVersion: '2.0.0', settings: { a: 1, b: 2 } },
    });
    await arm.arm('PATCH', id, { tags: { c: 'd' }, properties: { settings: { b: 3 } } });
    await ended(agent);
    const after = await shown(agent, 'p');
    expect(after).toMatchObject({ tags: { c: 'd' }, properties: { ...kept, typeHandlerVersion: '2.0.0' } });
    expect(after.properties['settings']).toEqual({ b: 3 });
    await put(agent, 'p', { publisher: 'Contoso.Scripts', type: 'Runner', typeHandlerVersion: '2.0.0' });
    await ended(agent);
    const replaced = await shown(agent, 'p');
    expect(replaced.tags).toEqual({});
    for (const name of ['settings', 'forceUpdateTag', 'enableAutomaticUpgrade']) {
      expect([undefined, null, ''], name).toContain(replaced.properties[name]);
    }
  });

  test('what is read-only is ignored: a client may send back what it was given (az resource update, §4.3)', async () => {
    const agent = await machine('readonly');
    await put(agent, 'r');
    await ended(agent);
    const whole = await shown(agent, 'r');
    const id = `${agent.resourceId}/extensions/r?${version}`;
    const sent = { ...whole, properties: { ...whole.properties, provisioningState: 'Canceled', instanceView: null } };
    expect((await arm.arm('PUT', id, sent)).status).toBe(200);
    await ended(agent);
    expect((await shown(agent, 'r')).properties).toMatchObject({ provisioningState: 'Succeeded', settings: { a: 1 } });
    // Nothing but read-only properties asks for nothing.
    const nothing = await arm.arm('PATCH', id, { properties: { provisioningState: 'Failed' } });
    expect([nothing.status, nothing.headers['azure-asyncoperation']]).toEqual([200, undefined]);
    expect((await agent.goalState()).extensions[0]).toMatchObject({ operationDone: true });
  });

  test('conflicts: one operation at a time for a type, under any name, also while it is being removed', async () => {
    const agent = await machine('conflicts');
    const busy =
      "An extension of type 'Runner' is still processing. Only one instance of an extension may be in progress at a time for the same resource. Please retry after sometime.";
    const id = `${agent.resourceId}/extensions/c?${version}`;
    await put(agent, 'c');
    for (const ask of [
      () => put(agent, 'c'),
      () => put(agent, 'another', { ...runner, type: 'RUNNER' }),
      () => arm.arm('PATCH', id, { properties: { settings: {} } }),
    ]) {
      const answer = await ask();
      expect([answer.status, errorOf(answer).code]).toEqual([409, 'HCRP409']);
      expect(errorOf(answer).message.toLowerCase()).toBe(busy.toLowerCase());
    }
    // Another type does not wait.
    expect((await put(agent, 'd', { ...runner, type: 'Other' })).status).toBe(200);
    await ended(agent);
    await ended(agent);
    await arm.arm('DELETE', id);
    expect(errorOf(await put(agent, 'c')).code).toBe('HCRP409');
    expect(errorOf(await put(agent, 'another')).code).toBe('HCRP409');
    await ended(agent);
    expect((await put(agent, 'another')).status).toBe(200);
  });
});

describe('§1.4 errors and pages', () => {
  test('every error has the envelope, its request id, and tells what was expected where', async () => {
    const agent = await machine('errors');
    const id = `${agent.resourceId}/extensions/e?${version}`;
    const cases: readonly (readonly [string, unknown, string])[] = [
      ['PUT', [], 'The request body is malformed: Invalid input: expected object, received array'],
      [
        'PUT',
        { properties: { settings: 7 } },
        "'properties.settings': Invalid input: expected record, received number",
      ],
      ['PATCH', { tags: { a: 1 } }, "'tags.a': Invalid input: expected string, received number"],
      ['PUT', {}, 'The request body must contain properties.publisher.'],
      ['PUT', '{"location":"here",}', 'The request body is not JSON (at line 1 column 20).'],
    ];
    for (const [method, body, message] of cases) {
      const answer = await arm.arm(method, id, body);
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toMatchObject({
        code: 'InvalidRequestContent',
        message: expect.stringContaining(message),
      });
      expect(answer.headers['x-ms-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('S1.7 T50 what is refused is not repeated: no secret of a malformed body in the answer, the log or the record', async () => {
    const agent = await machine('canary');
    const id = `${agent.resourceId}/extensions/e`;
    const secret = 'canary-0815';
    for (const body of [
      `{"properties":{"protectedSettings":{"p":${secret}}}}`,
      `{"properties":{"protectedSettings":{"p":"${secret}`,
      `{"properties":{"protectedSettings":"${secret}"}}`,
      `{"properties":{"protectedSettings":{"p":"${secret}"},"settings":"${secret}"}}`,
      `{"properties":{"publisher":"Contoso.Scripts","type":"Runner","typeHandlerVersion":[],"protectedSettings":{"p":"${secret}"}}}`,
    ]) {
      const answer = await arm.arm('PUT', `${id}?${version}`, body);
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain(secret);
    }
    const filter = encodeURIComponent(`resourceUri eq '${id}'`);
    const events = await arm.arm(
      'GET',
      `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${filter}&$top=100`,
    );
    expect(events.text).toContain('InvalidRequestContent');
    expect(events.text).not.toContain(secret);
    expect(plane.output()).not.toContain(secret);
  });

  test('lists: absolute nextLinks that keep the api-version, encoded or not, until there is no more; each once', async () => {
    const agent = await machine('pages');
    for (const type of ['Runner', 'Refused', 'Slow', 'Other']) await put(agent, `x-${type}`, { ...runner, type });
    for (const respell of [(link: string) => link, decodeURIComponent, (link: string) => link.replace('$', '%24')]) {
      const names: string[] = [];
      let next: string | undefined = `${plane.operator.endpoint}${agent.resourceId}/extensions?${version}`;
      let pages = 0;
      while (next !== undefined && pages < 9) {
        const url = new URL(respell(next));
        expect(url.origin).toBe(plane.operator.endpoint);
        expect(url.searchParams.get('api-version')).toBe('2024-07-10');
        const answer = await arm.arm('GET', url.pathname + url.search);
        const page = answer.json() as { readonly value: readonly Extension[]; readonly nextLink?: string };
        expect(page.value.length).toBeLessThanOrEqual(2);
        names.push(...page.value.map(({ name }) => name));
        next = page.nextLink;
        pages += 1;
      }
      expect(names).toEqual(['x-Other', 'x-Refused', 'x-Runner', 'x-Slow']);
      expect(pages).toBe(2);
    }
  });

  test('every api-version that clients of HybridCompute send is taken, newest first in what the provider says (§4.3, §6.1)', async () => {
    const agent = await machine('versions');
    const provider = await arm.arm('GET', `${subscription}/providers/microsoft.hybridcompute?api-version=2021-04-01`);
    const { resourceTypes } = provider.json() as {
      readonly resourceTypes: readonly { readonly resourceType: string; readonly apiVersions: readonly string[] }[];
    };
    const rows = resourceTypes.filter(({ resourceType }) => resourceType.startsWith('machines'));
    expect(rows.map(({ resourceType }) => resourceType)).toEqual(
      expect.arrayContaining(['machines', 'machines/extensions']),
    );
    for (const { apiVersions } of rows) {
      const stable = apiVersions.filter((text) => !text.includes('preview'));
      expect(stable).toEqual(stable.toSorted().toReversed());
      expect(stable[0]).toBe(apiVersions[0]);
    }
    for (const text of [
      '2019-12-12',
      '2020-08-02',
      '2021-05-20',
      '2022-03-10',
      '2022-11-10',
      '2022-12-27',
      '2024-07-10',
      '2025-01-13',
      '2025-06-01',
      '2026-07-15',
      '2022-08-11-preview',
      '2024-07-31-preview',
      '2026-06-16-preview',
    ]) {
      for (const path of [agent.resourceId, `${agent.resourceId}/extensions`]) {
        expect((await arm.arm('GET', `${path}?api-version=${text}`)).status, text).toBe(200);
      }
    }
    expect((await arm.arm('GET', `${agent.resourceId}?API-Version=2024-07-10`)).status).toBe(200);
  });

  test('§1.2 operations are listed in the documented form', async () => {
    const answer = await arm.arm('GET', `/providers/Microsoft.HybridCompute/operations?${version}`);
    const { value } = answer.json() as { readonly value: readonly { readonly name: string }[] };
    const text = expect.any(String) as unknown;
    const display = { provider: text, resource: text, operation: text, description: text };
    for (const row of value) expect(row).toEqual({ name: text, origin: text, display });
    expect(value.map(({ name }) => name)).toEqual(
      expect.arrayContaining(
        ['read', 'write', 'delete'].map((verb) => `Microsoft.HybridCompute/machines/extensions/${verb}`),
      ),
    );
  });
});
