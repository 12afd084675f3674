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
    // What stands otherwise in JSON is compared elsewhere.
    expect(await shortOf({ ...tagged, tagValue: '"7' })).toEqual(['machines/a']);
    expect(await shortOf({ type: 'microsoft.hybridcompute/machines', group: 'g-2', name: 'a-b' })).toEqual([
      'machines/A-b',
    ]);
    // Letters beyond the first 128 are compared elsewhere.
    expect(await shortOf({ group: 'g', type: 'microsoft.hybridcompute/machines', location: 'ß' })).toHaveLength(4);
    expect(await shortOf({ type: 'microsoft.hybridcompute/nothing' })).toEqual([]);
  });

  test('a place that is none of this list is refused', async () => {
    await expect(trackedAfter(store.read, any, 't', '/subscriptions/s', 3)).rejects.toThrow('is not of this list');
  });
});
