/** What a control plane tells to whom (T86), and what it takes that is larger than it looks (T79). */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { runScript } from './run-script.ts';
import { createTestGallery } from './test-gallery.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-disclosure-'));
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
let plane: ControlPlaneProcess;
let owner: OperatorClient;
let guest: OperatorClient;
let subscription: string;
let guestId: { readonly clientId: string; readonly clientSecret: string; readonly objectId: string };
const agents: FakeAgent[] = [];

beforeAll(async () => {
  const gallery = await createTestGallery(join(folder, 'gallery'));
  plane = await startControlPlaneProcess(join(folder, 'state'), '--gallery', gallery.directory);
  owner = await signIn(plane.operator);
  subscription = `/subscriptions/${plane.operator.subscriptionId}`;
  for (const name of ['Mine', 'Theirs'])
    await owner.arm('PUT', `${subscription}/resourceGroups/${name}?api-version=2021-04-01`, { location: 'here' });
  agents.push(await enrolFakeAgent(() => plane.operator, owner, 'Mine', 'my-machine'));
  agents.push(await enrolFakeAgent(() => plane.operator, owner, 'Theirs', 'their-machine'));
  const clientId = randomUUID();
  const made = await owner.arm(
    'PUT',
    `/providers/Sallyport.Identity/servicePrincipals/${clientId}?api-version=2026-11-01`,
    { properties: { displayName: 'guest' } },
  );
  const { objectId, clientSecret } = (
    made.json() as { readonly properties: { readonly objectId: string; readonly clientSecret: string } }
  ).properties;
  await owner.arm(
    'PUT',
    `${subscription}/resourceGroups/Mine/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
    {
      properties: {
        roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
        principalId: objectId,
      },
    },
  );
  guestId = { clientId, clientSecret, objectId };
  guest = await signIn({ ...plane.operator, clientId, clientSecret });
});
afterAll(async () => {
  guest?.close();
  for (const agent of agents) await agent.stop();
  owner?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

test('T86 who may read one group hears nothing of another, by any way of asking', async () => {
  const insights = 'providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01';
  const theirs = `${subscription}/resourceGroups/Theirs`;
  const put = await owner.arm('PUT', `${agents[1]?.resourceId ?? ''}/extensions/Runner?api-version=2024-07-10`, {
    location: 'here',
    properties: { publisher: 'Contoso.Scripts', type: 'Runner' },
  });
  expect(put.status).toBe(200);
  const operation = new URL(String(put.headers['azure-asyncoperation']));
  const paths = [
    '/subscriptions?api-version=2022-12-01',
    `${subscription}/resourceGroups?api-version=2021-04-01`,
    `${subscription}/resources?api-version=2021-04-01`,
    `${subscription}/resources?api-version=2021-04-01&$filter=${encodeURIComponent("resourceGroup eq 'Theirs'")}`,
    `${subscription}/${insights}`,
    `/${insights}`,
    `${subscription}/providers/Microsoft.HybridCompute/machines?api-version=2024-07-10`,
    `${theirs}?api-version=2021-04-01`,
    `${theirs}/resources?api-version=2021-04-01`,
    `${theirs}/providers/Microsoft.HybridCompute/machines?api-version=2024-07-10`,
    `${agents[1]?.resourceId ?? ''}?api-version=2024-07-10`,
    `${agents[1]?.resourceId ?? ''}/extensions?api-version=2024-07-10`,
    `${agents[1]?.resourceId ?? ''}/extensions/Runner?api-version=2024-07-10`,
    `${agents[1]?.resourceId ?? ''}/providers/Sallyport.Explain/automaticUpgrades?api-version=2026-11-01`,
    `${agents[1]?.resourceId ?? ''}/providers/Sallyport.Explain/operations?api-version=2026-11-01`,
    `${agents[1]?.resourceId ?? ''}/providers/Sallyport.Explain/statements?api-version=2026-11-01`,
    `${agents[1]?.resourceId ?? ''}/extensions/Runner/providers/Sallyport.Explain/operations?api-version=2026-11-01`,
    `${agents[1]?.resourceId ?? ''}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01`,
    operation.pathname + operation.search,
    `${operation.pathname.replace(/operationstatus/i, 'operationResults')}${operation.search}`,
    '/providers/Sallyport.Identity/servicePrincipals?api-version=2026-11-01',
    '/providers/Sallyport.Identity/users?api-version=2026-11-01',
  ];
  for (const path of paths) {
    const answer = await guest.arm('GET', path);
    expect([path, answer.status]).toEqual([
      path,
      expect.toSatisfy((status: number) => [200, 403, 404].includes(status)),
    ]);
    // A refusal repeats what was asked and no more.
    const told = answer.status === 200 ? answer.text : answer.text.replaceAll(decodeURIComponent(path), '');
    expect([path, /their-machine|Runner/.test(answer.status === 200 ? told : '')]).toEqual([path, false]);
  }
  const mine = await guest.arm('GET', `${agents[0]?.resourceId ?? ''}?api-version=2024-07-10`);
  expect([mine.status, mine.text.includes('my-machine')]).toEqual([200, true]);
});

test('T02 T86 the stock clients of somebody who may read one group show that and nothing else, and are refused as by Azure', async () => {
  const names = ['Mine', 'my-machine', 'Theirs', guestId.objectId];
  const seen = await runScript<Record<string, unknown>>(
    'narrow-reader.ts',
    { ...plane.operator, ...guestId },
    ...names,
  );
  const mine = `${subscription}/resourceGroups/Mine ${guestId.objectId}`;
  const refused = expect.objectContaining({ code: 'AuthorizationFailed', status: 403 }) as unknown;
  expect(seen).toEqual({
    machines: ['my-machine'],
    ofGroup: ['my-machine'],
    ofOther: refused,
    resources: ['my-machine'],
    groups: ['Mine'],
    eventsOfGroups: ['Mine'],
    permissions: [['*/read']],
    permissionsElsewhere: [],
    mine: [mine],
    ofPrincipal: [mine],
    atScope: [mine],
    assignmentsElsewhere: refused,
    policies: 0,
    policiesElsewhere: refused,
  });
});

test('T86 a list that goes on tells nothing of what stands in it beside what may be seen, in its links either', async () => {
  // Around those that may be seen, before and after.
  for (const name of ['Aside', 'Other', 'Zone'])
    await owner.arm('PUT', `${subscription}/resourceGroups/${name}?api-version=2021-04-01`, { location: 'here' });
  const license = { location: 'here', properties: { licenseType: 'ESU' } };
  for (const [group, name] of [
    ['Aside', 'other-license'],
    ['Mine', 'my-license'],
    ['Mine', 'my-second'],
    ['Zone', 'other-second'],
  ])
    expect(
      (
        await owner.arm(
          'PUT',
          `${subscription}/resourceGroups/${group}/providers/Microsoft.HybridCompute/licenses/${name}?api-version=2024-07-10`,
          license,
        )
      ).status,
    ).toBe(200);
  const lists = [
    [`${subscription}/resourceGroups?api-version=2021-04-01&$top=1`, ['Mine']],
    [`${subscription}/resources?api-version=2021-04-01&$top=1`, ['my-license', 'my-second', 'my-machine']],
    [`${subscription}/providers/Microsoft.HybridCompute/machines?api-version=2024-07-10&$top=1`, ['my-machine']],
    [
      `${subscription}/providers/Microsoft.HybridCompute/licenses?api-version=2024-07-10&$top=1`,
      ['my-license', 'my-second'],
    ],
    [`${subscription}/providers/Microsoft.HybridCompute/privateLinkScopes?api-version=2024-07-10&$top=1`, []],
  ] as const;
  for (const [list, expected] of lists) {
    const names: string[] = [];
    let next: string | undefined = list;
    while (next !== undefined) {
      const answer = await guest.arm('GET', next);
      const { value, nextLink } = answer.json() as {
        readonly value: readonly { readonly name: string }[];
        readonly nextLink?: string;
      };
      names.push(...value.map(({ name }) => name));
      const link = nextLink === undefined ? undefined : new URL(nextLink);
      const place = Buffer.from(link?.searchParams.get('$skiptoken') ?? '', 'base64url').toString('utf8');
      expect([list, /aside|other|theirs|their-machine|zone/i.test(place)]).toEqual([list, false]);
      // A page that is empty and goes on would say that there is something.
      expect([list, nextLink !== undefined && value.length === 0]).toEqual([list, false]);
      next = link === undefined ? undefined : link.pathname + link.search;
    }
    expect([list, names]).toEqual([list, expected]);
  }
});

test('T86 a link that somebody made up leads to nothing outside of what was asked for', async () => {
  const template = {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [],
    outputs: { other: { type: 'string', value: 'other' } },
  };
  const aside = `${subscription}/resourceGroups/Aside/providers`;
  const put = await owner.arm('PUT', `${aside}/Microsoft.Resources/deployments/other?api-version=2021-04-01`, {
    properties: { mode: 'Incremental', template },
  });
  expect(put.status).toBe(201);
  const mine = `${subscription}/resourceGroups/Mine/providers`;
  const lists = [
    `${mine}/Microsoft.Resources/deployments?api-version=2021-04-01`,
    `${mine}/Microsoft.HybridCompute/licenses?api-version=2024-07-10`,
    `${mine}/Microsoft.HybridCompute/machines?api-version=2024-07-10`,
    `${mine}/Microsoft.PolicyInsights/remediations?api-version=2021-10-01`,
    `${agents[0]?.resourceId ?? ''}/extensions?api-version=2024-07-10`,
    `${agents[0]?.resourceId ?? ''}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments?api-version=2022-01-25`,
    `${subscription}/providers/Microsoft.HybridCompute/licenses?api-version=2024-07-10`,
    `${subscription}/resourceGroups?api-version=2021-04-01`,
  ];
  for (const list of lists) {
    for (const begin of ['/', 'a', `${subscription}/resourcegroups/aside`, '0:/']) {
      const answer = await guest.arm('GET', `${list}&$skiptoken=${Buffer.from(begin).toString('base64url')}`);
      expect([list, begin, answer.status, /other|aside/i.test(answer.text)]).toEqual([list, begin, 200, false]);
    }
    // PostgreSQL takes no zero character.
    const zero = await guest.arm('GET', `${list}&$skiptoken=AA`);
    expect([list, zero.status]).toEqual([list, 400]);
  }
});

test('T79 what is compressed is not taken, so nothing is larger than it came', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')).toString('latin1');
  const headers = { 'content-encoding': 'gzip', 'content-length': String(Buffer.byteLength(bomb)) };
  const group = await owner.arm('PUT', `${subscription}/resourceGroups/Bomb?api-version=2021-04-01`, bomb, headers);
  expect(group.status).toBe(413);
  const read = await owner.arm('GET', `${subscription}/resourceGroups/Bomb?api-version=2021-04-01`);
  expect(read.status).toBe(404);
  expect((await owner.arm('GET', '/healthz')).status).toBe(200);
});
