/** The line of beats, as the store keeps it: what one agent can do never looks like a copy, and two agents always do (T73). */
import type { HeartbeatRequest } from '@sallyport/model/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../store/store.ts';
import { eachStore } from '../testing/each-store.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { heartbeatContent } from '../testing/heartbeat-content.ts';
import { addMachine } from '../testing/test-machine.ts';
import { cloneWeight, formatBeat, nextBeat, noBeat, parseBeat, type Beat } from './beat.ts';
import { createHeartbeatRecorder } from './heartbeat-recorder.ts';
import { createHeartbeatWriter, type HeartbeatWriter } from './heartbeat-writer.ts';
import { quarantineForked } from './quarantine.ts';

describe('numbers', () => {
  test('grow from request to answer, whatever the clock does', () => {
    const first = nextBeat(noBeat, 1_800_000_000_000, 0.5);
    const second = nextBeat(first, 1_700_000_000_000, 0);
    expect(second).toEqual({ number: first.number + 1, from: first.number });
    expect(Number.isSafeInteger(nextBeat(noBeat, Date.UTC(2200, 0), 0.999).number)).toBe(true);
  });

  test('what is not a beat counts as the first of a process', () => {
    expect(parseBeat(formatBeat({ number: 7, from: 3 }))).toEqual({ number: 7, from: 3 });
    for (const text of [
      undefined,
      '',
      'x',
      '1',
      '3.7',
      '1.1',
      '-1.0',
      '1e3.1',
      '9'.repeat(17),
      '99999999999999999.1',
    ]) {
      expect(parseBeat(text), String(text)).toEqual(noBeat);
    }
  });
});

eachStore('the line of beats', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  let writer: HeartbeatWriter;
  let vmId: string;
  beforeAll(async () => {
    store = await makeStore().open();
    writer = createHeartbeatWriter(store);
  });
  afterAll(async () => {
    await writer.close();
    await store.close();
  });

  /** An agent: repeats what it was last told. */
  function agent(): { held: Beat; beat(answerArrives?: boolean): Promise<void> } {
    const recorder = createHeartbeatRecorder(environment, writer);
    const self = {
      held: noBeat,
      async beat(answerArrives = true) {
        const request: HeartbeatRequest = { ...heartbeatContent(1), beat: formatBeat(self.held) };
        await recorder.record(vmId, JSON.stringify(request));
        environment.pass(1);
        const answer = nextBeat(parseBeat(request.beat), environment.now(), 0.5);
        if (answerArrives) self.held = answer;
      },
    };
    return self;
  }
  const forks = async (): Promise<number> =>
    (await store.read.selectFrom('heartbeats').select('forks').where('vm_id', '=', vmId).executeTakeFirstOrThrow())
      .forks;
  const newMachine = async (): Promise<void> => {
    vmId = (await addMachine(environment, store)).vm_id;
  };

  test('T73 one agent never forks: lost answers, late and repeated requests, restarts, a clock that goes back', async () => {
    await newMachine();
    let one = agent();
    for (let round = 0; round < 40; round += 1) {
      const kind = round % 5;
      if (kind === 1) await one.beat(false);
      if (kind === 2) {
        // A request that was cut off and arrives after a later one.
        const late = one.held;
        await one.beat();
        await one.beat();
        const now = one.held;
        one.held = late;
        await one.beat(false);
        one.held = now;
      }
      if (kind === 3) one = agent();
      if (kind === 4) environment.pass(-600);
      await one.beat();
      expect(await forks(), `round ${round}`).toBe(0);
    }
  });

  test('T73 two agents with one identity are noticed within a few beats, also when one of them restarts', async () => {
    await newMachine();
    const one = agent();
    for (let i = 0; i < 5; i += 1) await one.beat();
    let other = agent();
    let beats = 0;
    while ((await forks()) < cloneWeight && beats < 20) {
      await other.beat();
      await one.beat();
      if (beats === 1) other = agent();
      beats += 1;
    }
    expect(beats).toBeLessThan(8);
  });

  test('T73 a copy with its memory repeats the same beat, and is noticed too', async () => {
    await newMachine();
    const one = agent();
    for (let i = 0; i < 3; i += 1) await one.beat();
    const other = agent();
    other.held = one.held;
    for (let i = 0; i < 4; i += 1) {
      await one.beat();
      await other.beat();
    }
    expect(await forks()).toBeGreaterThanOrEqual(cloneWeight);
  });

  test('a machine that was set back with its memory, or a database that was restored, makes one fork, which is forgotten', async () => {
    await newMachine();
    const one = agent();
    await one.beat();
    const snapshot = one.held;
    for (let i = 0; i < 3; i += 1) await one.beat();
    one.held = snapshot;
    for (let i = 0; i < 3; i += 1) await one.beat();
    expect(await forks()).toBeGreaterThan(0);
    expect(await forks()).toBeLessThan(cloneWeight);
    for (let i = 0; i < 10; i += 1) await one.beat();
    expect(await forks()).toBe(0);
  });

  test('T73 the sweep quarantines a machine whose line has forked, once, and says so in the activity log', async () => {
    await newMachine();
    await store.observe(async (writer) => {
      const row = { ...heartbeatContent(1), agent_version: '1' };
      await writer
        .insertInto('heartbeats')
        .values({
          vm_id: vmId,
          received_at: environment.now(),
          connected_since: 0,
          agent_version: row.agent_version,
          generation: 1,
          agent_configuration: '{}',
          service_statuses: '{}',
          system: '{}',
          beat: 1,
          beat_from: 0,
          forks: cloneWeight,
        })
        .execute();
      return { value: undefined, events: [] };
    });
    const ids = await quarantineForked(environment, store, 't');
    expect(ids).toContain(vmId);
    expect(await quarantineForked(environment, store, 't')).toEqual([]);
    const machine = await store.read.selectFrom('machines').selectAll().where('vm_id', '=', vmId).executeTakeFirst();
    expect(machine).toMatchObject({ quarantined_at: environment.now(), quarantine_reason: 'forked-heartbeats' });
    const events = await store.read.selectFrom('activity_events').select('event').orderBy('position', 'desc').execute();
    expect(events[0]?.event).toContain('MachineQuarantined');
  });
});
