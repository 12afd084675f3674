import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../../../store/store.ts';
import { eachStore } from '../../../testing/each-store.ts';
import { manualEnvironment } from '../../../testing/manual-environment.ts';
import { testEvent } from '../../../testing/test-event.ts';
import { addMachine, addOperation } from '../../../testing/test-machine.ts';
import { keepTags } from '../../../resources/keep-tags.ts';
import { taggedMachine } from '../../../resources/tag-keys.ts';
import { licenseType } from '../../microsoft.hybridcompute/licenses.ts';
import { removeMachine } from '../../microsoft.hybridcompute/remove-machine.ts';
import type { Narrowing } from './tracked-resource.ts';
import { trackedResources, type ListedResource } from './tracked-resources.ts';

const any: Narrowing = {
  subscriptionId: 's',
  group: undefined,
  type: undefined,
  name: undefined,
  location: undefined,
  tag: undefined,
  access: { scopesOf: () => ['/'] },
};

eachStore('tracked resources', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;

  beforeAll(async () => {
    store = await makeStore().open();
    // Names of which one begins with the other, in groups of which one begins with the other.
    for (const group of ['g', 'g-2', 'G.1']) {
      for (const name of ['a', 'A-b', 'a.b', 'b']) {
        const machine = await addMachine(environment, store, {
          group_key: group.toLowerCase(),
          group_name: group,
          name_key: name.toLowerCase(),
          name,
          location: name === 'b' ? 'There' : 'here',
          tags: name === 'a' ? '{"Rack":"7"}' : '{"rack_":"7"}',
        });
        if (name !== 'b') await addOperation(environment, store, machine, 'install', '', undefined);
      }
      const id = `/subscriptions/s/resourceGroups/${group}/providers/${licenseType}/l`;
      await store.note(async (writer) => {
        await writer
          .insertInto('plain_resources')
          .values({
            resource_key: id.toLowerCase(),
            resource_id: id,
            type: licenseType,
            subscription_id: 's',
            group_key: group.toLowerCase(),
            location: 'here',
            tags: '{}',
            properties: '{}',
            created_at: 1,
            created_by: 'c',
            changed_at: 1,
            changed_by: 'c',
          })
          .execute();
      });
    }
  });
  afterAll(() => store.close());

  /** The first page of so many and the place after it. */
  async function pageOf(
    narrowing: Narrowing,
    after: string | undefined,
    limit: number,
  ): Promise<readonly ListedResource[]> {
    const found: ListedResource[] = [];
    for await (const some of trackedResources({ reader: store.read, narrowing, tenantId: 't' }, after, limit)) {
      found.push(...some);
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  const tag = (name: string, value?: string): Pick<Narrowing, 'tag'> => ({ tag: { name, value } });

  async function all(narrowing: Narrowing, limit: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let after: string | undefined; ;) {
      const found = await pageOf(narrowing, after, limit);
      ids.push(...found.map(({ id }) => id));
      after = found.at(-1)?.listPlace;
      if (found.length < limit || after === undefined) return ids;
    }
  }

  test('each is listed once and in one order, however small the pages are', async () => {
    const whole = await all(any, 1000);
    expect(whole).toHaveLength(12 + 9 + 3);
    expect(new Set(whole).size).toBe(whole.length);
    for (const limit of [1, 2, 5]) expect(await all(any, limit)).toEqual(whole);
  });

  test('what is left out is never one that the filter wants', async () => {
    const shortOf = async (narrowing: Partial<Narrowing>): Promise<readonly string[]> =>
      (await all({ ...any, ...narrowing }, 3)).map((id) => id.replace(/^.*\/providers\/[^/]+\//, ''));
    expect(await shortOf({ type: 'microsoft.hybridcompute/machines', group: 'g', location: 'there' })).toEqual([
      'machines/b',
    ]);
    expect(await shortOf({ type: 'microsoft.hybridcompute/machines', group: 'g.1', ...tag('rack') })).toEqual([
      'machines/a',
    ]);
    const inGroup = { type: 'microsoft.hybridcompute/machines', group: 'g' };
    expect(await shortOf({ ...inGroup, ...tag('rack', '7') })).toEqual(['machines/a']);
    expect(await shortOf({ ...inGroup, ...tag('rack', '8') })).toEqual([]);
    expect(await shortOf({ type: 'microsoft.hybridcompute/machines', group: 'g-2', name: 'a-b' })).toEqual([
      'machines/A-b',
    ]);
    // Letters beyond the first 128 are compared elsewhere.
    expect(await shortOf({ group: 'g', type: 'microsoft.hybridcompute/machines', location: 'ß' })).toHaveLength(4);
    expect(await shortOf({ type: 'microsoft.hybridcompute/nothing' })).toEqual([]);
  });

  test('by its name each is found, and nothing else is read', async () => {
    const nameOf = (id: string): string =>
      (id.split('/providers/')[1] ?? '')
        .split('/')
        .filter((_part, at) => at > 0 && at % 2 === 0)
        .join('/');
    const whole = await all(any, 1000);
    expect(whole.map(nameOf)).toEqual(expect.arrayContaining(['l', 'A-b', 'a.b/e']));
    for (const name of new Set(whole.map(nameOf)))
      expect(await all({ ...any, name: name.toLowerCase() }, 2)).toEqual(whole.filter((id) => nameOf(id) === name));
    for (const name of ['none', 'a/none', 'none/e', '', 'a/', '%%', '__'])
      expect(await all({ ...any, name }, 2)).toEqual([]);
  });

  const texts = [
    'cost center',
    'env:prod',
    "o'neill@example.org",
    'a"b\\c',
    '50%_',
    'Bürogebäude',
    '日本\u{1F5FE}',
    '\u212Aelvin',
    '\u0130i',
    'a\nb\u0001',
  ];

  test.each(texts)('by a tag that is written in any way, as a name and as a value: %j', async (text) => {
    const kind = { type: 'microsoft.hybridcompute/machines', group: 'g.1' };
    const write = (tags: Readonly<Record<string, string>>): Promise<void> =>
      store.note(async (writer) => {
        const machines = writer.selectFrom('machines').selectAll().where('group_key', '=', 'g.1');
        const before = await machines.where('name_key', '=', 'b').executeTakeFirstOrThrow();
        const these = writer.updateTable('machines').where('vm_id', '=', before.vm_id);
        await keepTags(writer, taggedMachine(before), before.tags, JSON.stringify(tags));
        await these.set({ tags: JSON.stringify(tags) }).execute();
      });
    const found = async (name: string, value?: string): Promise<readonly string[]> =>
      (await all({ ...any, ...kind, ...tag(name, value) }, 9)).map((id) => id.replace(/^.*\//, ''));
    await write({ [text]: 'x', y: text });
    expect(await found(text)).toEqual(['b']);
    expect(await found(text, 'x')).toEqual(['b']);
    expect(await found('Y', text)).toEqual(['b']);
    expect(await found('y', 'z')).toEqual([]);
    await write({ [text.toLowerCase()]: 'x' });
    expect(await found(text)).toEqual(['b']);
    expect(await found('y')).toEqual([]);
    await write({});
    expect(await found(text)).toEqual([]);
  });

  test('a machine that is gone is not found by what it was tagged with, whatever is left of it', async () => {
    const machine = await addMachine(environment, store, { name: 'gone', name_key: 'gone', tags: '{"gone":""}' });
    const live = await addMachine(environment, store, { name: 'here', name_key: 'here', tags: '{"gone":""}' });
    await store.note(async (writer) => {
      await writer.deleteFrom('machines').where('vm_id', '=', machine.vm_id).execute();
    });
    for (const limit of [1, 2, 5])
      expect(await all({ ...any, ...tag('gone') }, limit)).toEqual([expect.stringMatching(/\/here$/)]);
    await store.change(async (writer) => ({
      value: undefined,
      events: [testEvent(), ...(await removeMachine(writer, environment, live.vm_id, 'it is'))],
    }));
    const rows = await store.read
      .selectFrom('resource_tags')
      .selectAll()
      .where('resource_key', '=', live.vm_id)
      .execute();
    expect(rows).toEqual([]);
  });

  test.each(['/subscriptions/s', 'x:y', '1:\u0000', '1', ''])(
    'a place that is none of this list is refused: %j',
    async (place) => {
      await expect(pageOf(any, place, 3)).rejects.toThrow('is not of this list');
    },
  );

  test('a place that no resource has is between those it would stand between', async () => {
    const whole = await all(any, 1000);
    for (const place of ['1:', '1:g', '1:g/a/b/c/d', '2:g', '2:g/a', '2:g/a/e/f', '0:x', '1: ', '2:////'])
      expect(whole).toEqual(expect.arrayContaining((await pageOf(any, place, 1000)).map(({ id }) => id)));
    expect(await pageOf(any, '9:', 3)).toEqual([]);
  });
});
