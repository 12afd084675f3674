import { unsignedWord } from '@sallyport/model';
import type { InstanceStatus, ReportRequest } from '@sallyport/model/wire';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { eachStore } from '../testing/each-store.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { addMachine, addOperation } from '../testing/test-machine.ts';
import { applyReport } from './apply-report.ts';
import { readGoal, type ExtensionGoal } from './extension-goal.ts';
import { createGoalStates, type GoalStates } from './goal-state.ts';
import { progressStatus } from './operation-progress.ts';
import { sweepOperations } from './sweep.ts';

const hour = 3600;
const before: ExtensionGoal = {
  desired: 'present',
  version: '1.0.0',
  sha256: '',
  operationId: 'earlier',
  sequence: 3,
  settings: { old: true },
  protectedSettings: { kind: 'delivered' },
};

eachStore('deadlines', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  let fetch: GoalStates;
  beforeAll(async () => {
    store = await makeStore().open();
    const endpoint = { url: 'https://localhost', origins: [], tenantId: 't' };
    fetch = createGoalStates({ store, environment, endpoint } as unknown as Services);
  });
  afterAll(() => store.close());

  const sweep = (): Promise<readonly string[]> => sweepOperations(environment, store);
  const operation = (
    id: string,
  ): Promise<{ state: string; error_code: string | null; error_message: string | null } | undefined> =>
    store.read
      .selectFrom('operations')
      .select(['state', 'error_code', 'error_message'])
      .where('operation_id', '=', id)
      .executeTakeFirst();
  const goalOf = async (vmId: string): Promise<ExtensionGoal | undefined> =>
    readGoal(
      (await store.read.selectFrom('extensions').select('goal').where('vm_id', '=', vmId).executeTakeFirst())?.goal ??
        null,
    );
  const statuses = async (id: string): Promise<readonly string[]> =>
    (await store.read.selectFrom('activity_events').select('event').orderBy('position').execute())
      .map(
        ({ event }) =>
          JSON.parse(event) as { readonly operationId: string; readonly status: { readonly value: string } },
      )
      .filter(({ operationId }) => operationId === id)
      .map(({ status }) => status.value);
  const report = (vmId: string, over: Partial<ReportRequest['extensions'][number]>): Promise<void> =>
    applyReport(
      environment,
      store,
      { vmId, name: 'm' },
      {
        generation: 1,
        extensions: [
          {
            resourceName: 'E',
            operationId: '',
            state: 'Installing',
            time: '2026-01-01T00:00:00.000Z',
            version: '',
            protectedSettingsStored: false,
            ...over,
          },
        ],
      },
    );

  test('T13 a request that the machine never came for fails after six hours, not before, and is not wanted any more', async () => {
    const machine = await addMachine(environment, store);
    const { operationId } = await addOperation(environment, store, machine, 'install', '', undefined);
    environment.pass(6 * hour - 1);
    expect(await sweep()).toEqual([]);
    environment.pass(1);
    expect(await sweep()).toEqual([machine.vm_id]);
    expect(await operation(operationId)).toMatchObject({ state: 'Failed', error_code: 'MachineOffline' });
    expect((await operation(operationId))?.error_message).toContain("'m'");
    expect(await statuses(operationId)).toEqual(['Failed']);
    expect(await goalOf(machine.vm_id)).toBeUndefined();
    expect((await fetch(machine.vm_id))?.extensions).toEqual([]);
    expect(await sweep()).toEqual([]);
  });

  test('an upgrade or a removal that nobody came for leaves the goal what it was', async () => {
    for (const kind of ['upgrade', 'delete'] as const) {
      const machine = await addMachine(environment, store);
      await addOperation(environment, store, machine, kind, '1.0.0', before);
      environment.pass(6 * hour);
      await sweep();
      expect(await goalOf(machine.vm_id)).toEqual(before);
      expect((await fetch(machine.vm_id))?.extensions[0]).toMatchObject({
        desired: 'present',
        version: '1.0.0',
        operationDone: true,
        operationId: 'earlier',
      });
    }
  });

  test.each([
    ['Failed', '1.0.0', before],
    ['Canceled', '1.0.0', before],
    ['Failed', undefined, undefined],
    // Not what was wanted before: nobody knows why it is there.
    ['Failed', '0.9.0', undefined],
  ] as const)('T85 an upgrade that ended as %s and went back to %s', async (state, rolledBackTo, wanted) => {
    const machine = await addMachine(environment, store);
    const { operationId, goal } = await addOperation(environment, store, machine, 'upgrade', '1.0.0', before);
    await report(machine.vm_id, {
      operationId,
      state,
      version: '1.0.0',
      error: { code: 'HandlerUpdateFailed', message: 'It did not work out.' },
      ...(rolledBackTo === undefined ? {} : { rolledBackTo }),
    });
    expect(await operation(operationId)).toMatchObject({ state, error_code: 'HandlerUpdateFailed' });
    expect(await goalOf(machine.vm_id)).toEqual(wanted ?? goal);
  });

  test.each([
    ['NetworkNotWithheld', true],
    ['ACodeOfALaterAgent', false],
  ] as const)('T43 T13 after %s what was wanted before is wanted again: %s', async (code, goesBack) => {
    const machine = await addMachine(environment, store);
    const { operationId, goal } = await addOperation(environment, store, machine, 'upgrade', '1.0.0', before);
    const error = { code, message: 'It was not run.' };
    await report(machine.vm_id, { operationId, state: 'Failed', version: '1.0.0', error });
    expect(await operation(operationId)).toMatchObject({
      state: 'Failed',
      error_code: code,
      error_message: "Machine 'm': It was not run.",
    });
    expect(await goalOf(machine.vm_id)).toEqual(goesBack ? before : goal);
    expect((await fetch(machine.vm_id))?.extensions[0]).toMatchObject({ operationDone: true });
  });

  test('what was delivered has 95 minutes from then on; its goal stands, for the machine may have it', async () => {
    const machine = await addMachine(environment, store);
    const { operationId, goal } = await addOperation(environment, store, machine, 'upgrade', '1.0.0', before);
    environment.pass(5 * hour);
    expect((await fetch(machine.vm_id))?.extensions[0]).toMatchObject({ operationDone: false });
    // Fetching again does not prolong it.
    environment.pass(94 * 60);
    await fetch(machine.vm_id);
    await report(machine.vm_id, { operationId, state: 'Installing' });
    expect(await sweep()).toEqual([]);
    environment.pass(60);
    await sweep();
    expect(await operation(operationId)).toMatchObject({ state: 'TimedOut', error_code: 'OperationTimedOut' });
    expect((await operation(operationId))?.error_message).toContain('Installing');
    expect(await goalOf(machine.vm_id)).toEqual(goal);
    expect(await statuses(operationId)).toEqual(['Failed']);
  });

  test('T85 what the machine says after the centre gave an operation up is how it ended, once, and what is wanted follows', async () => {
    for (const [end, wanted, said] of [
      [
        {
          state: 'TimedOut',
          rolledBackTo: '1.0.0',
          error: { code: 'OperationTimedOut', message: 'Rolled back to 1.0.0.' },
        },
        before,
        { state: 'TimedOut', error_message: "Machine 'm': Rolled back to 1.0.0." },
      ],
      [{ state: 'Succeeded', version: '2.0.0' }, undefined, { state: 'Succeeded', error_code: null }],
    ] as const) {
      const machine = await addMachine(environment, store);
      const { operationId, goal } = await addOperation(environment, store, machine, 'upgrade', '1.0.0', before);
      await fetch(machine.vm_id);
      environment.pass(95 * 60);
      await sweep();
      expect(await goalOf(machine.vm_id)).toEqual(goal);
      const late = { operationId, version: '1.0.0', ...end };
      await report(machine.vm_id, late);
      await report(machine.vm_id, late);
      expect(await operation(operationId)).toMatchObject(said);
      expect(await goalOf(machine.vm_id)).toEqual(wanted ?? goal);
      expect(await statuses(operationId)).toEqual(['Failed', end.state === 'Succeeded' ? 'Succeeded' : 'Failed']);
      // Whatever else comes of it then comes too late.
      await report(machine.vm_id, { ...late, state: 'Enabling' });
      expect(await operation(operationId)).toMatchObject(said);
    }
  });

  test('what an operation is at is kept while it runs, with the end of the output, and is gone with its end', async () => {
    const machine = await addMachine(environment, store);
    const { operationId } = await addOperation(environment, store, machine, 'install', '', undefined);
    const step = { name: 'installing', message: 'Runs the install command', elapsedSeconds: 2, limitSeconds: 900 };
    await report(machine.vm_id, { operationId, step: { ...step, output: `${'x'.repeat(10_000)}last line` } });
    const shown = async (): Promise<InstanceStatus | undefined> => {
      const row = store.read.selectFrom('operations').select('progress').where('operation_id', '=', operationId);
      return progressStatus((await row.executeTakeFirstOrThrow()).progress, environment.now());
    };
    environment.pass(10);
    const now = environment.now();
    expect(await shown()).toMatchObject({ code: 'Sallyport/Step/installing', displayStatus: 'installing' });
    const { message = '' } = (await shown()) ?? {};
    expect(message).toContain('Runs the install command, for 12 s; ends by ');
    expect(message).toContain(new Date(now + (900 - 12) * 1000).toISOString());
    expect(message).toMatch(/x\d*last line$/);
    expect(message.length).toBeLessThan(4400);
    await report(machine.vm_id, { operationId, state: 'Succeeded', version: '2.0.0' });
    expect(await shown()).toBeUndefined();
  });

  test('S1.7 sealed settings are erased once the machine stored them, and only by the operation that brought them', async () => {
    const machine = await addMachine(environment, store);
    const { operationId } = await addOperation(environment, store, machine, 'upgrade', '1.0.0', before);
    await report(machine.vm_id, { operationId: 'earlier', protectedSettingsStored: true, version: '1.0.0' });
    expect((await goalOf(machine.vm_id))?.protectedSettings.kind).toBe('sealed');
    await report(machine.vm_id, { operationId, protectedSettingsStored: true, version: '2.0.0' });
    expect((await goalOf(machine.vm_id))?.protectedSettings).toEqual({ kind: 'delivered' });
  });

  test('reports of another machine move nothing; reports of an old operation are kept as versions only', async () => {
    const machine = await addMachine(environment, store);
    const other = await addMachine(environment, store);
    const { operationId } = await addOperation(environment, store, machine, 'install', '', undefined);
    await report(other.vm_id, { operationId, state: 'Succeeded' });
    await report(machine.vm_id, { operationId: 'unknown', state: 'Failed', version: '0.9.0' });
    expect(await operation(operationId)).toMatchObject({ state: 'Accepted' });
    const row = await store.read
      .selectFrom('extensions')
      .select('installed_version')
      .where('vm_id', '=', machine.vm_id)
      .executeTakeFirst();
    expect(row?.installed_version).toBe('0.9.0');
  });

  test('a failure while it ran keeps the goal; a refusal goes back to what was there before', async () => {
    for (const [code, kept] of [
      ['HandlerEnableFailed', true],
      ['ExtensionNotAllowed', false],
      ['PackageMismatch', false],
    ] as const) {
      const machine = await addMachine(environment, store);
      const { operationId, goal } = await addOperation(environment, store, machine, 'upgrade', '1.0.0', before);
      await report(machine.vm_id, {
        operationId,
        state: 'Failed',
        version: '1.0.0',
        error: { code, message: 'because' },
      });
      expect(await goalOf(machine.vm_id), code).toEqual(kept ? goal : before);
      expect((await operation(operationId))?.error_message).toBe("Machine 'm': because");
    }
  });

  const unsigned = { name: unsignedWord, message: 'It needs signatures.', elapsedSeconds: 0, limitSeconds: 48 * hour };

  test('T10 nobody signed within two days: it fails, says so, and is not wanted any more', async () => {
    const machine = await addMachine(environment, store);
    const { operationId } = await addOperation(environment, store, machine, 'upgrade', '1.0.0', before);
    environment.pass(hour);
    await fetch(machine.vm_id);
    await report(machine.vm_id, { operationId, state: 'Delivered', version: '1.0.0', step: unsigned });
    environment.pass(47 * hour - 1);
    await sweep();
    expect((await operation(operationId))?.state).toBe('Delivered');
    environment.pass(1);
    expect(await sweep()).toEqual([machine.vm_id]);
    expect(await operation(operationId)).toEqual({
      state: 'Failed',
      error_code: 'OperationNotSigned',
      error_message: "The operation on machine 'm' was not signed in time, and nothing was done. It needs signatures.",
    });
    expect(await goalOf(machine.vm_id)).toEqual(before);
  });

  const waiting = { name: 'waiting', message: "Waits for 'A'", elapsedSeconds: 0, limitSeconds: 95 * 60 };
  test.each([
    [{ state: 'Downloading' }],
    // And so does one that comes after it, and waited for signatures as long as that did.
    [{ state: 'Delivered', step: waiting }],
  ] as const)('T10 once it was signed it has the time of any other: %j', async (goesOn) => {
    const machine = await addMachine(environment, store);
    const { operationId } = await addOperation(environment, store, machine, 'install', '', undefined);
    await fetch(machine.vm_id);
    await report(machine.vm_id, { operationId, state: 'Delivered', step: unsigned });
    environment.pass(40 * hour);
    await report(machine.vm_id, { operationId, ...goesOn });
    environment.pass(95 * 60 - 1);
    await sweep();
    expect((await operation(operationId))?.state).toBe(goesOn.state);
    environment.pass(1);
    await sweep();
    expect(await operation(operationId)).toMatchObject({ state: 'TimedOut', error_code: 'OperationTimedOut' });
  });

  test('T10 S1.7 orders are carried while the operation runs, what was sealed with them until the machine has it', async () => {
    const machine = await addMachine(environment, store);
    const { operationId } = await addOperation(environment, store, machine, 'install', '', undefined);
    const presented = { signer: 'a', order: 'signed', sealed: 'secret' };
    await store.observe(async (writer) => {
      for (const operation_id of [operationId, 'another'])
        await writer
          .insertInto('operation_orders')
          .values({
            vm_id: machine.vm_id,
            operation_id,
            signer: 'a',
            presented: JSON.stringify(presented),
            added_at: environment.now(),
            added_by: 'c',
          })
          .execute();
      return { value: undefined, events: [] };
    });
    const orders = async (): Promise<unknown> => (await fetch(machine.vm_id))?.extensions[0]?.orders;
    expect(await orders()).toEqual([presented]);
    await report(machine.vm_id, { operationId, state: 'Enabling', protectedSettingsStored: true });
    expect(await orders()).toEqual([{ signer: 'a', order: 'signed' }]);
    await report(machine.vm_id, { operationId, state: 'Succeeded', version: '2.0.0' });
    expect(await orders()).toBeUndefined();
    const left = await store.read.selectFrom('operation_orders').select('operation_id').execute();
    expect(left).toEqual([{ operation_id: 'another' }]);
  });

  test('ended operations are forgotten after a week, unless a resource still shows them', async () => {
    const machine = await addMachine(environment, store);
    const shown = await addOperation(environment, store, machine, 'install', '', undefined);
    await report(machine.vm_id, { operationId: shown.operationId, state: 'Succeeded', version: '2.0.0' });
    const gone = await addMachine(environment, store);
    const removed = await addOperation(environment, store, gone, 'delete', '1.0.0', before);
    await report(gone.vm_id, { operationId: removed.operationId, state: 'Succeeded' });
    await sweep();
    expect(await operation(removed.operationId)).toBeDefined();
    environment.pass(8 * 24 * hour);
    await sweep();
    expect(await operation(removed.operationId)).toBeUndefined();
    expect(await operation(shown.operationId)).toMatchObject({ state: 'Succeeded' });
  });
});
