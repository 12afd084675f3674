/** A control plane of the version before ran on beside this one, and wrote tags without what they are looked up by. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eachStore } from '../testing/each-store.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { addExtension, addMachine } from '../testing/test-machine.ts';
import type { Store } from '../store/store.ts';
import { mendTags, tagsLeftOutSince } from './mend-tags.ts';
import { tagKey } from './tag-keys.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const { signal } = new AbortController();

eachStore('tags that an older version wrote', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  beforeAll(async () => {
    store = await makeStore().open();
  });
  afterAll(() => store.close());

  /** The database is that old, and has the index over tags for that long. */
  async function migrated(made: number, index: number): Promise<void> {
    const at = (ago: number): { readonly timestamp: string } => ({
      timestamp: new Date(environment.now() - ago).toISOString(),
    });
    await store.note(async (writer) => {
      await writer.updateTable('kysely_migration').set(at(made)).execute();
      const one = writer.updateTable('kysely_migration').where('name', 'like', '%-resource-tags');
      await one.set(at(index)).execute();
    });
  }
  beforeEach(() => migrated(30 * day, minute));

  const keysOf = async (key: string): Promise<readonly string[]> => {
    const rows = store.read.selectFrom('resource_tags').select('tag_key').where('resource_key', '=', key);
    return (await rows.execute()).map(({ tag_key }) => tag_key).toSorted();
  };
  const keys = (name: string, value: string): readonly string[] => [tagKey(name), tagKey(name, value)].toSorted();
  const mend = (): Promise<number> => mendTags({ store, environment }, signal);

  test('can be looked up once somebody has started, whatever they are on; the others are left alone', async () => {
    const machine = await addMachine(environment, store, { tags: '{"a":"1"}' });
    const { vm_id: id } = machine;
    const other = await addMachine(environment, store, { tags: '{"a":"1"}' });
    await addExtension(environment, store, machine, { name_key: 'e', tags: '{"a":"1"}' });
    await addExtension(environment, store, machine, { name_key: 'f', extension_key: 'p/f', tags: '{"a":"1"}' });
    const plain = { subscription_id: 's', group_key: 'g', location: null, properties: '{}', changed_by: 'c' };
    const times = { created_at: 1, created_by: 'c', changed_at: environment.now() };
    const license = 'Microsoft.HybridCompute/licenses';
    await store.note(async (writer) => {
      await writer.updateTable('machines').set({ tags: '{"B":"2"}' }).where('vm_id', '=', id).execute();
      const extensions = writer.updateTable('extensions').where('vm_id', '=', id);
      await extensions.set({ tags: '{}' }).where('name_key', '=', 'e').execute();
      for (const [key, type] of [
        ['/l', license],
        ['/untracked', 'Sallyport.Locks/locks'],
      ] as const)
        await writer
          .insertInto('plain_resources')
          .values({ ...plain, ...times, resource_key: key, resource_id: key, type, tags: '{"c":"3"}' })
          .execute();
    });
    expect(await keysOf(id)).toEqual(keys('a', '1'));
    expect(await mend()).toBe(3);
    expect([await keysOf(id), await keysOf(`${id}/e`), await keysOf('/l')]).toEqual([
      keys('b', '2'),
      [],
      keys('c', '3'),
    ]);
    expect([await keysOf(other.vm_id), await keysOf(`${id}/f`), await keysOf('/untracked')]).toEqual([
      keys('a', '1'),
      keys('a', '1'),
      [],
    ]);
    expect(await mend()).toBe(0);
  });

  test('many are found page by page', async () => {
    const many = 600;
    const now = environment.now();
    const machine = await addMachine(environment, store);
    await addExtension(environment, store, machine, { name_key: 'x' });
    const [like] = await store.read.selectFrom('extensions').selectAll().where('name_key', '=', 'x').execute();
    if (like === undefined) throw new Error('It was just added.');
    await store.note(async (writer) => {
      for (let at = 0; at < many; at += 100) {
        const rows = Array.from({ length: 100 }, (_, i) => `x${at + i}`).map((name) => ({
          ...like,
          name,
          name_key: name,
          tags: '{"many":""}',
          extension_key: `p/${name}`,
          changed_at: now,
        }));
        await writer.insertInto('extensions').values(rows).execute();
      }
    });
    expect(await mend()).toBe(many);
    expect(await keysOf(`${machine.vm_id}/x577`)).toEqual(keys('many', ''));
  });

  test('nothing is looked at where no older version can have written: a new database, or long after', async () => {
    const machine = await addMachine(environment, store);
    const left = async (): Promise<void> =>
      store.note(async (writer) => {
        const these = writer.updateTable('machines').where('vm_id', '=', machine.vm_id);
        await these.set({ tags: '{"d":"4"}', changed_at: environment.now() }).execute();
      });
    await left();
    await migrated(minute, minute);
    expect([await tagsLeftOutSince(store.read, environment.now()), await mend()]).toEqual([undefined, 0]);
    await migrated(30 * day, 8 * day);
    expect([await tagsLeftOutSince(store.read, environment.now()), await mend()]).toEqual([undefined, 0]);
    // What was not changed since is as the migration took it up.
    await migrated(30 * day, day);
    environment.pass(2 * 24 * 3600);
    await migrated(30 * day, day);
    expect(await mend()).toBe(0);
    await left();
    expect(await mend()).toBe(1);
    expect(await keysOf(machine.vm_id)).toEqual(keys('d', '4'));
  });

  test('who is told to end leaves the rest for the next start', async () => {
    const ended = AbortSignal.abort();
    const machine = await addMachine(environment, store);
    await store.note(async (writer) => {
      await writer.updateTable('machines').set({ tags: '{"e":""}' }).where('vm_id', '=', machine.vm_id).execute();
    });
    expect(await mendTags({ store, environment }, ended)).toBe(0);
    expect(await mend()).toBe(1);
  });
});
