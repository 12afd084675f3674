import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeDirectories } from './make-directories.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-directories-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('makes what is missing, says where it began, and is content with what is there', () => {
  const path = join(folder, 'a/b/c');
  expect(makeDirectories(path, 0o700)).toBe(join(folder, 'a'));
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(makeDirectories(path, 0o755)).toBeUndefined();
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('where nothing can be made it fails, and does not try for ever', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeDirectories(join(folder, 'file'), 0o700)).toThrow('EEXIST');
  expect(() => makeDirectories(join(folder, 'file/below'), 0o700)).toThrow(/EEXIST|ENOTDIR/);
  expect(() => makeDirectories('/proc/sallyport/state', 0o700)).toThrow('ENOENT');
});
