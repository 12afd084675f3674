import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from '@sallyport/durable-files';
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

function place(program = join(import.meta.dirname, '../../unpack-main.ts')): Place {
  const directory = temporaryDirectory('workplaces');
  const paths = agentPaths(directory.path);
  const workplaces = new Workplaces({ paths, environment: processEnvironment(), program });
  return {
    workplaces,
    left: () => [paths.handlers, paths.downloads].flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : [])),
    [Symbol.dispose]() {
      workplaces.close();
      directory[Symbol.dispose]();
    },
  };
}

async function filesUnpackedIn(workplace: Workplace): Promise<readonly string[]> {
  const bytes = buildTestPackage(noopHandler);
  writeSync(workplace.descriptor, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(await workplace.unpack({ length: bytes.length, sha256 }, never)).toMatchObject({ ok: true });
  return readdirSync(workplace.staging).sort();
}

test('T56 the one that was made ready is for one package; the next has a process and a directory of its own', async () => {
  using here = place();
  here.workplaces.prepare();
  here.workplaces.prepare();
  expect(here.left()).toEqual([]);
  const [first, second] = [here.workplaces.take(), here.workplaces.take()];
  expect(first.staging).not.toBe(second.staging);
  expect(await filesUnpackedIn(first)).toEqual(['HandlerManifest.json', 'bin']);
  expect(readdirSync(second.staging)).toEqual([]);
  first.close();
  expect(await filesUnpackedIn(second)).toEqual(['HandlerManifest.json', 'bin']);
  second.close();
  expect(here.left()).toEqual([]);
});

/** The process that runs it. One that has ended has no name any more, although it is there until its end has been noticed here. */
function processOf(program: string): string | undefined {
  return readdirSync('/proc').find(
    (name) => /^\d+$/.test(name) && (readIfThere(`/proc/${name}/cmdline`)?.includes(program) ?? false),
  );
}

test('one whose process has ended meanwhile is not given to anybody; what is not needed leaves nothing', async () => {
  using directory = temporaryDirectory('workplaces');
  const dying = join(directory.path, 'dying.cjs');
  const end = join(directory.path, 'end');
  writeFileSync(
    dying,
    `setInterval(() => require('node:fs').existsSync(${JSON.stringify(end)}) && process.exit(), 10)`,
  );
  using here = place(dying);
  here.workplaces.prepare();
  const died = processOf(dying);
  expect(died).toBeDefined();
  writeFileSync(end, '');
  await expect.poll(() => existsSync(`/proc/${died}`), { timeout: 20_000 }).toBe(false);
  writeFileSync(dying, `process.stdout.write('{ "ok": true, "manifests": [] }')`);
  const workplace = here.workplaces.take();
  expect(await workplace.unpack({ length: 1, sha256: '' }, never)).toEqual({ ok: true, manifests: [] });
  workplace.close();
  here.workplaces.prepare();
  here.workplaces.close();
  expect(here.left()).toEqual([]);
});
