/** Whatever roles a caller holds and whatever is asked for: page by page it is what reading everything and leaving out the rest gives. */
import { parseResourceId } from '@sallyport/model';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessOf, type Access, type Grant } from '../../../rbac/access.ts';
import { keepTags } from '../../../resources/keep-tags.ts';
import { taggedPlain } from '../../../resources/tag-keys.ts';
import type { ArmResponse } from '../../../arm/arm-request.ts';
import type { Store } from '../../../store/store.ts';
import { eachStore } from '../../../testing/each-store.ts';
import { manualEnvironment } from '../../../testing/manual-environment.ts';
import { testEvent } from '../../../testing/test-event.ts';
import { addExtension, addMachine, addOperation } from '../../../testing/test-machine.ts';
import { testRole } from '../../../testing/test-role.ts';
import { licenseProfileType, licenseType } from '../../microsoft.hybridcompute/licenses.ts';
import { extensionType, machineType } from '../../microsoft.hybridcompute/provider.ts';
import { listMachines } from '../../microsoft.hybridcompute/machines.ts';
import { listPlain } from '../../../resources/plain-resource.ts';
import type { Services } from '../../../services.ts';
import { listResources } from '../resources.ts';
import { trackedResources } from './tracked-resources.ts';

const who = { clientId: 'app', objectId: 'obj' };
const subscription = '/subscriptions/s';
// Names of which one begins with the other, with what sorts before and after a slash.
const groups = ['g', 'g-2', 'G.1', 'g(x)'];
const names = ['a', 'A-b', 'a.b', 'a1'];
const idIn = (group: string, type: string, name: string): string =>
  `${subscription}/resourceGroups/${group}/providers/Microsoft.HybridCompute/${type}/${name}`;

const role = fc.constantFrom(
  testRole(['*/read']),
  testRole(['*']),
  testRole([`${machineType}/read`]),
  testRole([`${extensionType}/read`]),
  testRole(['*/read'], [`${machineType}/read`]),
  testRole([`${licenseType}/READ`, `${licenseProfileType}/read`]),
  testRole([`${machineType}/write`]),
);

