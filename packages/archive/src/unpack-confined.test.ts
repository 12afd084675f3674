/** Unpacking in a process that may do nothing else: read the code and one descriptor, write below one directory (DESIGN, extd). */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTestPackage, hostileCorpus, temporaryDirectory } from '@sallyport/testkit';
import { describe, expect, test } from 'vitest';

const program = `
  import { unpackPackage } from ${JSON.stringify(join(import.meta.dirname, 'unpack-package.ts'))};
  try { console.log(JSON.stringify(await unpackPackage(3, process.argv[1]))); } catch (error) { console.log(error.code); }
`;

function confined(bytes: Buffer, scratch: string): { readonly said: string; readonly directory: string } {
  const file = join(scratch, 'package.zip');
  const directory = join(scratch, 'staging');
  writeFileSync(file, bytes);
  mkdirSync(directory, { mode: 0o700 });
  const descriptor = openSync(file, 'r');
  const rights = [
    '--permission',
    `--allow-fs-read=${import.meta.dirname}`,
    `--allow-fs-read=${directory}`,
    `--allow-fs-write=${directory}`,
  ];
  const run = spawnSync(process.execPath, [...rights, '--input-type=module', '--eval', program, '--', directory], {
    stdio: ['ignore', 'pipe', 'pipe', descriptor],
    encoding: 'utf8',
  });
  closeSync(descriptor);
  expect(run.stderr).toBe('');
  return { said: run.stdout.trim(), directory };
}

describe('unpacking needs no right but its own', () => {
  test('S1.3 an honest package comes out complete', () => {
    using scratch = temporaryDirectory('confined');
    const large = 'line of text\n'.repeat(200_000);
    const { said, directory } = confined(buildTestPackage({ 'bin/x.sh': '#!/bin/sh\n', large }), scratch.path);
    expect(JSON.parse(said)).toEqual({ files: 2, directories: 1, bytes: large.length + 10 });
    expect(readFileSync(join(directory, 'large'), 'utf8')).toBe(large);
  });

  test('T37 a bomb is refused there as anywhere', () => {
    using scratch = temporaryDirectory('confined');
    const bomb = hostileCorpus().find((specimen) => specimen.name === 'a large bomb that announces half');
    expect(confined(bomb?.bytes ?? Buffer.alloc(0), scratch.path).said).toBe('SizeMismatch');
  });
});
