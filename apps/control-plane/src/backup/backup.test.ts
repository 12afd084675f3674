import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { headOfLog } from '../activity-log/head-of-log.ts';
import { openCheckpoints } from '../activity-log/checkpoint-writer.ts';
import { processEnvironment } from '../environment.ts';
import { createSigningKeyText, readSigningKey } from '../identity/signing-key.ts';
import { statePaths } from '../state/state-paths.ts';
import { openStore, type Store } from '../store/store.ts';
import { eachStore, type TestStore } from '../testing/each-store.ts';
import { addMachine, addOperation } from '../testing/test-machine.ts';
import { verifyActivityLog } from '../verify-command.ts';
import { backUp, restore } from './backup-command.ts';
import { generationsAhead } from './restore-backup.ts';
import { lineCounter } from './backup-lines.ts';

const folder = temporaryDirectory('backup');
afterAll(() => folder.remove());

eachStore('backup and restore', (makeStore) => {
  let made: TestStore;
  let store: Store;
  let backup: string;
  const environment = processEnvironment();

  beforeAll(async () => {
    made = makeStore();
    backup = join(folder.path, `${Math.random()}`);
    store = await made.open();
    const machine = await addMachine(environment, store);
    await addOperation(environment, store, machine, 'install', '', undefined);
    await Promise.all(Array.from({ length: 600 }, () => addMachine(environment, store)));
    const paths = statePaths(made.directory);
    const key = await readSigningKey(await createSigningKeyText());
    writeFileSync(paths.activityPublicKey, JSON.stringify(key.publicJwk));
    await (await openCheckpoints(environment, store, key, paths.activityCheckpoints)).write();
    writeFileSync(paths.signingKey, 'a key', { mode: 0o600 });
    mkdirSync(join(paths.catalog, 'metadata'), { recursive: true });
    writeFileSync(join(paths.catalog, 'metadata/root.json'), 'root');
    writeFileSync(paths.lock, '');
    writeFileSync(paths.ticketKeys, 'keys');
  });
  afterAll(() => store.close());

  const all = async (from: Store): Promise<unknown> => ({
    machines: await from.read.selectFrom('machines').selectAll().orderBy('vm_id').execute(),
    extensions: await from.read.selectFrom('extensions').selectAll().execute(),
    operations: await from.read.selectFrom('operations').selectAll().execute(),
    events: await from.read.selectFrom('activity_events').selectAll().orderBy('position').execute(),
  });

  test('S2.2 a backup that is taken while changes go on holds whole changes, and says where its log ends', async () => {
    const changing = Promise.all(Array.from({ length: 50 }, () => addMachine(environment, store)));
    const { code, text } = await backUp({ state: made.directory, postgres: made.postgres, to: backup });
    await changing;
    expect(text).toMatch(/: \d+ events in the activity log\.\nHead: [0-9a-f]{64}\n$/);
    expect(code).toBe(0);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    expect(existsSync(`${backup}.unfinished`)).toBe(false);
    const lines = readFileSync(backup, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const count = (table: string): number => lines.filter((line) => line['table'] === table).length;
    // One event for each machine, two for the operation: no change without its events, in the middle of everything.
    expect(count('activity_events')).toBe(count('machines') + 1);
  });

  test.each(['SQLite', 'the same kind of database'])(
    'T66 restored into %s it is the same, and verifies',
    async (where) => {
      const target = makeStore();
      const postgres = where === 'SQLite' ? undefined : target.postgres;
      const state = join(folder.path, `restored-${Math.random()}`);
      expect((await backUp({ state: made.directory, postgres: made.postgres, to: backup })).code).toBe(0);
      const { code, text } = await restore({ state, postgres, from: backup });
      const head = await headOfLog(store.read);
      expect([code, text]).toEqual([
        0,
        expect.stringContaining(`${head.position} events in the activity log.\nHead: ${head.hash}\n`),
      ]);
      expect(
        readdirSync(state, { recursive: true, encoding: 'utf8' })
          .filter((name) => !name.startsWith('sallyport.sqlite'))
          .sort(),
      ).toEqual([
        'activity-log-checkpoints',
        'activity-log-key.public.json',
        'catalog',
        'catalog/metadata',
        'catalog/metadata/root.json',
        'token-signing-key.json',
      ]);
      expect(statSync(join(state, 'token-signing-key.json')).mode & 0o777).toBe(0o600);
      const restored = await openStore(state, postgres);
      // Generations leap, so that no machine takes what comes for something that it has had (T11).
      await restored.observe(async (writer) => {
        await writer
          .updateTable('machines')
          .set((row) => ({ generation: row('generation', '-', generationsAhead) }))
          .execute();
        return { value: undefined, events: [] };
      });
      expect(await all(restored)).toEqual(await all(store));
      // And it goes on.
      await addMachine(environment, restored);
      await restored.close();
      const verified = await verifyActivityLog({ where: { state }, postgres, checkpoints: undefined, key: undefined });
      expect([verified.code, verified.text]).toEqual([0, expect.stringContaining('is intact')]);
      const again = await restore({ state: join(folder.path, `again-${Math.random()}`), postgres, from: backup });
      expect(again.code).toBe(postgres === undefined ? 0 : 1);
    },
  );

  test('T66 T84 what was cut off, changed, or made anew around a changed event is refused, and nothing is left', async () => {
    const whole = readFileSync(backup, 'utf8');
    const lines = whole.trimEnd().split('\n');
    const ended = (changed: readonly string[]): string => {
      const counter = lineCounter();
      for (const line of changed) counter.add(line);
      return `${[...changed, JSON.stringify({ end: counter.end() })].join('\n')}\n`;
    };
    const event = lines.findIndex((line) => line.includes('"activity_events"'));
    const body = lines.slice(0, -1);
    const cases: readonly (readonly [string, string])[] = [
      [lines.slice(0, -1).join('\n'), 'cut off'],
      [`${whole}{}\n`, 'not a line of a backup'],
      [`${whole}{"end":{"lines":1,"sha256":""}}\n`, 'goes on after its end'],
      [whole.replace('a2V5', 'a2V6').replace('"location":"here"', '"location":"elsewhere"'), 'is not what was written'],
      [lines.slice(1).join('\n'), 'does not begin'],
      [ended(body.filter((_, index) => index !== event)), 'chain breaks'],
      [
        ended(
          body.map((line, index) =>
            index === event ? line.replace('"Started"', '"Failed"').replaceAll('Started', 'Failed') : line,
          ),
        ),
        'chain breaks',
      ],
      [ended(body.filter((line) => !line.includes('"activity_events"'))), 'does not end where'],
      [
        ended(body.map((line) => line.replace('"file":"token-signing-key.json"', '"file":"../escaped"'))),
        'not a line of a backup',
      ],
      [
        ended(body.map((line) => line.replace(/"migration":"[^"]*"/, '"migration":"299901010000-later"'))),
        'newer version',
      ],
    ];
    for (const [content, sentence] of cases) {
      const target = makeStore();
      const from = join(folder.path, 'attacked');
      const state = join(folder.path, 'untouched');
      writeFileSync(from, content);
      const { code, text } = await restore({ state, postgres: target.postgres, from });
      expect([code, text]).toEqual([1, expect.stringContaining(sentence)]);
      expect(existsSync(state) ? readdirSync(state) : []).toEqual([]);
    }
    expect(existsSync(join(folder.path, 'escaped'))).toBe(false);
  });

  test('a state directory that holds something is not restored into, and one without a database is not backed up', async () => {
    const { text } = await restore({ state: made.directory, postgres: made.postgres, from: backup });
    expect(text).toContain('is not empty');
    const empty = temporaryDirectory('empty');
    expect((await backUp({ state: empty.path, postgres: undefined, to: join(empty.path, 'b') })).text).toContain(
      'There is no database',
    );
    expect(readdirSync(empty.path)).toEqual([]);
    empty.remove();
  });
});