const group = fc.constantFrom(...groups, 'G', 'none');
const name = fc.constantFrom(...names, 'none');
const scope = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('/', subscription, '/SUBSCRIPTIONS/S', '/subscriptions/other') },
  { weight: 4, arbitrary: group.map((one) => `${subscription}/resourceGroups/${one}`) },
  { weight: 4, arbitrary: fc.tuple(group, name).map(([one, machine]) => idIn(one, 'machines', machine)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(group, name, fc.constantFrom('extensions/E', 'extensions/f', 'licenseProfiles/default', 'others/e'))
      .map(([one, machine, rest]) => `${idIn(one, 'machines', machine)}/${rest}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      idIn('g', 'licenses', 'A'),
      `${subscription}/resourceGroups/g/providers/Other.Provider/machines/a`,
      `${idIn('g', 'machines', 'a')}/providers/Other.Provider/things/t`,
      `${subscription}/providers/Microsoft.HybridCompute/machines/a`,
    ),
  },
);
const grants = fc.array(fc.record({ role, scope }), { maxLength: 5 });

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
const condition = fc.oneof(
  fc.constantFrom(machineType, extensionType, licenseType, 'No.Such/type').map((type) => ({
    text: `resourceType eq '${type}'`,
    fits: (one: Listed) => same(one.type, type),
  })),
  fc.constantFrom('g', 'G-2', 'none').map((wanted) => ({
    text: `resourceGroup eq '${wanted}'`,
    fits: (one: Listed) => same(parseResourceId(one.id)?.resourceGroup ?? '', wanted),
  })),
  fc.constantFrom('a', 'A.B/e', 'a-b/F', 'none').map((wanted) => ({
    text: `name eq '${wanted}'`,
    fits: (one: Listed) => same(one.name, wanted),
  })),
  fc.constantFrom('HERE', 'there').map((wanted) => ({
    text: `location ne '${wanted}'`,
    fits: (one: Listed) => !same(one.location, wanted),
  })),
  fc
    .tuple(fc.constantFrom('rack', 'Bürogebäude', 'none'), fc.constantFrom(undefined, '7', 'Ü'))
    .map(([tag, value]) => ({
      text: `tagName eq '${tag}'${value === undefined ? '' : ` and tagValue eq '${value}'`}`,
      fits: (one: Listed) =>
        Object.entries(one.tags).some(([key, of]) => same(key, tag) && (value === undefined || of === value)),
    })),
);
/** One value of a tag for all names of tags is all that a filter can say. */
const filter = fc
  .array(condition, { maxLength: 3 })
  .filter((conditions) => conditions.filter(({ text }) => text.startsWith('tag')).length < 2);

type List = (
  services: Pick<Services, 'store' | 'endpoint' | 'environment' | 'pageSize'>,
  request: Parameters<typeof listResources>[1],
) => Promise<ArmResponse>;

/** Lists of one type; what they hold of a subscription is what the list of all resources holds of it. */
const ofType: readonly (readonly [type: string, list: List])[] = [
  [machineType, listMachines],
  [licenseType, (services, request) => listPlain(services, { type: licenseType, resource: 'tracked' }, request)],
];

eachStore('resources of a caller', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  let whole: readonly Listed[];

  beforeAll(async () => {
    store = await makeStore().open();
    const tags = ['{}', '{"Rack":"7"}', '{"rack":"8","BÜROGEBÄUDE":"Ü"}', '{"bürogebäude":"7"}'];
    let at = 0;
    const next = (): string => tags[(at += 1) % tags.length] ?? '';
    for (const one of groups) {
      await store.note(async (writer) => {
        await writer
          .insertInto('resource_groups')
          .values({
            subscription_id: 's',
            name_key: one.toLowerCase(),
            name: one,
            location: 'here',
            tags: '{}',
            created_at: 1,
          })
          .execute();
      });
      for (const machineName of names) {
        const machine = await addMachine(environment, store, {
          group_key: one.toLowerCase(),
          group_name: one,
          name_key: machineName.toLowerCase(),
          name: machineName,
          location: at % 3 === 0 ? 'There' : 'here',
          tags: next(),
        });
        const { operationId } = await addOperation(environment, store, machine, 'install', '', undefined);
        for (const extension of ['E-1', 'f'])
          await addExtension(environment, store, machine, {
            name_key: extension.toLowerCase(),
            name: extension,
            extension_key: extension.toLowerCase(),
            operation_id: operationId,
            tags: next(),
          });
        await addPlain(idIn(one, 'licenses', machineName), licenseType, next());
        await addPlain(`${idIn(one, 'machines', machineName)}/licenseProfiles/default`, licenseProfileType, next());
      }
    }
    whole = await all(accessOf([{ role: testRole(['*']), scope: '/' }], who), subscription, '', 1000);
  });
  afterAll(() => store.close());

  function addPlain(id: string, type: string, tags: string): Promise<void> {
    return store.change(async (writer) => {
      const row = await writer
        .insertInto('plain_resources')
        .values({
          resource_key: id.toLowerCase(),
          resource_id: id,
          type,
          subscription_id: 's',
          group_key: (parseResourceId(id)?.resourceGroup ?? '').toLowerCase(),
          location: 'here',
          tags,
          properties: '{}',
          created_at: 1,
          created_by: 'c',
          changed_at: 1,
          changed_by: 'c',
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await keepTags(writer, taggedPlain(row), undefined, tags);
      return { value: undefined, events: [testEvent()] };
    });
  }

  /** Follows the links, as a client does. */
  async function all(
    access: Access,
    path: string,
    text: string,
    size: number,
    list: List = listResources,
    begin = '',
  ): Promise<readonly Listed[]> {
    const id = parseResourceId(path);
    if (id === undefined) throw new Error(path);
    const endpoint = { url: 'https://host', origins: [], tenantId: 't' };
    const found: Listed[] = [];
    let query: ReadonlyMap<string, string> = new Map([
      ['$filter', text],
      ['$top', `${size}`],
      ['$skiptoken', Buffer.from(begin, 'utf8').toString('base64url')],
    ]);
    for (;;) {
      const { body } = await list({ store, endpoint, environment, pageSize: 7 }, { id, path, query, access });
      const { value, nextLink } = body as { readonly value: readonly Listed[]; readonly nextLink?: string };
      found.push(...value);
      if (nextLink === undefined) return found;
      // A page that is not the last one is full: that there is more says nothing of what the caller may not see.
      expect(value).toHaveLength(size);
      query = new Map(new URL(nextLink).searchParams);
    }
  }

  test('T02 T86 a list holds what the caller may read and nothing else, in pages of any size', async () => {
    expect(whole).toHaveLength(groups.length * names.length * 6);
    await fc.assert(
      fc.asyncProperty(
        grants,
        filter,
        fc.constantFrom(subscription, `${subscription}/resourceGroups/G`, `${subscription}/resourceGroups/g-2`),
        fc.constantFrom(1, 2, 3, 10, 1000),
        async (held, conditions, path, size) => {
          const access = accessOf(held, who);
          const text = conditions.map((one) => one.text).join(' and ');
          const expected = whole.filter(
            (one) =>
              access.permits(`${one.type}/read`, one.id) &&
              one.id.toLowerCase().startsWith(`${path.toLowerCase()}/`) &&
              conditions.every(({ fits }) => fits(one)),
          );
          expect((await all(access, path, text, size)).map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
        },
      ),
      { numRuns: 250 },
    );
  });

  test.each(ofType)('T02 T86 so does the list of the %s of a subscription', async (type, list) => {
    await fc.assert(
      fc.asyncProperty(grants, fc.constantFrom(1, 3, 1000), async (held, size) => {
        const access = accessOf(held, who);
        const expected = whole.filter((one) => one.type === type && access.permits(`${type}/read`, one.id));
        expect((await all(access, subscription, '', size, list)).map(({ id }) => id)).toEqual(
          expected.map(({ id }) => id),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('T86 a link that somebody made up reaches nothing that the list does not hold', async () => {
    const path = `${subscription}/resourceGroups/g-2`;
    const reader = (scope: string): Access => accessOf([{ role: testRole(['*/read']), scope }], who);
    const mine = whole.filter(({ id }) => id.startsWith(`${path}/`)).map(({ id }) => id);
    expect(mine).not.toEqual([]);
    for (const [, list] of [...ofType, ['', listResources] as const]) {
      // Asked for the group by somebody who may read more, and for everything by somebody who may not.
      for (const [at, access] of [
        [path, reader(subscription)],
        [subscription, reader(path)],
      ] as const) {
        for (const begin of ['0:', '1:', '2:', '0:/', '1:a', '2:a/a']) {
          const found = await all(access, at, '', 1000, list, list === listResources ? begin : begin.slice(2));
          expect(mine).toEqual(expect.arrayContaining(found.map(({ id }) => id)));
        }
      }
    }
  });

  test('T86 of a list that a caller may see nothing of, nothing is read', async () => {
    let questions = 0;
    const counted = new Proxy(store.read, {
      get: (target, member) => {
        questions += 1;
        const found: unknown = Reflect.get(target, member);
        return typeof found === 'function' ? (found.bind(target) as unknown) : found;
      },
    });
    const list = async (held: readonly Grant[]): Promise<unknown> => {
      const id = parseResourceId(subscription);
      if (id === undefined) throw new Error(subscription);
      const endpoint = { url: 'https://host', origins: [], tenantId: 't' };
      const request = { id, path: subscription, query: new Map<string, string>(), access: accessOf(held, who) };
      return (await listResources({ store: { ...store, read: counted }, endpoint, pageSize: 1000 }, request)).body;
    };
    expect([await list([]), questions]).toEqual([{ value: [] }, 0]);
    expect(await list([{ role: testRole(['*/write']), scope: '/' }])).toEqual({ value: [] });
    expect(questions).toBe(0);
    expect(await list([{ role: testRole(['*']), scope: idIn('g', 'machines', 'a') }])).not.toEqual({ value: [] });
    expect(questions).toBeGreaterThan(0);
  });

  test('T86 rows that a caller may not read are not read for him, but where many roles are held', async () => {
    const narrowing = { subscriptionId: 's', group: undefined, type: undefined, name: undefined, location: undefined };
    await fc.assert(
      fc.asyncProperty(
        fc.array(scope, { maxLength: 5 }),
        fc.constantFrom(undefined, { name: 'RACK', value: undefined }),
        async (scopes, tag) => {
          const access = accessOf(
            scopes.map((one) => ({ role: testRole(['*/read']), scope: one })),
            who,
          );
          const query = { reader: store.read, narrowing: { ...narrowing, tag, access }, tenantId: 't' };
          const read: string[] = [];
          for await (const some of trackedResources(query, undefined, 3)) read.push(...some.map(({ id }) => id));
          const readable = whole.filter(
            (one) =>
              access.permits(`${one.type}/read`, one.id) &&
              (tag === undefined || Object.keys(one.tags).some((name) => same(name, tag.name))),
          );
          expect(read).toEqual(readable.map(({ id }) => id));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('T19 whoever holds more roles than there are questions to ask sees the same', async () => {
    const many: Grant[] = Array.from({ length: 300 }, (_, index) => ({
      role: testRole(['*/read']),
      scope: `${subscription}/resourceGroups/other-${index}`,
    }));
    const access = accessOf([...many, { role: testRole(['*/read']), scope: idIn('g', 'machines', 'A-b') }], who);
    const found = await all(access, subscription, '', 2);
    expect(found.map(({ id }) => id)).toEqual(
      whole.filter(({ id }) => id.startsWith(idIn('g', 'machines', 'A-b'))).map(({ id }) => id),
    );
    expect(found).toHaveLength(5);
  });
});
