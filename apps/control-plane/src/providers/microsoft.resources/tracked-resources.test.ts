import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../../store/store.ts';
import { eachStore } from '../../testing/each-store.ts';
import { manualEnvironment } from '../../testing/manual-environment.ts';
import { addMachine, addOperation } from '../../testing/test-machine.ts';
import { licenseType } from '../microsoft.hybridcompute/licenses.ts';
import { trackedAfter, type Narrowing } from './tracked-resources.ts';

const any: Narrowing = {
  subscriptionId: 's',
  group: undefined,
  type: undefined,
  name: undefined,
  location: undefined,
  tagName: undefined,
  tagValue: undefined,
};

eachStore('tracked resources', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;

  beforeAll(async () => {
    store = await makeStore().open();
    // Names of which one begins with the other, in groups of which one begins with the other.
    for (const group of ['g', 'g-2', 'G.1']) {
      for (const name of ['a', 'A-b', 'a.b', 'b']) {
        const machine = await addMachine(environment, store);
        await store.note(async (writer) => {
          await writer
            .updateTable('machines')
            .set({
              group_key: group.toLowerCase(),
              group_name: group,
              name_key: name.toLowerCase(),
              name,
              location: name === 'b' ? 'There' : 'here',
              tags: name === 'a' ? '{"Rack":"7"}' : '{"rack_":"7"}',
            })
            .where('vm_id', '=', machine.vm_id)
            .execute();
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

  async function all(narrowing: Narrowing, limit: number): Promise<readonly string[]> {
    const ids: string[] = [];
    let place: string | undefined;
    do {
      const found = await trackedAfter(store.read, narrowing, 't', place, limit);
      ids.push(...found.resources.map(({ id }) => id));
      place = found.next;
    } while (place !== undefined);
    return ids;
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
    expect(await shortOf({ type: 'microsoft.hybridcompute/machines', group: 'g.1', tagName: 'rack' })).toEqual([
      'machines/a',
    ]);
    const tagged = { type: 'microsoft.hybridcompute/machines', group: 'g', tagName: 'rack' };
    expect(await shortOf({ ...tagged, tagValue: '7' })).toEqual(['machines/a']);
    expect(await shortOf({ ...tagged, tagValue: '8' })).toEqual([]);
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
    const tag = async (tags: Readonly<Record<string, string>>): Promise<void> => {
      await store.note(async (writer) => {
        const these = writer.updateTable('machines').where('group_key', '=', 'g.1').where('name_key', '=', 'b');
        await these.set({ tags: JSON.stringify(tags) }).execute();
      });
    };
    const found = async (name: string, value?: string): Promise<readonly string[]> => {
      const asked = { tagName: name.toLowerCase(), tagValue: value?.toLowerCase() };
      return (await all({ ...any, ...kind, ...asked }, 9)).map((id) => id.replace(/^.*\//, ''));
    };
    // The one letter that grows in lower case is compared elsewhere.
    const byName = /\u0307/u.test(text.toLowerCase()) ? ['a', 'A-b', 'a.b', 'b'] : ['b'];
    await tag({ [text]: 'x', y: text });
    expect(await found(text)).toEqual(byName);
    expect(await found(text, 'x')).toEqual(byName);
    expect(await found('y', text)).toEqual(['b']);
    expect(await found('y', 'z')).toEqual([]);
    await tag({ [text.toLowerCase()]: 'x' });
    expect(await found(text)).toEqual(byName);
    await tag({});
  });

  test('a place that is none of this list is refused', async () => {
    await expect(trackedAfter(store.read, any, 't', '/subscriptions/s', 3)).rejects.toThrow('is not of this list');
  });
});
