import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../store/store.ts';
import { eachStore } from '../testing/each-store.ts';
import { heartbeatContent } from '../testing/heartbeat-content.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { createHeartbeatRecorder } from './heartbeat-recorder.ts';
import { machineStatus } from './machine-status.ts';

const heartbeat = heartbeatContent;
const record = { vm_id: '00000000', created_at: 5, key_since: 0, quarantined_at: null };

eachStore('heartbeats', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  let commits = 0;
  beforeAll(async () => {
    store = await makeStore().open();
  });
  afterAll(() => store.close());
  const counted = (): Store => ({
    ...store,
    rowWriter: (writing) => {
      const write = store.rowWriter(writing);
      return (rows) => {
        commits += 1;
        return write(rows);
      };
    },
  });
  const rows = (): Promise<{ vm_id: string; generation: number; received_at: number; connected_since: number }[]> =>
    store.read
      .selectFrom('heartbeats')
      .select(['vm_id', 'generation', 'received_at', 'connected_since'])
      .orderBy('vm_id')
      .execute();

  test('whatever arrives together is one commit, the last of a machine counts, and all are on disk when told so', async () => {
    const recorder = createHeartbeatRecorder(environment, counted());
    const many = Array.from({ length: 300 }, (_, i) => recorder.record(`m${i}`, heartbeat(i)));
    await Promise.all([...many, recorder.record('m1', heartbeat(77))]);
    expect(commits).toBe(1);
    expect(await rows()).toHaveLength(300);
    expect((await rows()).find(({ vm_id }) => vm_id === 'm1')?.generation).toBe(77);
  });

  test('T19 a heartbeat with what no database keeps, zeros and halves of characters, is kept without, beside the others of its group', async () => {
    const recorder = createHeartbeatRecorder(environment, store);
    const odd = String.raw`"\u0000 é 😀 {1,2}`;
    await Promise.all([
      recorder.record('odd', { ...heartbeat(3), agentVersion: `${odd}\0\uD800` }),
      recorder.record('even', { ...heartbeat(4), agentVersion: odd }),
    ]);
    const versions = await store.read
      .selectFrom('heartbeats')
      .select(['vm_id', 'agent_version'])
      .where('vm_id', 'in', ['odd', 'even'])
      .orderBy('vm_id')
      .execute();
    expect(versions[0]).toEqual({ vm_id: 'even', agent_version: odd });
    expect(versions[1]?.agent_version.startsWith(odd)).toBe(true);
  });

  test('a machine is connected since its first heartbeat without a gap of 15 minutes', async () => {
    const recorder = createHeartbeatRecorder(environment, store);
    const of = async (): Promise<Awaited<ReturnType<typeof rows>>[number]> =>
      (await rows()).filter(({ vm_id }) => vm_id === 'x')[0] ?? {
        vm_id: '',
        generation: 0,
        received_at: 0,
        connected_since: 0,
      };
    const first = environment.now();
    await recorder.record('x', heartbeat(1));
    environment.pass(14 * 60);
    await recorder.record('x', heartbeat(1));
    expect((await of()).connected_since).toBe(first);
    environment.pass(16 * 60);
    expect(machineStatus(await of(), record, environment.now())).toEqual({
      status: 'Disconnected',
      since: (await of()).received_at + 15 * 60_000,
    });
    await recorder.record('x', heartbeat(1));
    expect(machineStatus(await of(), record, environment.now())).toEqual({
      status: 'Connected',
      since: environment.now(),
    });
    expect(machineStatus(undefined, record, environment.now())).toEqual({ status: 'AwaitingConnection', since: 5 });
  });

  test('a commit that fails is told to everyone who waits for it, and the next one goes on', async () => {
    let broken = true;
    const failing: Store = {
      ...store,
      rowWriter: (writing) => {
        const write = store.rowWriter(writing);
        return (rows) => (broken ? Promise.reject(new Error('disk full')) : write(rows));
      },
    };
    const recorder = createHeartbeatRecorder(environment, failing);
    const both = await Promise.allSettled([recorder.record('y', heartbeat(1)), recorder.record('z', heartbeat(1))]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    await recorder.record('y', heartbeat(1));
    expect((await rows()).some(({ vm_id }) => vm_id === 'y')).toBe(true);
  });
});
