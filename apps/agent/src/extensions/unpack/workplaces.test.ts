import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from '@sallyport/durable-files';
import { buildTestPackage, noopHandler, temporaryDirectory } from '@sallyport/testkit';
import { expect, test, vi } from 'vitest';
import { processEnvironment } from '../../platform/environment.ts';
import { agentPaths } from '../../platform/paths.ts';
import { Workplaces } from './workplaces.ts';
import type { Workplace } from './workshop.ts';

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

/** What is signed of what is in the file, or something else. */
async function filesUnpackedIn(
  workplace: Workplace,
  bytes = buildTestPackage(noopHandler),
): Promise<readonly string[]> {
  writeSync(workplace.descriptor, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(await workplace.unpack({ length: bytes.length, sha256 }, never)).toMatchObject({ ok: true });
  return readdirSync(workplace.staging).sort();
}

/** The processes that run it. One that has ended has no name any more, although it is there until its end has been noticed here. */
function processesOf(program: string): readonly string[] {
  return readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && (readIfThere(`/proc/${name}/cmdline`)?.includes(program) ?? false),
  );
}

/** As the process that unpacks would be with packages that bring it down: what it does goes by the length. */
function fickleProgram(folder: string): string {
  const program = join(folder, 'fickle.cjs');
  writeFileSync(
    program,
    `require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { length } = JSON.parse(line);
      if (length === ${crashes}) process.abort();
      if (length === ${hangs}) return;
      const answer = length === ${refused} ? { ok: false, code: 'PackageMalformed', message: '' } : { ok: true, manifests: [String(process.pid)] };
      process.stdout.write(JSON.stringify(answer) + '\\n');
    });`,
  );
  return program;
}
const [fine, crashes, hangs, refused, large] = [1, 2, 3, 4, 8 * 1024 * 1024];

/** The process that said it is unpacked. */
async function processThatOpened(workplace: Workplace, length = fine): Promise<string | undefined> {
  const answer = await workplace.unpack({ length, sha256: '' }, never);
  return answer.ok ? answer.manifests[0] : undefined;
}

test('T56 packages have files and directories of their own; those of one publisher share the process that was made ready', async () => {
  using here = place();
  here.workplaces.prepare();
  here.workplaces.prepare();
  expect(here.left()).toEqual([]);
  const [first, second] = [here.workplaces.take('Contoso'), here.workplaces.take('contoso')];
  expect(first.staging).not.toBe(second.staging);
  const both = [filesUnpackedIn(first), filesUnpackedIn(second)];
  for (const files of await Promise.all(both)) expect(files).toEqual(['HandlerManifest.json', 'bin']);
  first.close();
  expect(readdirSync(second.staging)).toEqual(['HandlerManifest.json', 'bin']);
  second.close();
  expect(here.left()).toEqual([]);
});

test('T56 what one publisher sends is never opened by a process that has opened what another sent', async () => {
  using directory = temporaryDirectory('workplaces');
  using here = place(fickleProgram(directory.path));
  here.workplaces.prepare();
  const places = ['Contoso', 'Fabrikam', 'CONTOSO'].map((publisher) => here.workplaces.take(publisher));
  const processes: (string | undefined)[] = [];
  for (const one of places) processes.push(await processThatOpened(one));
  const [contoso, fabrikam, again] = processes;
  expect(contoso).toBeDefined();
  expect(fabrikam).not.toBe(contoso);
  expect(again).toBe(contoso);
  for (const one of places) one.close();
});

test.each([
  ['crashes the process', crashes],
  ['is refused', refused],
])(
  'T56 T37 a package that %s does so alone: no other is shown to that process, and all are opened',
  async (_what, length) => {
    using directory = temporaryDirectory('workplaces');
    using here = place(fickleProgram(directory.path));
    const places = Array.from({ length: 4 }, () => here.workplaces.take('Contoso'));
    const [before, bad, ...after] = await Promise.allSettled(
      places.map((one, index) => processThatOpened(one, index === 1 ? length : fine)),
    );
    expect(before).toMatchObject({ status: 'fulfilled', value: expect.any(String) as string });
    expect(bad).toMatchObject(length === crashes ? { status: 'rejected' } : { status: 'fulfilled', value: undefined });
    for (const one of after) {
      expect(one).toMatchObject({ status: 'fulfilled', value: expect.any(String) as string });
      expect(one).not.toEqual(before);
    }
    expect(await processThatOpened(here.workplaces.take('Contoso'))).toBeDefined();
  },
);

test('T45 nobody waits for a package that is long being opened, and calling that one off ends only its process', async () => {
  using directory = temporaryDirectory('workplaces');
  const program = fickleProgram(directory.path);
  using here = place(program);
  const [slow, next] = [here.workplaces.take('Contoso'), here.workplaces.take('Contoso')];
  const control = new AbortController();
  const opened = slow.unpack({ length: hangs, sha256: '' }, control.signal);
  expect(await processThatOpened(next)).toBeDefined();
  next.close();
  control.abort();
  await expect(opened).rejects.toThrow('SIGKILL');
  slow.close();
  await expect.poll(() => processesOf(program), { timeout: 20_000 }).toEqual([]);
  expect(here.left()).toEqual([]);
});

test('S4.6 a package that is called off while another is opened is let go at once', async () => {
  using directory = temporaryDirectory('workplaces');
  using here = place(fickleProgram(directory.path));
  const [slow, next] = [here.workplaces.take('Contoso'), here.workplaces.take('Contoso')];
  const opening = new AbortController();
  const opened = slow.unpack({ length: hangs, sha256: '' }, opening.signal);
  const control = new AbortController();
  // No second passes, after which it would not have waited any longer.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const waiting = next.unpack({ length: fine, sha256: '' }, control.signal);
    await Promise.resolve();
    control.abort();
    await expect(waiting).rejects.toThrow('abort');
  } finally {
    vi.useRealTimers();
  }
  opening.abort();
  await expect(opened).rejects.toThrow('SIGKILL');
  slow.close();
  next.close();
});

test('a process that has opened much ends, and so does one without work; what was called off while it waited takes nobody along', async () => {
  using directory = temporaryDirectory('workplaces');
  const program = fickleProgram(directory.path);
  using here = place(program);
  const take = (): Workplace => here.workplaces.take('Contoso');
  const places = [take(), take(), take(), take()] as const;
  const first = await processThatOpened(places[0]);
  const control = new AbortController();
  const calledOff = places[1].unpack({ length: fine, sha256: '' }, control.signal);
  control.abort();
  await expect(calledOff).rejects.toThrow('abort');
  const [second, third] = [processThatOpened(places[2], large), processThatOpened(places[3])];
  expect(await second).toBe(first);
  expect(await third).not.toBe(first);
  for (const one of places) one.close();
  await expect.poll(() => processesOf(program), { timeout: 20_000 }).toEqual([]);
});

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
  const [died] = processesOf(dying);
  expect(died).toBeDefined();
  writeFileSync(end, '');
  await expect.poll(() => existsSync(`/proc/${died}`), { timeout: 20_000 }).toBe(false);
  writeFileSync(dying, `process.stdout.write('{ "ok": true, "manifests": [] }')`);
  const workplace = here.workplaces.take('Contoso');
  expect(await workplace.unpack({ length: 1, sha256: '' }, never)).toEqual({ ok: true, manifests: [] });
  workplace.close();
  here.workplaces.prepare();
  here.workplaces.close();
  expect(here.left()).toEqual([]);
});
