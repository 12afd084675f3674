/** Whatever roles a caller holds: page by page the log is what reading everything and leaving out the rest gives. */
import { randomBytes, randomUUID } from 'node:crypto';
import { parseResourceId } from '@sallyport/model';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActivityEvent } from '../../activity-log/activity-event.ts';
import { startedEvent } from '../../activity-log/events-of.ts';
import { accessOf, type Access } from '../../rbac/access.ts';
import type { Store } from '../../store/store.ts';
import { eachStore } from '../../testing/each-store.ts';
import { manualEnvironment } from '../../testing/manual-environment.ts';
import { testOrigin } from '../../testing/test-origin.ts';
import { testRole } from '../../testing/test-role.ts';
import { listEvents } from './activity-log.ts';
import { logReach } from './log-reach.ts';

const who = { clientId: 'app', objectId: 'obj' };
const readLogAction = 'Microsoft.Insights/eventtypes/values/read';
const machines = 'providers/Microsoft.HybridCompute/machines';
const inGroup = (subscription: string, group: string): string =>
  `/subscriptions/${subscription}/resourceGroups/${group}`;

// Names of which one begins with the other, with what sorts before and after a slash.
const places = ['s', 's-2'].flatMap((subscription) => [
  `/subscriptions/${subscription}`,
  `/subscriptions/${subscription}/providers/Microsoft.Authorization/policyDefinitions/p`,
  ...['g', 'g-2', 'G.1'].flatMap((group) => [
    inGroup(subscription, group),
    ...['a', 'A-b', 'a1'].flatMap((machine) => [
      `${inGroup(subscription, group)}/${machines}/${machine}`,
      `${inGroup(subscription, group)}/${machines}/${machine}/extensions/e`,
      `${inGroup(subscription, group)}/${machines}/${machine}/providers/Microsoft.Authorization/locks/l`,
    ]),
  ]),
]);
// What was refused may have been asked for by a path that no index takes whole; what begins as it does is another.
const long = randomBytes(4000).toString('hex');
const longMachine = `${inGroup('s', 'g')}/${machines}/${long}`;
const everywhere = [
  ...places,
  longMachine,
  `${longMachine}x`,
  `${longMachine}/extensions/e`,
  inGroup('s', long),
  inGroup('s', `${long}x`),
  '/',
  '/providers/Sallyport.Identity/users/u',
  '/providers/Other.X/things/t',
];

const role = fc.constantFrom(
  testRole(['*/read']),
  testRole([readLogAction]),
  testRole(['*'], ['Microsoft.Insights/*']),
  testRole(['Microsoft.HybridCompute/*']),
);
const scope = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('/subscriptions/none', inGroup('s', 'none'), inGroup('S', 'G')) },
  { weight: 1, arbitrary: fc.constantFrom('/', '/subscriptions/s', '/subscriptions/s-2') },
  { weight: 8, arbitrary: fc.constantFrom(...everywhere) },
);
const grants = fc.array(fc.record({ role, scope }), { maxLength: 6 });
const filters = fc.constantFrom(
  '',
  "resourceGroupName eq 'G'",
  "eventTimestamp ge '2026-01-01T00:00:02Z'",
  "status eq 'Failed'",
);

interface Shown {
  readonly eventDataId: string;
  readonly resourceId: string;
}

