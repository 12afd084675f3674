import { spawnSync } from 'node:child_process';
import { constants, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryDirectory, withoutNamelessFiles } from '@sallyport/testkit';
import { expect, test } from 'vitest';

/** Opens one at the path it is given, writes to it twice from the beginning, and says what there is then. */
const program = `
  import fs from 'node:fs';
  import { dirname } from 'node:path';
  import { openNameless } from ${JSON.stringify(join(import.meta.dirname, 'nameless-file.ts'))};
  const [path, flags] = process.argv.slice(1);
  process.umask(0o027);
  const file = openNameless(path, Number(flags));
  for (const text of ['one', 'two']) fs.writeSync(file, text, flags === '0' ? 0 : null);
  const { nlink, mode, size } = fs.fstatSync(file);
  const content = Buffer.alloc(size);
  fs.readSync(file, content, 0, size, 0);
  const was = fs.readlinkSync('/proc/self/fd/' + file);
  const names = fs.readdirSync(dirname(path));
  process.stdout.write(JSON.stringify({ nlink, mode: mode.toString(8), content: content.toString(), was, names }));
`;

function open(words: readonly string[], path: string, flags = 0): { readonly said: unknown; readonly failed: string } {
  const [file, ...rest] = [...words, process.execPath, '--input-type=module', '-e', program, path, String(flags)];
  const { status, stdout, stderr } = spawnSync(file, rest, { encoding: 'utf8' });
  return { said: status === 0 ? JSON.parse(stdout) : undefined, failed: stderr };
}

/** What it is called in the process that has it open. */
const never = /\/#\d+ \(deleted\)$/;
const noLonger = /\/file \(deleted\)$/;

test.each([
  ['makes files without a name, it never has one', [], never],
  ['makes none (python3 in /usr/bin), it has none from then on', withoutNamelessFiles, noLonger],
])('T35 T57 where the file system %s, and whoever opens it has it alone', (_where, words, name) => {
  using directory = memoryDirectory('nameless');
  const path = join(directory.path, 'file');
  const file = { nlink: 0, mode: '100600', was: expect.stringMatching(name) as string, names: [] };
  expect(open(words, path)).toEqual({ said: { ...file, content: 'two' }, failed: '' });
  expect(open(words, path, constants.O_APPEND).said).toEqual({ ...file, content: 'onetwo' });
  const missing = join(directory.path, 'missing/file');
  expect(open(words, missing).failed).toContain(`ENOENT: no such file or directory, open '${missing}'`);
});

test('T57 what lies where it has its name for a moment is not written through, and does not stay', () => {
  using directory = memoryDirectory('nameless');
  const path = join(directory.path, 'file');
  const victim = join(directory.path, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, path);
  expect(open(withoutNamelessFiles, path).said).toMatchObject({ names: ['victim'], content: 'two' });
  writeFileSync(path, 'of somebody who was killed');
  expect(open(withoutNamelessFiles, path).said).toMatchObject({ names: ['victim'], content: 'two' });
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
  expect(readdirSync(directory.path)).toEqual(['victim']);
});
