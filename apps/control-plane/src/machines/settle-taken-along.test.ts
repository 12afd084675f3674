/** What becomes of the resources that a request has taken along, in the store (handler contract §5). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Machine } from '../providers/microsoft.hybridcompute/machine-view.ts';
import type { Store } from '../store/store.ts';
import { eachStore } from '../testing/each-store.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { addExtension, addMachine } from '../testing/test-machine.ts';
import { testEvent } from '../testing/test-event.ts';
import type { ExtensionGoal } from './extension-goal.ts';
import { settleTakenAlong, takenAlong } from './taken-along.ts';

const goal = (operationId: string, version: string, over: Partial<ExtensionGoal> = {}): ExtensionGoal => ({
  desired: 'present',
  extensionName: operationId,
  version,
  sha256: version,
  operationId,
  sequence: 3,
  settings: { of: operationId },
  protectedSettings: { kind: 'none' },
  ...over,
});
const two = { version: '2.0.0', sha256: '2.0.0' };

eachStore('who shares a handler', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  beforeAll(async () => {
    store = await makeStore().open();
  });
  afterAll(() => store.close());

  /** A machine on which the request of `asking` has taken `one` along from 1.0.0 to 2.0.0, and others have nothing to do with it. */
  async function machineInBetween(): Promise<Machine> {
    const machine = await addMachine(environment, store);
    const own = JSON.stringify(goal('one', '1.0.0'));
    const along = takenAlong({ goal: own, lapse_goal: null }, two) ?? { goal: null, lapse_goal: null };
    const put = (name_key: string, over: Parameters<typeof addExtension>[3] | object): Promise<void> =>
      addExtension(environment, store, machine, { extension_key: `p/t#${name_key}`, ...over, name_key });
    await put('asking', {
      goal: JSON.stringify(goal('asking', '2.0.0')),
      lapse_goal: JSON.stringify(goal('before', '1.0.0')),
    });
    await put('one', along);
    // Asked for that version itself, and would go back to something of its own.
    await put('itself', {
      goal: JSON.stringify(goal('itself', '2.0.0')),
      lapse_goal: JSON.stringify(goal('before', '1.0.0')),
    });
    await put('leaving', { goal: JSON.stringify(goal('leaving', '', { desired: 'absent' })) });
    await put('other', { extension_key: 'p/other', type: 'Other', ...along });
    return machine;
  }

  const settle = (machine: Machine, how: 'stay' | 'go back'): Promise<void> =>
    store.change(async (writer) => {
      const request = await writer
        .selectFrom('extensions')
        .selectAll()
        .where('vm_id', '=', machine.vm_id)
        .where('name_key', '=', 'asking')
        .executeTakeFirstOrThrow();
      await settleTakenAlong(writer, { ...request, publisher: 'p', type: 't' }, how);
      return { value: undefined, events: [testEvent()] };
    });

  const goals = async ({ vm_id }: Machine): Promise<Readonly<Record<string, readonly unknown[]>>> => {
    const rows = await store.read.selectFrom('extensions').selectAll().where('vm_id', '=', vm_id).execute();
    const versionIn = (text: string | null): unknown =>
      text === null ? null : (JSON.parse(text) as ExtensionGoal).version;
    return Object.fromEntries(rows.map((row) => [row.name_key, [versionIn(row.goal), versionIn(row.lapse_goal)]]));
  };

  const untouched = {
    asking: ['2.0.0', '1.0.0'],
    itself: ['2.0.0', '1.0.0'],
    leaving: ['', null],
    other: ['2.0.0', '1.0.0'],
  };

  test('it stays at the new version, and has nothing to go back to any more', async () => {
    const machine = await machineInBetween();
    expect(await goals(machine)).toEqual({ ...untouched, one: ['2.0.0', '1.0.0'] });
    await settle(machine, 'stay');
    expect(await goals(machine)).toEqual({ ...untouched, one: ['2.0.0', null] });
  });

  test('T85 it goes back to what it had, with everything of its own', async () => {
    const machine = await machineInBetween();
    const elsewhere = await machineInBetween();
    await settle(machine, 'go back');
    expect(await goals(machine)).toEqual({ ...untouched, one: ['1.0.0', null] });
    const [row] = await store.read
      .selectFrom('extensions')
      .select('goal')
      .where('vm_id', '=', machine.vm_id)
      .where('name_key', '=', 'one')
      .execute();
    expect(JSON.parse(row?.goal ?? '')).toEqual(goal('one', '1.0.0'));
    // Another machine is another machine.
    expect(await goals(elsewhere)).toEqual({ ...untouched, one: ['2.0.0', '1.0.0'] });
    // Once is enough: it was settled, and what it has now is its own.
    await settle(machine, 'go back');
    expect(await goals(machine)).toEqual({ ...untouched, one: ['1.0.0', null] });
  });

  test('one that was taken along to a third version since belongs to that request', async () => {
    const machine = await machineInBetween();
    await store.change(async (writer) => {
      await writer
        .updateTable('extensions')
        .set({ goal: JSON.stringify(goal('one', '3.0.0')) })
        .where('vm_id', '=', machine.vm_id)
        .where('name_key', '=', 'one')
        .execute();
      return { value: undefined, events: [testEvent()] };
    });
    await settle(machine, 'go back');
    expect(await goals(machine)).toEqual({ ...untouched, one: ['3.0.0', '1.0.0'] });
  });
});
