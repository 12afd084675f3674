import { afterAll, beforeAll, expect, test } from 'vitest';
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import type { Store } from '../store/store.ts';
import { headOfLog } from '../activity-log/head-of-log.ts';
import { eachStore } from '../testing/each-store.ts';
import { heartbeatContent } from '../testing/heartbeat-content.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { testEvent } from '../testing/test-event.ts';
import { forkWeight } from './beat.ts';
import { createHeartbeatRecorder } from './heartbeat-recorder.ts';
import { contentOf } from './heartbeat-row.ts';
import { createHeartbeatWriter, fewestForThread, type HeartbeatWriter } from './heartbeat-writer.ts';
import type { SentHeartbeat } from './write-heartbeats.ts';
import { machineStatus } from './machine-status.ts';

const heartbeat = (generation: number): string => JSON.stringify(heartbeatContent(generation));
const record = { vm_id: '00000000', created_at: 5, key_since: 0, quarantined_at: null };

eachStore('heartbeats', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  let writer: HeartbeatWriter;
  let commits = 0;
  beforeAll(async () => {
    // As a control plane has it from its start.
    z.config(en());
    store = await makeStore().open();
    writer = createHeartbeatWriter(store);
  });
  afterAll(async () => {
    await writer.close();
    await store.close();
  });
  const counted = (): HeartbeatWriter => ({
    ...writer,
    write: (sent) => {
      commits += 1;
      return writer.write(sent);
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
    const recorder = createHeartbeatRecorder(environment, writer);
    const odd = String.raw`"\u0000 é 😀 {1,2}`;
    await Promise.all([
      recorder.record('odd', JSON.stringify({ ...heartbeatContent(3), agentVersion: `${odd}\0\uD800` })),
      recorder.record('even', JSON.stringify({ ...heartbeatContent(4), agentVersion: odd })),
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
    const recorder = createHeartbeatRecorder(environment, writer);
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
    const failing: HeartbeatWriter = {
      ...writer,
      write: (sent) => (broken ? Promise.reject(new Error('disk full')) : writer.write(sent)),
    };
    const recorder = createHeartbeatRecorder(environment, failing);
    const both = await Promise.allSettled([recorder.record('y', heartbeat(1)), recorder.record('z', heartbeat(1))]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    await recorder.record('y', heartbeat(1));
    expect((await rows()).some(({ vm_id }) => vm_id === 'y')).toBe(true);
  });

  test.each([
    ['few', 0],
    ['many, in a thread', fewestForThread],
  ])('what is no heartbeat is told so, and costs the others of its group nothing: %s', async (_, more) => {
    const recorder = createHeartbeatRecorder(environment, counted());
    const before = commits;
    const answers = await Promise.all([
      recorder.record('well', heartbeat(5)),
      recorder.record('half', heartbeat(6).slice(0, -20)),
      recorder.record('other', '{"agentVersion":5}'),
      ...Array.from({ length: more }, (__, i) => recorder.record(`more${i}`, heartbeat(i))),
    ]);
    expect(commits).toBe(before + 1);
    expect(answers.slice(0, 3)).toEqual([
      { heartbeat: { generation: 5, holdSeconds: 0 }, contentHash: expect.any(String) },
      { malformed: expect.stringMatching(/^The heartbeat is not JSON \(at line 1 column \d+\)$/) },
      { malformed: "The heartbeat is malformed at 'agentVersion': Invalid input: expected string, received number" },
    ]);
    expect((await rows()).filter(({ vm_id }) => ['well', 'half', 'other'].includes(vm_id))).toMatchObject([
      { vm_id: 'well', generation: 5 },
    ]);
  });

  test.each([
    ['few', 0],
    ['many, in a thread', fewestForThread],
  ])('says that all is as it was, and only where it is: %s', async (_, more) => {
    const recorder = createHeartbeatRecorder(environment, writer);
    const others = (): readonly Promise<unknown>[] =>
      Array.from({ length: more }, (__, i) => recorder.record(`beside${i}`, heartbeat(i)));
    const { contentHash } = contentOf(heartbeatContent(1));
    const other = contentOf({ ...heartbeatContent(1), agentVersion: '2' }).contentHash;
    const unchanged = (hash: string, generation: number, beat: string): string =>
      JSON.stringify({ generation, holdSeconds: 3, beat, contentHash: hash });
    const kept = (vmId: string): Promise<unknown> =>
      store.read.selectFrom('heartbeats').selectAll().where('vm_id', '=', vmId).executeTakeFirst();
    const a = `${more}a`;
    const b = `${more}b`;
    const first = environment.now();
    expect(await recorder.record(a, heartbeat(1))).toMatchObject({ contentHash });
    const before = await kept(a);
    environment.pass(60);
    const [said, unknown, never] = await Promise.all([
      recorder.record(a, unchanged(contentHash, 7, '900.800')),
      recorder.record(b, unchanged(contentHash, 7, '900.800')),
      recorder.record(`${more}c`, unchanged('', 7, '900.800')),
      ...others(),
    ]);
    expect(said).toEqual({ heartbeat: { generation: 7, holdSeconds: 3, beat: '900.800' } });
    expect(await kept(a)).toEqual({
      ...(before as object),
      received_at: first + 60_000,
      generation: 7,
      beat: 900,
      beat_from: 800,
    });
    expect([unknown, await kept(b)]).toEqual(['content-unknown', undefined]);
    expect(never).toEqual({ malformed: expect.stringContaining("The heartbeat is malformed at 'contentHash'") });

    // Somebody has said something else: of that nothing is kept either.
    const [wrong] = await Promise.all([recorder.record(a, unchanged(other, 9, '950.900')), ...others()]);
    expect([wrong, await kept(a)]).toMatchObject(['content-unknown', { generation: 7, beat: 900 }]);

    // In one group: what was said whole counts for what comes after it, and the last counts.
    const together = await Promise.all([
      recorder.record(a, unchanged(contentHash, 10, '960.900')),
      recorder.record(b, heartbeat(2)),
      recorder.record(b, unchanged(contentHash, 11, '970.0')),
      recorder.record(b, unchanged(other, 12, '980.0')),
      ...others(),
    ]);
    expect(together.slice(0, 4)).toMatchObject([
      { heartbeat: { generation: 10 } },
      { heartbeat: { generation: 2 }, contentHash },
      { heartbeat: { generation: 11 } },
      'content-unknown',
    ]);
    expect([await kept(a), await kept(b)]).toMatchObject([
      { generation: 10, beat: 960, forks: 0 },
      { generation: 11, beat: 970, content_hash: contentHash },
    ]);
  });

  test('T73 a fork is seen also where all is as it was, and a gap begins a new connection', async () => {
    const recorder = createHeartbeatRecorder(environment, writer);
    const { contentHash } = contentOf(heartbeatContent(1));
    const beat = (text: string): Promise<unknown> =>
      recorder.record('forks', JSON.stringify({ generation: 1, holdSeconds: 0, beat: text, contentHash }));
    await recorder.record('forks', heartbeat(1));
    await beat('100.50');
    await beat('200.60');
    const forked = await store.read
      .selectFrom('heartbeats')
      .select('forks')
      .where('vm_id', '=', 'forks')
      .executeTakeFirstOrThrow();
    expect(forked.forks).toBe(forkWeight);
    environment.pass(16 * 60);
    await beat('300.200');
    expect((await rows()).find(({ vm_id }) => vm_id === 'forks')).toMatchObject({ connected_since: environment.now() });
  });

  test('heartbeats and changes take turns: neither waits for the other with the event loop standing still, and both are kept', async () => {
    const recorder = createHeartbeatRecorder(environment, writer);
    const change = (): Promise<void> =>
      store.change(() => Promise.resolve({ value: undefined, events: [testEvent()] }));
    const both = Array.from({ length: 200 }, (_, i) =>
      i % 2 === 0 ? recorder.record(`t${i}`, heartbeat(i)) : change(),
    );
    await Promise.all(both);
    for (let i = 0; i < 20; i += 1) await Promise.all([recorder.record(`t${i}`, heartbeat(1000)), change()]);
    const kept = (await rows()).filter(({ vm_id }) => /^t[0-9]+$/.test(vm_id));
    expect(kept).toHaveLength(110);
    expect(kept.filter(({ generation }) => generation === 1000)).toHaveLength(20);
    expect((await headOfLog(store.read)).position).toBe(120);
  });

  test('for a tenth of a second after many were written the thread is told the few that are left over, too', async () => {
    const { file } = store;
    if (file === undefined) return;
    let now = 0;
    let told = 0;
    const whileAnotherWrites = <T>(work: () => Promise<T>): Promise<T> => {
      told += 1;
      return file.whileAnotherWrites(work);
    };
    const busy = createHeartbeatWriter({ ...store, file: { ...file, whileAnotherWrites } }, () => now);
    const some = (count: number): SentHeartbeat[] =>
      Array.from({ length: count }, (_, i) => [`b${i}`, heartbeat(1), 1]);
    const tells = async (count: number): Promise<number> => {
      const before = told;
      await busy.write(some(count));
      return told - before;
    };
    expect(await tells(1)).toBe(0);
    expect(await tells(fewestForThread)).toBe(1);
    now = 99;
    expect(await tells(1)).toBe(1);
    now = 100;
    expect(await tells(1)).toBe(0);
    await busy.close();
  });

  test('the thread that writes many ends when it is closed, and begins anew with the next; what it cannot do is told', async () => {
    const many = (generation: number): SentHeartbeat[] =>
      Array.from({ length: fewestForThread }, (_, i) => [`n${i}`, heartbeat(generation), 1]);
    const other = createHeartbeatWriter(store);
    await other.write(many(1));
    await other.close();
    await other.write([...many(2), ['n-not', '[]', 1]]);
    expect((await rows()).filter(({ vm_id }) => vm_id.startsWith('n')).map(({ generation }) => generation)).toEqual(
      Array.from({ length: fewestForThread }, () => 2),
    );
    await other.close();
    await other.close();
    const alone = <T>(work: () => Promise<T>): Promise<T> => work();
    const file = { path: '/nowhere/at/all', whileAnotherWrites: alone };
    const nowhere = createHeartbeatWriter({ ...store, file });
    await expect(nowhere.write(many(3))).rejects.toThrow('unable to open database file');
    await expect(nowhere.write(many(3))).rejects.toThrow('unable to open database file');
  });
});
