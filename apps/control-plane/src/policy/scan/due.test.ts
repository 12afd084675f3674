import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eachStore } from '../../testing/each-store.ts';
import type { Store } from '../../store/store.ts';
import { addDue, addDues, type Due } from './due.ts';

const places = ['/subscriptions/S', '/subscriptions/s', '/subscriptions/s/resourceGroups/g'];
const time = fc.integer({ min: 1, max: 50 });
const due: fc.Arbitrary<Due> = fc.record({
  scope: fc.constantFrom(...places),
  reach: fc.constantFrom('resource' as const, 'beneath' as const),
  dueAt: time,
  writtenAt: fc.option(time, { nil: undefined }),
});

/** What is due after this, and nothing is due any more. */
async function after(store: Store, work: Parameters<Store['note']>[0]): Promise<readonly object[]> {
  await store.note(async (writer) => {
    await writer.deleteFrom('policy_due').execute();
    await work(writer);
  });
  return store.read.selectFrom('policy_due').selectAll().orderBy('scope_key').orderBy('reach').execute();
}

eachStore('what is due', (makeStore) => {
  test('many at once, of some places several times, are due as if they had come one by one', async () => {
    const store = await makeStore().open();
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(due, { maxLength: 12 }), fc.array(due, { maxLength: 3 }), async (dues, earlier) => {
          const together = await after(store, async (writer) => {
            await addDues(writer, earlier);
            await addDues(writer, dues);
          });
          const oneByOne = await after(store, async (writer) => {
            for (const one of [...earlier, ...dues]) await addDue(writer, one);
          });
          expect(together).toEqual(oneByOne);
        }),
        { numRuns: 25 },
      );
    } finally {
      await store.close();
    }
  });

  test('it is due as soon as anybody said, and what follows a write is counted from the last write', async () => {
    const store = await makeStore().open();
    const [scope = ''] = places;
    const [row] = await after(store, (writer) =>
      addDues(writer, [
        { scope, reach: 'resource', dueAt: 20, writtenAt: 20 },
        { scope, reach: 'resource', dueAt: 30, writtenAt: 30 },
        { scope, reach: 'resource', dueAt: 10, writtenAt: undefined },
      ]),
    );
    await store.close();
    expect(row).toMatchObject({ due_at: 10, written_at: 30, done_until: 29 });
  });
});
