import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportActivityLog } from '../export-command.ts';
import { createSigningKeyText, readSigningKey, type SigningKey } from '../identity/signing-key.ts';
import { statePaths } from '../state/state-paths.ts';
import { openStore, type Store } from '../store/store.ts';
import { testEvent } from '../testing/test-event.ts';
import { onThisThread } from '../testing/walkers.ts';
import { verifyActivityLog, type Answered } from '../verify-command.ts';
import { signCheckpoint } from './checkpoint.ts';
import { openCheckpoints, type CheckpointWriter } from './checkpoint-writer.ts';
import { cutOldEvents } from './retention.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-retention-'));
const dayMilliseconds = 24 * 3_600_000;
const clock = { now: Date.UTC(2026, 0, 1) };
const environment = { now: () => clock.now, guid: () => crypto.randomUUID(), randomBytes: () => new Uint8Array() };
/** A log of ten days, two events each, cut to the last five; and the same before it was cut. */
const cut = join(folder, 'cut');
const uncut = join(folder, 'uncut');
let key: SigningKey;
let copies = 0;

interface Opened {
  readonly store: Store;
  readonly checkpoints: CheckpointWriter;
  cut(days: number, exportedUpTo?: number): Promise<number>;
}

async function open(state: string): Promise<Opened> {
  const paths = statePaths(state);
  const store = await openStore(state);
  const checkpoints = await openCheckpoints(environment, store, key, paths.activityCheckpoints);
  const common = { environment, store, checkpoints, tenantId: 't', subscriptionId: 's' };
  return {
    store,
    checkpoints,
    cut: (days, exportedUpTo) => cutOldEvents({ ...common, days, exportedUpTo: () => exportedUpTo }),
  };
}

async function aDay({ store, checkpoints }: Opened): Promise<void> {
  const event = (): ReturnType<typeof testEvent> => ({
    ...testEvent(),
    eventTimestamp: new Date(clock.now).toISOString(),
  });
  await store.change(() => Promise.resolve({ value: undefined, events: [event(), event()] }));
  await checkpoints.write();
  clock.now += dayMilliseconds;
}

