import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { makeCopyDirectory, removeLeftCopies } from './mutation-copies.ts';

test('copies of a process that is gone are removed, and nothing else', () => {
  using directory = temporaryDirectory('copies');
  const gone = spawnSync('true').pid;
  const own = makeCopyDirectory(directory.path);
  for (const name of [
    `sallyport-mutation-${gone}-aB3dE6`,
    `sallyport-mutation-1-aB3dE6`,
    `sallyport-other-${gone}-aB3dE6`,
  ])
    mkdirSync(join(directory.path, name, 'below'), { recursive: true });
  removeLeftCopies(directory.path);
  expect(
    readdirSync(directory.path)
      .map((name) => join(directory.path, name))
      .sort(),
  ).toEqual(
    [
      own,
      ...['sallyport-mutation-1-aB3dE6', `sallyport-other-${gone}-aB3dE6`].map((name) => join(directory.path, name)),
    ].sort(),
  );
});
