import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processEnvironment } from '../environment.ts';
import type { Store } from '../store/store.ts';
import { eachStore } from '../testing/each-store.ts';
import { adoptSharedFiles, shareFiles } from './shared-files.ts';
import { statePaths, type StatePaths } from './state-paths.ts';

eachStore('what control planes on one database have in common', (makeStore) => {
  const folder = temporaryDirectory('shared');
  const environment = processEnvironment();
  let store: Store;
  let first: StatePaths;
  let states = 0;
  const state = (files: Partial<Record<keyof StatePaths, string>> = {}): StatePaths => {
    const paths = statePaths(join(folder.path, `state-${(states += 1)}`));
    mkdirSync(paths.directory);
    for (const [name, content] of Object.entries(files)) writeFileSync(paths[name as keyof StatePaths], content);
    return paths;
  };
  beforeAll(async () => {
    store = await makeStore().open();
    first = state({
      authority: 'CA',
      authorityKey: 'canary-authority-key',
      activityKey: 'log key',
      operator: 'canary-operator',
      serverKey: 'own',
      signingKey: 'own',
    });
    await adoptSharedFiles(store.read, first);
    await shareFiles(environment, store, first);
  });
  afterAll(async () => {
    await store.close();
    folder.remove();
  });

  test('another one with a copy of the key gets them, and keeps what is its own', async () => {
    const second = state({ storeKey: readFileSync(first.storeKey, 'utf8') });
    await adoptSharedFiles(store.read, second);
    expect(readFileSync(second.authorityKey, 'utf8')).toBe('canary-authority-key');
    expect(readFileSync(second.operator, 'utf8')).toBe('canary-operator');
    for (const own of [second.serverKey, second.signingKey]) expect(existsSync(own)).toBe(false);
    // And again, with what is there; the operator's file names its own address.
    writeFileSync(second.operator, 'another address');
    await adoptSharedFiles(store.read, second);
    expect(readFileSync(second.operator, 'utf8')).toBe('another address');
  });

  test('T50 the database holds none of them in the clear', async () => {
    const rows = await store.read.selectFrom('shared_files').selectAll().execute();
    expect(rows).toHaveLength(4);
    for (const { sealed } of rows) {
      const text = Buffer.from(sealed, 'base64').toString('latin1');
      for (const secret of ['canary', 'key']) expect(text).not.toContain(secret);
    }
  });

  test('one without the key, with another key, or with keys of another installation is refused and unchanged', async () => {
    const key = readFileSync(first.storeKey, 'utf8');
    for (const [files, sentence] of [
      [{}, "copy their 'store.key'"],
      [{ storeKey: 'short' }, 'does not hold a key'],
      [{ storeKey: Buffer.alloc(32).toString('base64') }, 'is not the key of the control planes'],
      [{ storeKey: key, activityKey: 'another' }, 'belongs to another installation'],
    ] as const) {
      const foreign = state(files);
      await expect(adoptSharedFiles(store.read, foreign)).rejects.toThrow(sentence);
      expect(existsSync(foreign.authorityKey)).toBe(false);
    }
  });

  test('T51 a row cannot stand in for another', async () => {
    const rows = await store.read.selectFrom('shared_files').selectAll().execute();
    const swapped = rows.map((row) => ({
      ...row,
      name: row.name === 'authorityKey' ? 'activityKey' : row.name === 'activityKey' ? 'authorityKey' : row.name,
    }));
    const replace = (values: readonly { name: string; sealed: string }[]): Promise<void> =>
      store.note(async (writer) => {
        await writer.deleteFrom('shared_files').execute();
        await writer.insertInto('shared_files').values(values).execute();
      });
    await replace(swapped);
    await expect(
      adoptSharedFiles(store.read, state({ storeKey: readFileSync(first.storeKey, 'utf8') })),
    ).rejects.toThrow('is not the key of');
    await replace(rows);
  });
});
