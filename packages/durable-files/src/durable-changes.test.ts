import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { DurableChanges } from './durable-changes.ts';

test('T55 T57 all are replaced with exactly their modes, over what a killed writer left and over links, and nothing is left beside them', async () => {
  using directory = temporaryDirectory();
  const path = (name: string): string => join(directory.path, name);
  mkdirSync(path('below'));
  writeFileSync(path('.one.new'), 'half');
  writeFileSync(path('victim'), 'untouched');
  symlinkSync(path('victim'), path('below/two'));
  const changes = new DurableChanges();
  changes.write(path('one'), 'first', 0o644);
  changes.write(path('below/two'), 'second', 0o600);
  changes.changed(directory.path);
  expect(readdirSync(path('below'))).toEqual(['two']);
  const umask = process.umask(0o077);
  try {
    await changes.commit();
  } finally {
    process.umask(umask);
  }
  expect(readFileSync(path('one'), 'utf8')).toBe('first');
  expect(readFileSync(path('below/two'), 'utf8')).toBe('second');
  expect(readFileSync(path('victim'), 'utf8')).toBe('untouched');
  expect([statSync(path('one')).mode & 0o777, statSync(path('below/two')).mode & 0o777]).toEqual([0o644, 0o600]);
  expect(readdirSync(directory.path).sort()).toEqual(['below', 'one', 'victim']);
});

test('one that cannot be written fails all of them, and leaves them as they were', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'file');
  writeFileSync(path, 'old');
  const changes = new DurableChanges();
  changes.write(path, 'new', 0o644);
  changes.write(join(directory.path, 'missing/file'), 'new', 0o644);
  await expect(changes.commit()).rejects.toThrow('ENOENT');
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(directory.path)).toEqual(['file']);
});
