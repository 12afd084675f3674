/** If-Match and If-None-Match: nobody's write is lost to somebody who had read an older state (S2.1). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportOf, type FakeAgent } from './fake-agent.ts';
import type { Answer } from './http-client.ts';
import { startFleetOfOne, type FleetOfOne } from './fleet-of-one.ts';
import type { OperatorClient } from './operator-client.ts';

let fleet: FleetOfOne;
let arm: OperatorClient;
let subscription: string;
let group: string;
let agent: FakeAgent;

beforeAll(async () => {
  fleet = await startFleetOfOne('preconditions');
  ({ arm, subscription, group, agent } = fleet);
});
afterAll(() => fleet?.stop());

function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const version = /Sallyport\.(?:Identity|Upgrades)/.test(path) ? '2026-11-01' : '2025-01-13';
  return arm.arm(method, `${path}?api-version=${versionOf(path) ?? version}`, body, headers);
}

function versionOf(path: string): string | undefined {
  if (/policy(?:Definitions|SetDefinitions|Assignments)/.test(path)) return '2021-06-01';
  if (path.includes('policyExemptions')) return '2020-07-01-preview';
  if (path.includes('roleDefinitions')) return '2022-04-01';
  if (path.includes('guestConfigurationAssignments')) return '2022-01-25';
  if (path.includes('remediations')) return '2021-10-01';
  return undefined;
}

function tagOf(answer: Answer): string {
  return String(answer.headers['etag']);
}

function codeOf(answer: Answer): readonly [number, string | undefined] {
  return [answer.status, answer.text === '' ? undefined : (answer.json() as { error?: { code: string } }).error?.code];
}

const refused = [412, 'PreconditionFailed'];
const definition = {
  properties: {
    policyRule: JSON.parse('{"if":{"field":"type","equals":"nothing"},"then":{"effect":"audit"}}') as unknown,
  },
};

/** One of each kind of resource that can be written: where, what first, what then. */
function written(): readonly (readonly [path: string, first: unknown, then: unknown])[] {
  const authorization = 'providers/Microsoft.Authorization';
  const hybridCompute = `${group}/providers/Microsoft.HybridCompute`;
  const definitionId = `${subscription}/${authorization}/policyDefinitions/d`;
  const tagged = (tag: string): object => ({ location: 'here', tags: { tag } });
  const named = (displayName: string): object => ({ properties: { ...definition.properties, displayName } });
  const role = (description: string): object => ({
    properties: {
      roleName: 'Some role',
      description,
      type: 'CustomRole',
      assignableScopes: [subscription],
      permissions: [{ actions: ['*/read'], notActions: [] }],
    },
  });
  return [
    [`${subscription}/resourceGroups/Other`, tagged('a'), tagged('b')],
    [`${hybridCompute}/licenses/l`, tagged('a'), tagged('b')],
    [`${hybridCompute}/privateLinkScopes/p`, tagged('a'), tagged('b')],
    [definitionId, named('a'), named('b')],
    [
      `${subscription}/${authorization}/policyAssignments/a`,
      { properties: { policyDefinitionId: definitionId, displayName: 'a' } },
      { properties: { policyDefinitionId: definitionId, displayName: 'b' } },
    ],
    [`${subscription}/${authorization}/roleDefinitions/1b2d3f5a-0000-4000-8000-000000000001`, role('a'), role('b')],
    [
      `/providers/Sallyport.Identity/users/somebody@example.org`,
      { properties: { displayName: 'a' } },
      { properties: { displayName: 'b' } },
    ],
    [
      `${agent.resourceId}/providers/Microsoft.Resources/tags/default`,
      { properties: { tags: { tag: 'a' } } },
      { properties: { tags: { tag: 'b' } } },
    ],
  ];
}

describe('every kind of resource that can be written', () => {
  test('is written only over the state that If-Match names', async () => {
    for (const [path, first, then] of written()) {
      const at = path.split('/').slice(-2).join('/');
      expect([at, (await send('PUT', path, first)).status]).toEqual([at, expect.any(Number)]);
      const read = await send('GET', path);
      expect([at, read.status, tagOf(read)]).toEqual([at, 200, expect.stringMatching(/^"[\w-]{22}\.[\w-]{22}"$/)]);
      const one = await send('PUT', path, then, { 'if-match': tagOf(read) });
      expect([at, one.status]).toEqual([at, expect.toSatisfy((status: number) => status === 200 || status === 201)]);
      const other = await send('PUT', path, first, { 'if-match': tagOf(read) });
      expect([at, ...codeOf(other)]).toEqual([at, ...refused]);
      const kept = await send('GET', path);
      expect([at, kept.text === read.text]).toEqual([at, false]);
      const gone = await send('DELETE', path, undefined, { 'if-match': tagOf(read) });
      expect([at, ...codeOf(gone)]).toEqual([at, ...refused]);
      expect([at, (await send('GET', path)).text]).toEqual([at, kept.text]);
      const made = await send('PUT', path, first, { 'if-none-match': '*' });
      if (!path.includes('/tags/')) expect([at, ...codeOf(made)]).toEqual([at, ...refused]);
    }
    for (const [path] of [...written()].toReversed()) {
      const read = await send('GET', path);
      const gone = await send('DELETE', path, undefined, { 'if-match': tagOf(read) });
      expect([path, gone.status]).toEqual([path, 200]);
      if (path.includes('/tags/')) continue;
      expect([path, ...codeOf(await send('DELETE', path, undefined, { 'if-match': '*' }))]).toEqual([path, ...refused]);
    }
  });
});