beforeAll(async () => {
  key = await readSigningKey(await createSigningKeyText());
  cpSync(mkdtempSync(join(folder, 'empty-')), cut, { recursive: true });
  writeFileSync(statePaths(cut).activityPublicKey, JSON.stringify(key.publicJwk));
  const log = await open(cut);
  for (let i = 0; i < 10; i += 1) await aDay(log);
  await log.store.close();
  cpSync(cut, uncut, { recursive: true });
  const again = await open(cut);
  const gone = [await again.cut(5), await again.cut(5)];
  if (gone.join(' ') !== '10 0') throw new Error(`Retention removed ${gone.join(', then ')} events.`);
  await again.checkpoints.write();
  await again.store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is said of a log, which is the same in however many stretches it is read. */
async function verify(
  where: { state: string } | { exported: string },
  more: { checkpoints?: string } = {},
): Promise<Answered> {
  const options = { where, postgres: undefined, checkpoints: more.checkpoints, key: undefined };
  const answered = await verifyActivityLog(options);
  expect(await verifyActivityLog(options, onThisThread(8))).toEqual(answered);
  return answered;
}

function copyOf(state: string): string {
  const directory = join(folder, `copy-${(copies += 1)}`);
  cpSync(state, directory, { recursive: true });
  return directory;
}

function changed(state: string, ...sql: readonly string[]): string {
  const directory = copyOf(state);
  const db = new DatabaseSync(statePaths(directory).database);
  for (const one of sql) db.exec(one);
  db.close();
  return directory;
}

async function exported(state: string, to: string): Promise<string> {
  expect(await exportActivityLog({ state, postgres: undefined, to })).toMatchObject({ code: 0 });
  return to;
}

describe('S2.2 a log that retention has cut', () => {
  test('is intact, says up to where it was cut, and has the cut on record', async () => {
    const { code, text } = await verify({ state: cut });
    expect(text).toContain('Events up to position 10 were removed as retention wants');
    expect([code, text]).toEqual([0, expect.stringContaining('intact: 12 events, 12 checkpoints')]);
    const { store } = await open(copyOf(cut));
    const events = await store.read.selectFrom('activity_events').select(['position', 'event']).execute();
    expect(events[0]?.position).toBe(11);
    expect(events.at(-1)?.event).toContain('10 events up to position 10, older than 5 days, were removed.');
    await store.close();
  });

  test('goes on: it takes events, is cut again, and one that is cut stays verifiable with the checkpoints from before', async () => {
    const state = copyOf(cut);
    const kept = statePaths(uncut).activityCheckpoints;
    expect(await verify({ state }, { checkpoints: kept })).toMatchObject({ code: 0 });
    const log = await open(state);
    clock.now += 3 * dayMilliseconds;
    await aDay(log);
    expect(await log.cut(5)).toBe(8);
    await log.store.close();
    expect(await verify({ state })).toMatchObject({ code: 0, text: expect.stringContaining('up to position 18 ') });
  });

  test('killed between the signature and the removal, it is intact as it is', async () => {
    const state = copyOf(uncut);
    const log = await open(state);
    const hash =
      (await log.store.read.selectFrom('activity_events').select('hash').where('position', '=', 10).execute())[0]
        ?.hash ?? '';
    await log.checkpoints.writeCut({ position: 10, hash });
    await log.store.close();
    expect(await verify({ state })).toMatchObject({ code: 0, text: expect.stringContaining('20 events') });
  });

  test('nothing is cut that is not exported or not followed yet, nor the newest event', async () => {
    const log = await open(copyOf(uncut));
    expect(await log.cut(0, 3)).toBe(3);
    await log.store.observe(async (writer) => {
      await writer.insertInto('followed_logs').values({ follower: 'somebody', position: 7 }).execute();
      return { value: undefined, events: [] };
    });
    expect(await log.cut(5)).toBe(4);
    await log.store.close();
    const all = await open(copyOf(uncut));
    expect(await all.cut(0)).toBe(20);
    expect(await all.cut(0)).toBe(0);
    expect(await all.store.read.selectFrom('activity_events').select('position').execute()).not.toEqual([]);
    await all.store.close();
  });

  test('T66 what is not intact is not cut off: that would be the end of what shows it', async () => {
    const state = changed(uncut, "UPDATE activity_events SET status = 'Succeeded!' WHERE position = 4");
    const log = await open(state);
    await expect(log.cut(5)).rejects.toThrow('breaks at position 4');
    await log.store.close();
    expect(await verify({ state })).toMatchObject({ code: 1 });
  });
});

describe('T66 T67 what is no authorised cut', () => {
  test.each([
    ['one event more', cut, ['DELETE FROM activity_events WHERE position = 11']],
    ['the beginning of a log that was never cut', uncut, ['DELETE FROM activity_events WHERE position <= 10']],
    ['all but the newest', cut, ['DELETE FROM activity_events WHERE position < 22']],
    [
      'a cut that somebody made up',
      uncut,
      [
        "INSERT INTO activity_cuts SELECT position, hash, 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA' FROM activity_events WHERE position = 10",
        'DELETE FROM activity_events WHERE position <= 10',
      ],
    ],
    ['an event after the cut changed', cut, ["UPDATE activity_events SET caller_key = 'x' WHERE position = 11"]],
  ])('%s', async (_, state, sql) => {
    expect(await verify({ state: changed(state, ...sql) })).toMatchObject({ code: 1 });
  });

  test('the signed cut of another log, and one signed with another key', async () => {
    const sql = 'DELETE FROM activity_events WHERE position <= 10';
    const state = changed(uncut, sql);
    const thief = await readSigningKey(await createSigningKeyText());
    const lines = readFileSync(statePaths(uncut).activityCheckpoints, 'utf8');
    const place = { position: 20, hash: 'a'.repeat(64), time: 'now', cut: { position: 10, hash: 'b'.repeat(64) } };
    writeFileSync(statePaths(state).activityCheckpoints, `${lines}${await signCheckpoint(thief, place)}\n`);
    expect(await verify({ state })).toMatchObject({ code: 1, text: expect.stringContaining('cannot be trusted') });
    writeFileSync(statePaths(state).activityCheckpoints, `${await signCheckpoint(key, place)}\n`);
    expect(await verify({ state })).toMatchObject({ code: 1, text: expect.stringContaining('breaks at position 11') });
  });
});

describe('S2.2 exports', () => {
  test('are JSON lines of the events as the API serves them, go on where they ended, and outlive retention', async () => {
    const to = await exported(uncut, join(folder, 'exported'));
    const day = readFileSync(join(to, '2026-01-01.jsonl'), 'utf8').trim().split('\n');
    expect(day).toHaveLength(2);
    expect(Object.keys(JSON.parse(day[0] ?? '') as object)).toContain('eventTimestamp');
    expect(await verify({ exported: to })).toMatchObject({ code: 0, text: expect.stringContaining('20 events') });
    await exported(cut, to);
    expect(await exportActivityLog({ state: cut, postgres: undefined, to })).toMatchObject({
      text: expect.stringMatching(/^0 events .* position 22\.$/m),
    });
    expect(await verify({ exported: to })).toMatchObject({ code: 0, text: expect.stringContaining('22 events') });
    const late = await exported(cut, join(folder, 'late'));
    expect(await verify({ exported: late })).toMatchObject({ code: 0, text: expect.stringContaining('12 events') });
    expect(await verify({ exported: join(folder, 'nowhere') })).toMatchObject({ code: 2 });
  });

  test('of an event with every character that some program takes for the end of a line', async () => {
    const state = copyOf(uncut);
    const log = await open(state);
    const event = { ...testEvent(), caller: 'a\u2028b\u2029c\u0085d\r\ne\rf\vg' };
    await log.store.change(() => Promise.resolve({ value: undefined, events: [event] }));
    await log.store.close();
    const to = await exported(state, join(folder, 'line-ends'));
    expect(await verify({ exported: to })).toMatchObject({ code: 0, text: expect.stringContaining('21 events') });
  });

  test('killed in the middle of a line, they go on', async () => {
    const to = await exported(uncut, join(folder, 'killed'));
    const file = (name: string): string => join(to, name);
    const events = readFileSync(file('2026-01-10.jsonl'), 'utf8');
    const places = readFileSync(file('2026-01-10.chain'), 'utf8').split('\n');
    writeFileSync(file('2026-01-10.jsonl'), events.slice(0, -20));
    writeFileSync(file('2026-01-10.chain'), `${places[0] ?? ''}\n${(places[1] ?? '').slice(0, 9)}`);
    await exported(uncut, to);
    expect(readFileSync(file('2026-01-10.jsonl'), 'utf8')).toBe(events);
    expect(await verify({ exported: to })).toMatchObject({ code: 0, text: expect.stringContaining('20 events') });
  });

  test('of a log with a gap, or one that was changed, are refused', async () => {
    const few = await exported(changed(uncut, 'DELETE FROM activity_events WHERE position > 4'), join(folder, 'few'));
    expect(await exportActivityLog({ state: cut, postgres: undefined, to: few })).toMatchObject({
      code: 2,
      text: expect.stringContaining('The events 5 to 10 were removed before they were exported'),
    });
    const state = changed(
      uncut,
      "UPDATE activity_events SET event = replace(event, 'Begin request', 'Began') WHERE position = 9",
    );
    expect(await exportActivityLog({ state, postgres: undefined, to: join(folder, 'changed') })).toMatchObject({
      code: 2,
      text: expect.stringContaining('breaks at position 9'),
    });
  });

  test('T66 T67 show every change offline: of an event, a line, a file, the order, the end', async () => {
    const whole = await exported(cut, join(folder, 'whole'));
    const edit = (name: string, change: (lines: string[]) => readonly string[]): void => {
      for (const kind of ['jsonl', 'chain']) {
        const path = join(name, `2026-01-08.${kind}`);
        writeFileSync(
          path,
          change(readFileSync(path, 'utf8').split('\n').slice(0, -1))
            .map((line) => `${line}\n`)
            .join(''),
        );
      }
    };
    const attacks: readonly ((directory: string) => void)[] = [
      (at) => {
        const path = join(at, '2026-01-08.jsonl');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"Informational"', '"Verbose"'));
      },
      (at) => edit(at, (lines) => lines.slice(1)),
      (at) => edit(at, (lines) => lines.slice(0, 1)),
      (at) => edit(at, (lines) => lines.toReversed()),
      (at) => edit(at, (lines) => [...lines, lines[0] ?? '']),
      (at) => rmSync(join(at, '2026-01-06.chain')),
      (at) => {
        for (const kind of ['jsonl', 'chain']) rmSync(join(at, `2026-01-11.${kind}`));
      },
      (at) => {
        const path = join(at, '2026-01-07.jsonl');
        writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(1).join('\n'));
      },
    ];
    for (const [at, attack] of attacks.entries()) {
      const directory = copyOf(whole);
      attack(directory);
      const { code, text } = await verify({ exported: directory });
      expect([at, code, text]).toEqual([at, 1, expect.stringContaining('NOT intact')]);
    }
  });
});
