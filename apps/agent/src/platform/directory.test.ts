import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { ensureDirectory } from './directory.ts';

test('makes it with exactly that mode, also when it was there with another', () => {
  using directory = temporaryDirectory('directory');
  const path = join(directory.path, 'a/b');
  ensureDirectory(path, 0o700);
  expect(statSync(path).mode & 0o7777).toBe(0o700);
  chmodSync(path, 0o777);
  ensureDirectory(path, 0o755);
  expect(statSync(path).mode & 0o7777).toBe(0o755);
});

test('T35 T57 a link or a file in its place is refused', () => {
  using directory = temporaryDirectory('directory');
  const elsewhere = join(directory.path, 'elsewhere');
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(directory.path, 'link'));
  writeFileSync(join(directory.path, 'file'), '');
  expect(() => ensureDirectory(join(directory.path, 'link'), 0o700)).toThrow(/not a directory/);
  expect(() => ensureDirectory(join(directory.path, 'file'), 0o700)).toThrow(/EEXIST|not a directory/);
});

test('S4.10 what is made on the way to a private directory can be passed by everybody, under any umask', () => {
  using directory = temporaryDirectory('directory');
  const before = process.umask(0o077);
  try {
    ensureDirectory(join(directory.path, 'var/opt/azcmagent/certs'), 0o700);
  } finally {
    process.umask(before);
  }
  const modes = ['var', 'var/opt', 'var/opt/azcmagent', 'var/opt/azcmagent/certs'].map(
    (path) => statSync(join(directory.path, path)).mode & 0o7777,
  );
  expect(modes).toEqual([0o755, 0o755, 0o755, 0o700]);
});
