import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chainedValues, chainStart, nextHash } from '../activity-log/chain.ts';
import { eachStore, type TestStore } from '../testing/each-store.ts';
import { testEvent } from '../testing/test-event.ts';
import { migrations } from './migrations/migrations.ts';
import { postgresSchemaText } from './postgres/schema-text.ts';
import { schemaText } from './sqlite/schema-text.ts';
import type { Store, Writer } from './store.ts';

eachStore('the store', (makeStore) => {
  let made: TestStore;
  let store: Store;
  beforeAll(async () => {
    made = makeStore();
    store = await made.open();
  });
  afterAll(() => store.close());

  const addGroup = async (writer: Writer, name: string): Promise<void> => {
    const row = { subscription_id: 's', name_key: name, name, location: 'here', tags: '{}', created_at: 1 };
    await writer.insertInto('resource_groups').values(row).execute();
  };
  const groups = async (): Promise<readonly string[]> =>
    (await store.read.selectFrom('resource_groups').select('name').orderBy('name').execute()).map(({ name }) => name);
  const events = async (): Promise<number> =>
    (await store.read.selectFrom('activity_events').select('position').execute()).length;

  test('the migrations make what the recorded schema shows', async () => {
    const { directory, postgres } = made;
    const recorded = join(import.meta.dirname, postgres === undefined ? 'schema.sqlite.sql' : 'schema.postgres.sql');
    const text =
      postgres === undefined ? schemaText(join(directory, 'sallyport.sqlite')) : await postgresSchemaText(postgres);
    await expect(text).toMatchFileSnapshot(recorded);
  });

  test('migrations are in the order of their names, and opening again changes nothing', async () => {
    const names = migrations.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    const again = await made.open();
    await again.close();
  });

  test('S2.2 a change and its events are one: an event that cannot be written takes the change with it', async () => {
    const event = testEvent();
    await store.change(async (writer) => {
      await addGroup(writer, 'kept');
      return { value: undefined, events: [event] };
    });
    // The same event id cannot be written twice.
    const failing = store.change(async (writer) => {
      await addGroup(writer, 'lost');
      return { value: undefined, events: [testEvent(), event] };
    });
    await expect(failing).rejects.toThrow(/unique/i);
    expect(await groups()).toEqual(['kept']);
    expect(await events()).toBe(1);
  });

  test('S2.2 a change that fails leaves no event', async () => {
    const failing = store.change(async (writer) => {
      await addGroup(writer, 'half');
      throw new Error('in the middle');
    });
    await expect(failing).rejects.toThrow('in the middle');
    expect(await groups()).toEqual(['kept']);
    expect(await events()).toBe(1);
  });

  test('S2.2 T66 of many at once each stands for itself: who fails, in whatever way, takes nothing but itself along', async () => {
    const before = await events();
    const taken = testEvent();
    await store.change(() => Promise.resolve({ value: undefined, events: [taken] }));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        store.change(async (writer) => {
          await addGroup(writer, `many-${index}`);
          if (index % 10 === 3) throw new Error('by itself');
          // A name that is there already: the statement fails, and with PostgreSQL the transaction around it.
          if (index % 10 === 5) await addGroup(writer, 'kept');
          return { value: index, events: [index % 10 === 7 ? taken : testEvent()] };
        }),
      ),
    );
    const expected = outcomes.map((_, index) => ([3, 5, 7].includes(index % 10) ? 'rejected' : 'fulfilled'));
    expect(outcomes.map(({ status }) => status)).toEqual(expected);
    const kept = expected.filter((status) => status === 'fulfilled').length;
    expect((await groups()).filter((name) => name.startsWith('many-'))).toHaveLength(kept);
    expect(await events()).toBe(before + 1 + kept);
    const log = await store.read.selectFrom('activity_events').selectAll().orderBy('position').execute();
    let hash = chainStart;
    for (const [index, row] of log.entries()) {
      hash = nextHash(hash, chainedValues(row));
      expect([row.position, row.hash]).toEqual([index + 1, hash]);
    }
    await store.observe(async (writer) => {
      await writer.deleteFrom('resource_groups').where('name', 'like', 'many-%').execute();
      return { value: undefined, events: [] };
    });
  });

  test('changes at once come one after the other, readers see whole ones only', async () => {
    const add = (name: string): Promise<void> =>
      store.change(async (writer) => {
        await addGroup(writer, `${name}-1`);
        // Others get their turn while this one is not finished.
        await new Promise((resolve) => setImmediate(resolve));
        expect((await groups()).filter((group) => group.startsWith(name))).toEqual([]);
        await addGroup(writer, `${name}-2`);
        return { value: undefined, events: [testEvent()] };
      });
    await Promise.all(['a', 'b', 'c'].map(add));
    expect(await groups()).toEqual(['a-1', 'a-2', 'b-1', 'b-2', 'c-1', 'c-2', 'kept']);
  });

  test('S2.2 T70 what is refused may have any path: an event is written however long its resource is, zero characters included', async () => {
    const event = testEvent();
    const odd = {
      ...event,
      eventDataId: 'odd',
      resourceId: `/x\0${'ab/'.repeat(10_000)}`,
      subscriptionId: 's'.repeat(9000),
    };
    await store.change(() => Promise.resolve({ value: undefined, events: [odd] }));
    const row = await store.read
      .selectFrom('activity_events')
      .select(['resource_key', 'event'])
      .where('event_data_id', '=', 'odd')
      .executeTakeFirstOrThrow();
    expect(row.resource_key).toHaveLength(odd.resourceId.length);
    expect(JSON.parse(row.event)).toEqual(odd);
  });
});
