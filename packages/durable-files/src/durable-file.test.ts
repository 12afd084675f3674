import { mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '@sallyport/testkit';
import { isMissing, readIfThere, removeDurably, writeDurably, writeForNow } from './durable-file.ts';

test('T55 a file is replaced with exactly its mode, whatever the umask, over what a killed writer left', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'file');
  writeFileSync(join(directory.path, '.file.new'), 'half');
  const umask = process.umask(0o077);
  try {
    writeDurably(path, 'whole', 0o644);
  } finally {
    process.umask(umask);
  }
  expect(readFileSync(path, 'utf8')).toBe('whole');
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(readdirSync(directory.path)).toEqual(['file']);
});

test('T57 what is only for now replaces in one step too, with its mode, and follows nothing', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'file');
  const victim = join(directory.path, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, join(directory.path, '.file.new'));
  writeForNow(path, 'now', 0o640);
  expect(readFileSync(path, 'utf8')).toBe('now');
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
  expect(readdirSync(directory.path).sort()).toEqual(['file', 'victim']);
});

test('T57 a link where the new file goes is not followed, and one where the file is to be is replaced', () => {
  using directory = temporaryDirectory();
  const victim = join(directory.path, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, join(directory.path, '.file.new'));
  symlinkSync(victim, join(directory.path, 'file'));
  writeDurably(join(directory.path, 'file'), 'new', 0o600);
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
  expect(readFileSync(join(directory.path, 'file'), 'utf8')).toBe('new');
});

test('what cannot be replaced leaves the old and no rest', () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, 'place/inside'), { recursive: true });
  expect(() => writeDurably(join(directory.path, 'place'), 'x', 0o600)).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(readdirSync(directory.path)).toEqual(['place']);
});

test('missing is an answer, everything else an error', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'none');
  expect(readIfThere(path)).toBeUndefined();
  removeDurably(path);
  writeFileSync(path, 'there');
  expect(readIfThere(path)?.toString()).toBe('there');
  removeDurably(path);
  expect(readIfThere(path)).toBeUndefined();
  expect(() => readIfThere(directory.path)).toThrow(/EISDIR/);
  expect(isMissing(new Error('other'))).toBe(false);
});
