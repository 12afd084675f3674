import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildTestPackage, noopHandler, temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { processEnvironment } from '../../platform/environment.ts';
import { agentPaths } from '../../platform/paths.ts';
import { Workplaces, type Workplace } from './workplaces.ts';

const never = new AbortController().signal;

interface Place extends Disposable {
  readonly workplaces: Workplaces;
  /** Names of downloads and of staging directories. */
  left(): readonly string[];
}

function place(program = join(import.meta.dirname, '../../main.ts')): Place {
  const directory = temporaryDirectory('workplaces');
  const paths = agentPaths(directory.path);
  mkdirSync(paths.handlers, { recursive: true, mode: 0o700 });
  const workplaces = new Workplaces({ paths, environment: processEnvironment(), program });
  return {
    workplaces,
    left: () => [...readdirSync(paths.handlers), ...readdirSync(paths.downloads)],
    [Symbol.dispose]() {
      workplaces.close();
      directory[Symbol.dispose]();
    },
  };
}

async function filesUnpackedIn(workplace: Workplace): Promise<readonly string[]> {
  const bytes = buildTestPackage(noopHandler);
  writeSync(workplace.download.descriptor, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(await workplace.unpack({ length: bytes.length, sha256 }, never)).toMatchObject({ ok: true });
  return readdirSync(workplace.staging).sort();
}

test('T56 the one that was made ready is for one package; the next has a process and a directory of its own', async () => {
  using here = place();
  here.workplaces.prepare();
  here.workplaces.prepare();
  expect(here.left()).toHaveLength(2);
  const [first, second] = [here.workplaces.take(), here.workplaces.take()];
  expect(first.staging).not.toBe(second.staging);
  expect(await filesUnpackedIn(first)).toEqual(['HandlerManifest.json', 'bin']);
  expect(readdirSync(second.staging)).toEqual([]);
  first.close();
  expect(await filesUnpackedIn(second)).toEqual(['HandlerManifest.json', 'bin']);
  second.close();
  expect(here.left()).toEqual([]);
});

test('one whose process has ended meanwhile is not given to anybody; what is not needed leaves nothing', async () => {
  using directory = temporaryDirectory('workplaces');
  const dying = join(directory.path, 'dying.cjs');
  writeFileSync(dying, '');
  using here = place(dying);
  const isGivenTheReadyOne = async (): Promise<boolean> => {
    here.workplaces.prepare();
    const [ready = ''] = here.left();
    await sleep(100);
    const workplace = here.workplaces.take();
    workplace.close();
    return workplace.staging.endsWith(ready);
  };
  await expect.poll(isGivenTheReadyOne, { timeout: 20_000 }).toBe(false);
  here.workplaces.prepare();
  here.workplaces.close();
  expect(here.left()).toEqual([]);
});