eachStore('the activity log of a caller', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;

  const eventAt = (resourceId: string, resourceGroup?: string): ActivityEvent => {
    const id = parseResourceId(resourceId);
    const origin = {
      ...testOrigin(randomUUID()),
      resourceId,
      subscriptionId: id?.subscriptionId ?? '',
      resourceGroup: resourceGroup ?? id?.resourceGroup ?? '',
    };
    return startedEvent(environment, origin);
  };
  const append = (first: ActivityEvent, ...rest: readonly ActivityEvent[]): Promise<void> =>
    store.change(() => Promise.resolve({ value: undefined, events: [first, ...rest] }));

  beforeAll(async () => {
    store = await makeStore().open();
    for (let round = 0; round < 3; round += 1) {
      // In another order each time, and one that is about a subscription and names a group.
      const turn = round * 11;
      const events = [...everywhere.slice(turn), ...everywhere.slice(0, turn)].map((place) => eventAt(place));
      await append(eventAt('/subscriptions/s', 'g'), ...events);
      environment.pass(1);
    }
  });
  afterAll(() => store.close());

  /** Follows the links, as a client does. */
  async function all(access: Access, path: string, filter: string, size: number): Promise<readonly Shown[]> {
    const id = parseResourceId(`${path}/providers/Microsoft.Insights/eventtypes/management/values`);
    if (id === undefined) throw new Error(path);
    const endpoint = { url: 'https://host', origins: [], tenantId: 't' };
    const found: Shown[] = [];
    let query: ReadonlyMap<string, string> = new Map([
      ['$filter', filter],
      ['$top', `${size}`],
    ]);
    for (;;) {
      const { body } = await listEvents({ store, endpoint, pageSize: 7 }, { id, path, query, access });
      const { value, nextLink } = body as { readonly value: readonly Shown[]; readonly nextLink?: string };
      found.push(...value);
      if (nextLink === undefined) return found;
      // A page that is not the last one is full: that there is more says nothing of what the caller may not see.
      expect(value).toHaveLength(size);
      query = new Map(new URL(nextLink).searchParams);
    }
  }

  const owner = accessOf([{ role: testRole(['*']), scope: '/' }], who);

  test('S2.2 T86 holds what the caller may read the log of and nothing else, newest first, in pages of any size', async () => {
    for (const path of ['', '/subscriptions/s']) {
      const whole = new Map<string, readonly Shown[]>();
      await fc.assert(
        fc.asyncProperty(grants, filters, fc.constantFrom(3, 10, 50, 1000), async (held, filter, size) => {
          const access = accessOf(held, who);
          fc.pre(access.touches(path === '' ? '/' : path));
          const everything = whole.get(filter) ?? (await all(owner, path, filter, 1000));
          whole.set(filter, everything);
          const expected = everything.filter(({ resourceId }) => access.permits(readLogAction, resourceId));
          const found = await all(access, path, filter, size);
          expect(found.map(({ eventDataId }) => eventDataId)).toEqual(expected.map(({ eventDataId }) => eventDataId));
        }),
        { numRuns: 50 },
      );
      expect(whole.get('')?.length).toBeGreaterThan(90);
    }
  });

  test('T19 whoever holds more roles than one statement asks for sees the same', async () => {
    const other = Array.from({ length: 650 }, (_, index) => ({
      role: testRole(['*/read']),
      scope: `${inGroup('s', 'g')}/${machines}/other-${index}`,
    }));
    const held = [...other, { role: testRole(['*/read']), scope: inGroup('s', 'g-2') }];
    const found = await all(accessOf(held, who), '/subscriptions/s', '', 10);
    const everything = await all(owner, '/subscriptions/s', '', 1000);
    expect(found).toEqual(everything.filter(({ resourceId }) => resourceId.startsWith(inGroup('s', 'g-2'))));
    expect(found).toHaveLength(3 * 10);
  });
});

test('T86 what is asked of the store is what the roles reach, each of it once', () => {
  const group = inGroup('s', 'G');
  const machine = `${group}/${machines}/a`;
  expect(logReach('/subscriptions/s', [machine, group, '/subscriptions/other', '/providers/X.Y/z/a'])).toEqual([
    { of: 'group', subscriptionId: 's', group: 'g' },
  ]);
  expect(logReach('/', [machine, '/subscriptions/t', machine.toUpperCase(), `${machine}-b`])).toEqual([
    { of: 'resource', key: machine.toLowerCase() },
    { of: 'subscription', subscriptionId: 't' },
    { of: 'resource', key: `${machine.toLowerCase()}-b` },
  ]);
  expect(logReach('/subscriptions/s', [machine, '/'])).toBe('whole');
  expect(logReach('/subscriptions/s', [])).toEqual([]);
});
