import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { FolderWatch } from './folder-watch.ts';

const never = new AbortController().signal;

test('what changes ends the wait, whether it happened before or after, also in a folder that came later or came again', async () => {
  using directory = temporaryDirectory('watch');
  const [early, late] = [join(directory.path, 'early'), join(directory.path, 'late')];
  mkdirSync(early);
  const watch = new FolderWatch([early, late]);
  writeFileSync(join(early, 'before'), '');
  await watch.next(never);
  mkdirSync(late);
  await watch.next(never);
  for (const folder of [early, late]) {
    let ended = false;
    const waiting = watch.next(never).then(() => (ended = true));
    let number = 0;
    await expect
      .poll(() => {
        writeFileSync(join(folder, `file-${(number += 1)}`), '');
        return ended;
      })
      .toBe(true);
    await waiting;
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
  }
  await watch.next(AbortSignal.abort());
  watch.close();
});