describe('what a machine does meanwhile', () => {
  const properties = { publisher: 'Contoso.Scripts', type: 'Runner', settings: { a: 1 } };

  test('is no change of what an administrator has read, and another answer all the same', async () => {
    const path = `${agent.resourceId}/extensions/Runner`;
    const created = await send('PUT', path, { location: 'here', properties }, { 'if-none-match': '*' });
    expect(created.status).toBe(200);
    const [entry] = (await agent.goalState()).extensions;
    if (entry === undefined) throw new Error('There is nothing to do.');
    await agent.report([reportOf(entry, 'Succeeded')]);
    const read = await send('GET', path);
    expect(tagOf(read)).not.toBe(tagOf(created));
    const patched = await send('PATCH', path, { tags: { from: 'one' } }, { 'if-match': `"other", ${tagOf(created)}` });
    expect(patched.status).toBe(200);
    const late = await send('PATCH', path, { tags: { from: 'two' } }, { 'if-match': tagOf(read) });
    expect(codeOf(late)).toEqual(refused);
    const removed = await send('DELETE', path, undefined, { 'if-match': tagOf(read) });
    expect(codeOf(removed)).toEqual(refused);
    expect((await send('GET', path)).json()).toMatchObject({ tags: { from: 'one' } });
    const again = await send('PUT', path, { location: 'here', properties }, { 'if-none-match': '*' });
    expect(codeOf(again)).toEqual(refused);
  });

  test('an answer that would be the same again is not sent again', async () => {
    const read = await send('GET', group);
    const again = await send('GET', group, undefined, { 'if-none-match': `W/${tagOf(read)}` });
    expect([again.status, again.text, tagOf(again)]).toEqual([304, '', tagOf(read)]);
    expect(codeOf(await send('GET', group, undefined, { 'if-match': '"of-another.state"' }))).toEqual(refused);
    await send('PATCH', group, { tags: { new: 'tag' } });
    expect((await send('GET', group, undefined, { 'if-none-match': tagOf(read) })).status).toBe(200);
  });
});

test('of many who write at once over the same state, one does', async () => {
  const read = await send('GET', group);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => send('PATCH', group, { tags: { by: String(i) } }, { 'if-match': tagOf(read) })),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 412)).toHaveLength(7);
  const winner = answers.findIndex(({ status }) => status === 200);
  expect((await send('GET', group)).json()).toMatchObject({ tags: { by: String(winner) } });
  const log = await arm.arm(
    'GET',
    `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${encodeURIComponent(`eventTimestamp ge 2020-01-01 and resourceId eq '${group}' and status eq 'Failed'`)}`,
  );
  const events = (log.json() as { value: { subStatus: { value: string } }[] }).value;
  expect(events.filter(({ subStatus }) => subStatus.value === 'PreconditionFailed').length).toBeGreaterThanOrEqual(7);
});

test('of many who add a tag each at once, everybody keeps theirs', async () => {
  const tags = `${agent.resourceId}/providers/Microsoft.Resources/tags/default`;
  const names = Array.from({ length: 8 }, (_, i) => `added-${i}`);
  await Promise.all(
    names.map((name) => send('PATCH', tags, { operation: 'Merge', properties: { tags: { [name]: 'x' } } })),
  );
  expect((await send('GET', tags)).json()).toMatchObject({
    properties: { tags: Object.fromEntries(names.map((name) => [name, 'x'])) },
  });
});

test('what is no ETag is refused, not passed over', async () => {
  for (const text of ['abc', '"a" "b"', '"a",', '', '"a\u0001"'.slice(0, 2)]) {
    const answer = await send('PATCH', group, { tags: {} }, { 'if-match': text });
    expect([text, ...codeOf(answer)]).toEqual([text, 400, 'InvalidParameter']);
  }
  const nowhere = `${subscription}/resourceGroups/Nowhere`;
  expect(codeOf(await send('PUT', nowhere, { location: 'here' }, { 'if-match': '*' }))).toEqual(refused);
  expect((await send('HEAD', nowhere)).status).toBe(404);
});
