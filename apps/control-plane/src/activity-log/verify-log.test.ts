import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processEnvironment } from '../environment.ts';
import { createSigningKeyText, readSigningKey, type SigningKey } from '../identity/signing-key.ts';
import { statePaths } from '../state/state-paths.ts';
import { openStore, type Store } from '../store/store.ts';
import { testEvent } from '../testing/test-event.ts';
import { inThreads, onThisThread } from '../testing/walkers.ts';
import { verifyActivityLog } from '../verify-command.ts';
import { chainedColumns, chainedValues, chainStart, nextHash } from './chain.ts';
import { signCheckpoint } from './checkpoint.ts';
import { openCheckpoints } from './checkpoint-writer.ts';
import { eventRow } from './event-row.ts';
import { stretchesFor } from './walking-threads.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-chain-'));
const whole = join(folder, 'whole');
let key: SigningKey;
let copies = 0;

async function fill(store: Store, events: number): Promise<void> {
  for (let i = 0; i < events; i += 1)
    await store.change(() => Promise.resolve({ value: undefined, events: [testEvent(), testEvent()] }));
}

beforeAll(async () => {
  cpSync(mkdtempSync(join(folder, 'empty-')), whole, { recursive: true });
  key = await readSigningKey(await createSigningKeyText());
  const paths = statePaths(whole);
  writeFileSync(paths.activityPublicKey, JSON.stringify(key.publicJwk));
  const store = await openStore(whole);
  const checkpoints = await openCheckpoints(processEnvironment(), store, key, paths.activityCheckpoints);
  for (let i = 0; i < 3; i += 1) {
    await fill(store, 2);
    await checkpoints.write();
    await checkpoints.write();
  }
  await fill(store, 1);
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of the state directory that an attacker has been at. */
function attacked(change: (db: DatabaseSync, directory: string) => void): string {
  const directory = join(folder, `copy-${(copies += 1)}`);
  cpSync(whole, directory, { recursive: true });
  const db = new DatabaseSync(statePaths(directory).database);
  change(db, directory);
  db.close();
  return directory;
}

/** What is said of a log, which is the same in however many stretches it is read. */
async function verify(
  state: string,
  elsewhere: { checkpoints?: string; key?: string } = {},
): Promise<{ code: number; text: string }> {
  const options = {
    where: { state },
    postgres: undefined,
    checkpoints: elsewhere.checkpoints,
    key: elsewhere.key,
  };
  const answered = await verifyActivityLog(options);
  expect(await verifyActivityLog(options, onThisThread(3))).toEqual(answered);
  return answered;
}

/** Computes the chain anew up to a position, as somebody would who can write the database. */
function rechain(db: DatabaseSync, upTo = 99): void {
  let hash = chainStart;
  for (const row of db.prepare('SELECT * FROM activity_events WHERE position <= ? ORDER BY position').all(upTo)) {
    hash = nextHash(
      hash,
      chainedColumns.map((column) => String(row[column])),
    );
    db.prepare('UPDATE activity_events SET hash = ? WHERE position = ?').run(hash, row['position'] ?? null);
  }
}

describe('a log that nobody touched', () => {
  test('is intact, and says how far it is sealed', async () => {
    const { code, text } = await verify(whole);
    expect(text).toContain('intact: 14 events, 3 checkpoints, the newest at position 12.');
    expect(text).toContain('Keep copies elsewhere');
    expect(code).toBe(0);
    const paths = statePaths(whole);
    const elsewhere = { checkpoints: paths.activityCheckpoints, key: paths.activityPublicKey };
    expect((await verify(whole, elsewhere)).text).not.toContain('Keep copies elsewhere');
  });

  test('a checkpoint that was being written when the program was killed is none, and the next start goes on', async () => {
    const directory = attacked((_db, copy) => appendFileSync(statePaths(copy).activityCheckpoints, 'eyJhbGci'));
    expect((await verify(directory)).code).toBe(0);
    const store = await openStore(directory);
    const checkpoints = await openCheckpoints(
      processEnvironment(),
      store,
      key,
      statePaths(directory).activityCheckpoints,
    );
    await checkpoints.write();
    await store.close();
    const lines = readFileSync(statePaths(directory).activityCheckpoints, 'utf8').split('\n');
    expect(lines.filter((line) => line !== '')).toHaveLength(5);
  });
});

describe('T66 every change of a single record shows', () => {
  const columns = [...chainedColumns, 'hash'];
  test.each(columns)('%s of any event', async (column) => {
    for (let position = 1; position <= 14; position += 1) {
      const directory = attacked((db) =>
        db.exec(`UPDATE activity_events SET ${column} = ${column} || 'x' WHERE position = ${position}`),
      );
      const { code, text } = await verify(directory);
      expect([position, code, text]).toEqual([position, 1, expect.stringContaining(`breaks at position ${position}:`)]);
      rmSync(directory, { recursive: true });
    }
  });

  test('an event removed from the middle, inserted, or put in another place', async () => {
    const remove = (db: DatabaseSync): void => db.exec('DELETE FROM activity_events WHERE position = 5');
    const insert = (db: DatabaseSync): void => {
      const row = eventRow(testEvent());
      const values = [...chainedValues(row), 'f'.repeat(64)];
      const names = [...chainedColumns, 'hash'];
      db.exec('UPDATE activity_events SET position = position + 100 WHERE position > 5');
      db.prepare(
        `INSERT INTO activity_events (position, ${names.join(', ')}) VALUES (6, ${names.map(() => '?').join(', ')})`,
      ).run(...values);
    };
    const swap = (db: DatabaseSync): void =>
      db.exec(
        'UPDATE activity_events SET position = 99 WHERE position = 3; UPDATE activity_events SET position = 3 WHERE position = 4; UPDATE activity_events SET position = 4 WHERE position = 99',
      );
    for (const change of [remove, insert, swap]) {
      const { code, text } = await verify(attacked(change));
      expect([code, text]).toEqual([1, expect.stringContaining('The chain breaks at position')]);
    }
  });
});

describe('T66 T67 a long log is verified in stretches, side by side', () => {
  const inThree = (state: string): Promise<{ code: number; text: string }> =>
    verifyActivityLog(
      { where: { state }, postgres: undefined, checkpoints: undefined, key: undefined },
      inThreads(stretches),
    );
  /** Of 14 events: 1 to 4, 5 to 9, 10 to 14. */
  const stretches = 3;

  test('in threads, with the same to say of a log that nobody touched', async () => {
    expect(await inThree(whole)).toEqual(await verify(whole));
  });

  test.each([
    ['the event at a joint changed', "UPDATE activity_events SET status = 'x' WHERE position = 4", 4],
    [
      'the stored hash at a joint changed',
      `UPDATE activity_events SET hash = '${'a'.repeat(64)}' WHERE position = 9`,
      9,
    ],
    ['the event at a joint removed', 'DELETE FROM activity_events WHERE position = 4', 5],
    ['the event after a joint removed', 'DELETE FROM activity_events WHERE position = 10', 11],
    ['the events around a joint removed', 'DELETE FROM activity_events WHERE position BETWEEN 8 AND 11', 12],
    [
      'the events around a joint in another order',
      'UPDATE activity_events SET position = 99 WHERE position = 4; UPDATE activity_events SET position = 4 WHERE position = 5; UPDATE activity_events SET position = 5 WHERE position = 99',
      4,
    ],
    ['each stretch changed', "UPDATE activity_events SET status = 'x' WHERE position IN (14, 6, 3)", 3],
    ['all but the first stretch changed', "UPDATE activity_events SET status = 'x' WHERE position IN (14, 9)", 9],
  ])('%s: the first place where it shows is named', async (_, sql, position) => {
    const directory = attacked((db) => db.exec(sql));
    const { code, text } = await inThree(directory);
    expect([code, text]).toEqual([1, expect.stringContaining(`breaks at position ${position}:`)]);
    expect(await verify(directory)).toEqual({ code, text });
  });

  test('a stretch made anew, up to the joint or from it on, does not agree with what was signed or what follows', async () => {
    const anew = (from: number, upTo: number): string =>
      attacked((db) => {
        db.exec(`UPDATE activity_events SET status = 'Succeeded!' WHERE position BETWEEN ${from} AND ${upTo}`);
        rechain(db, upTo);
      });
    expect((await inThree(anew(2, 3))).text).toContain('breaks at position 4:');
    expect((await inThree(anew(2, 4))).text).toContain('Position 4 is not what the checkpoint');
    expect((await inThree(anew(5, 9))).text).toContain('Position 8 is not what the checkpoint');
    expect((await inThree(anew(9, 9))).text).toContain('breaks at position 10:');
    expect((await inThree(anew(10, 14))).text).toContain('Position 12 is not what the checkpoint');
  });

  test('what cannot be read in one stretch is said when those before it are right, and not before', async () => {
    const unreadable = attacked((db) =>
      db.exec('UPDATE activity_events SET position = 9007199254740993 WHERE position = 14'),
    );
    const { code, text } = await inThree(unreadable);
    expect([code, text]).toEqual([2, expect.stringContaining('could not be verified')]);
    const earlier = new DatabaseSync(statePaths(unreadable).database);
    earlier.exec("UPDATE activity_events SET caller_key = 'x' WHERE position = 7");
    earlier.close();
    expect((await inThree(unreadable)).text).toContain('breaks at position 7:');
  });

  test('a short log is not worth a thread, a long one gets one for each processor', () => {
    expect(stretchesFor(0, 64)).toBe(1);
    expect(stretchesFor(19_999, 64)).toBe(1);
    expect(stretchesFor(20_000, 64)).toBe(2);
    expect(stretchesFor(1_000_000, 2)).toBe(2);
    expect(stretchesFor(1_000_000, 1)).toBe(1);
    expect(stretchesFor(Number.MAX_SAFE_INTEGER, 64)).toBe(8);
  });
});

describe('T67 what only signatures can tell', () => {
  test('the end cut off, the whole log emptied, and a control plane does not start on either', async () => {
    for (const sql of ['DELETE FROM activity_events WHERE position > 9', 'DELETE FROM activity_events']) {
      const directory = attacked((db) => db.exec(sql));
      const { code, text } = await verify(directory);
      expect([code, text]).toEqual([1, expect.stringMatching(/ends before position (?:4|12), .* cut off/)]);
      const store = await openStore(directory);
      const opening = openCheckpoints(processEnvironment(), store, key, statePaths(directory).activityCheckpoints);
      await expect(opening).rejects.toThrow('Events are missing');
      await store.close();
    }
  });

  test('an event changed and the chain made anew after it', async () => {
    const directory = attacked((db) => {
      db.exec("UPDATE activity_events SET status = 'Succeeded!' WHERE position = 6");
      rechain(db);
    });
    const { code, text } = await verify(directory);
    expect([code, text]).toEqual([1, expect.stringContaining('Position 8 is not what the checkpoint')]);
  });

  test('checkpoints of another key, out of order, altered, or of another kind', async () => {
    const other = await readSigningKey(await createSigningKeyText());
    const lines = readFileSync(statePaths(whole).activityCheckpoints, 'utf8').trim().split('\n');
    const payload = { position: 14, hash: 'a'.repeat(64), time: 'now' };
    for (const [text, sentence] of [
      [[await signCheckpoint(other, payload)], 'Checkpoint 1 cannot be trusted'],
      [[...lines, lines[0] ?? ''], 'Checkpoint 4 is not after the one before it'],
      [
        [(lines[0] ?? '').replace(/\.(.)/, (_dot, first) => `.${first === 'A' ? 'B' : 'A'}`)],
        'Checkpoint 1 cannot be trusted',
      ],
      [['nonsense'], 'Checkpoint 1 cannot be trusted'],
    ] as const) {
      const checkpoints = join(folder, `checkpoints-${(copies += 1)}`);
      writeFileSync(checkpoints, `${text.join('\n')}\n`);
      const verified = await verify(whole, { checkpoints });
      expect([verified.code, verified.text]).toEqual([1, expect.stringContaining(sentence)]);
    }
  });
});

describe('T15 who holds the key of the log and tells one history here and another there', () => {
  test('passes for each auditor alone, and with the checkpoints of the other for neither', async () => {
    const fork = attacked((db, copy) => {
      db.exec("UPDATE activity_events SET status = 'Rejected' WHERE position = 6");
      rechain(db);
      rmSync(statePaths(copy).activityCheckpoints);
    });
    const store = await openStore(fork);
    await (await openCheckpoints(processEnvironment(), store, key, statePaths(fork).activityCheckpoints)).write();
    await store.close();
    const of = (state: string): string => statePaths(state).activityCheckpoints;
    const views = [whole, fork];
    for (const own of views)
      for (const other of views) {
        const { code, text } = await verify(own, { checkpoints: of(other) });
        expect([own, other, code, text]).toEqual([
          own,
          other,
          own === other ? 0 : 1,
          expect.stringContaining(own === other ? 'is intact' : 'is not what the checkpoint'),
        ]);
      }
  });

  test('is seen by whoever kept one checkpoint of before, however long ago and however much was written since', async () => {
    const kept = join(folder, 'one-kept');
    writeFileSync(kept, `${readFileSync(statePaths(whole).activityCheckpoints, 'utf8').split('\n')[0] ?? ''}\n`);
    const fork = attacked((db) => {
      db.exec("UPDATE activity_events SET caller_key = 'nobody' WHERE position = 2");
      rechain(db);
    });
    expect((await verify(whole, { checkpoints: kept })).code).toBe(0);
    const { code, text } = await verify(fork, { checkpoints: kept });
    expect([code, text]).toEqual([1, expect.stringContaining('Position 4 is not what the checkpoint')]);
  });
});

test('what is missing is named', async () => {
  expect(await verify(join(folder, 'nowhere'))).toMatchObject({
    code: 2,
    text: expect.stringContaining('There is no'),
  });
  const damaged = attacked((_db, directory) => writeFileSync(statePaths(directory).activityPublicKey, '{}'));
  expect(await verify(damaged)).toMatchObject({ code: 2, text: expect.stringContaining('not a P-256 key') });
  expect(existsSync(statePaths(damaged).database)).toBe(true);
});

describe('T68 no unsealed line lets the chain begin anew', () => {
  test.each([
    ['the first', "UPDATE activity_events SET hash = '' WHERE position = 1"],
    ['some in the middle', "UPDATE activity_events SET hash = '' WHERE position BETWEEN 4 AND 6"],
    ['the newest', "UPDATE activity_events SET hash = '' WHERE position = 14"],
    ['all of them', "UPDATE activity_events SET hash = ''"],
  ])('%s unsealed', async (_, sql) => {
    expect((await verify(attacked((db) => db.exec(sql)))).code).toBe(1);
  });
});

describe('T69 the key of the log', () => {
  test('is random for each control plane, and nothing private is in what verifies', async () => {
    const other = await readSigningKey(await createSigningKeyText());
    expect(other.keyId).not.toBe(key.keyId);
    expect(Object.keys(other.publicJwk)).not.toContain('d');
    expect(readFileSync(statePaths(whole).activityPublicKey, 'utf8')).not.toContain('"d"');
  });

  test('taken with the whole state directory, a log made anew passes there and not under the key that was kept elsewhere', async () => {
    const thief = await readSigningKey(await createSigningKeyText());
    const kept = join(folder, 'kept-key.json');
    writeFileSync(kept, JSON.stringify(key.publicJwk));
    const directory = attacked((db, copy) => {
      db.exec(
        "UPDATE activity_events SET caller_key = 'somebody else'; DELETE FROM activity_events WHERE position > 9",
      );
      rechain(db);
      rmSync(statePaths(copy).activityCheckpoints);
      writeFileSync(statePaths(copy).activityPublicKey, JSON.stringify(thief.publicJwk));
    });
    const store = await openStore(directory);
    const path = statePaths(directory).activityCheckpoints;
    await (await openCheckpoints(processEnvironment(), store, thief, path)).write();
    await store.close();
    expect((await verify(directory)).code).toBe(0);
    expect((await verify(directory, { key: kept })).code).toBe(1);
  });
});

test('T70 S2.2 a log that takes no event stops every change and nothing else, and goes on where it stood', async () => {
  const directory = attacked((db) =>
    db.exec("CREATE TRIGGER full BEFORE INSERT ON activity_events BEGIN SELECT RAISE(ABORT, 'no space left'); END"),
  );
  const store = await openStore(directory);
  const group = { subscription_id: 's', name_key: 'g', name: 'g', location: 'here', tags: '{}', created_at: 1 };
  const change = (): Promise<void> =>
    store.change(async (writer) => {
      await writer.insertInto('resource_groups').values(group).execute();
      return { value: undefined, events: [testEvent()] };
    });
  const groups = (): Promise<readonly unknown[]> => store.read.selectFrom('resource_groups').select('name').execute();
  await expect(change()).rejects.toThrow(/no space left/);
  expect(await groups()).toEqual([]);
  const db = new DatabaseSync(statePaths(directory).database);
  db.exec('PRAGMA busy_timeout = 10000; DROP TRIGGER full');
  db.close();
  await change();
  expect(await groups()).toEqual([{ name: 'g' }]);
  await store.close();
  expect((await verify(directory)).code).toBe(0);
});
