/** The program, run as people run it. */
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FolderStorage } from '@sallyport/blob-storage';
import { fetchFromFolder, openCatalog, type SignedPackage } from '@sallyport/catalog';
import { buildTestPackage, noopHandler, temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runGallery, startGallery, type GalleryRun } from './testing/run-gallery.ts';

let folder: TemporaryDirectory;
let gallery: string;
beforeEach(async () => {
  folder = temporaryDirectory('gallery');
  gallery = join(folder.path, 'G');
});
afterEach(() => folder.remove());

const run = (...args: readonly string[]): Promise<GalleryRun> => runGallery(gallery, ...args);

/** Writes a package with something of its own in it. */
function packageFile(name: string, mark = ''): string {
  const path = join(folder.path, name);
  writeFileSync(path, buildTestPackage({ ...noopHandler, 'bin/mark.txt': mark }));
  return path;
}

async function prepared(): Promise<void> {
  expect((await run('init')).code).toBe(0);
  expect((await run('scan-policy', 'none')).code).toBe(0);
  expect((await run('publisher', 'add', 'Contoso.Tools')).code).toBe(0);
}

async function listed(): Promise<SignedPackage[]> {
  return JSON.parse((await run('list', '--json')).stdout) as SignedPackage[];
}

test('S1.1 S1.6 T43 from nothing to a verified package, with what it declares', async () => {
  expect(await run('list')).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('RepositoryMissing: ') as string,
  });
  expect(await run('init')).toMatchObject({ code: 0, stdout: expect.stringContaining('1.root.json') as string });
  expect(await run('init')).toMatchObject({ code: 4, stderr: expect.stringContaining('RepositoryExists: ') as string });
  const file = packageFile('Contoso.Tools.Hello-1.0.0.zip');
  expect(await run('publish', file)).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('publisher add Contoso.Tools') as string,
  });
  expect((await run('publisher', 'add', 'Contoso.Tools')).code).toBe(0);
  expect((await run('scan-policy', 'none')).code).toBe(0);
  expect((await run('publisher', 'add', 'contoso.tools')).code).toBe(4);
  expect((await run('publisher', 'add', 'a b')).code).toBe(3);
  const declared = '--needs-network-to-install';
  expect(await run('publish', file, declared)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('not scanned for malware') as string,
  });
  expect(await run('publish', file, declared)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('already') as string,
  });
  expect((await run('publisher', 'list')).stdout).toContain('Contoso.Tools  1 published');
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  const { length } = readFileSync(file);
  const target = {
    publisher: 'Contoso.Tools',
    type: 'Hello',
    version: '1.0.0',
    operatingSystem: 'linux',
    architecture: 'any',
    needsNetworkToInstall: true,
    scan: { by: 'none' },
  };
  expect(await listed()).toEqual([{ path: 'contoso.tools/hello/1.0.0.zip', length, sha256, target }]);
  const { stdout: list } = await run('list');
  expect(list).toContain(sha256);
  expect(list).toContain('needs a network to install');
  const output = join(folder.path, 'fetched.zip');
  expect((await run('fetch', 'contoso.tools/HELLO', '1.0.0', '--output', output)).code).toBe(0);
  expect(readFileSync(output).equals(readFileSync(file))).toBe(true);
  expect((await run('refresh', '--json')).stdout).toContain('timestamp');
  const acts = readFileSync(join(gallery, 'log.jsonl'), 'utf8').trim().split('\n');
  expect(acts.map((line) => (JSON.parse(line) as { readonly act: string }).act).slice(0, 3)).toEqual([
    'init',
    'init',
    'publish',
  ]);
  // The public folders hold everything that fetch needs, and no key.
  rmSync(join(gallery, 'keys'), { recursive: true });
  expect((await run('fetch', 'Contoso.Tools/Hello', '1.0.0', '--output', output)).code).toBe(0);
  expect((await run('refresh')).code).toBe(5);
});

test('exit codes tell mistakes, refusals, conflicts and absences apart, and every message is one sentence with a code', async () => {
  await prepared();
  await run('publish', packageFile('Contoso.Tools.Hello-1.0.0.zip'));
  const genuine = packageFile('Contoso.Tools.Hello-1.0.0.zip');
  mkdirSync(join(folder.path, 'other'));
  const other = packageFile('other/Contoso.Tools.Hello-1.0.0.zip', 'changed');
  const garbage = join(folder.path, 'Contoso.Tools.Hello-2.0.0.zip');
  writeFileSync(garbage, 'PK');
  const cases: readonly (readonly [number, RegExp, readonly string[]])[] = [
    [2, /command/, ['frobnicate']],
    [2, /PACKAGE/, ['publish']],
    [2, /unexpected|No flag/i, ['list', '--frob']],
    [2, /^ArgumentMalformed: /, ['fetch', 'Contoso', '1.0.0', '--output', 'x']],
    [
      2,
      /^ArgumentMalformed: Nothing can be written into the folder of --output, '\/nowhere': /,
      ['fetch', 'Contoso.Tools/Hello', '1.0.0', '--output', '/nowhere/x'],
    ],
    [2, /^ArgumentMalformed: /, ['fetch', 'Contoso.Tools/Hello', 'newest', '--output', 'x']],
    [2, /^ArgumentMalformed: /, ['fetch', 'Contoso.Tools/Hello', '1.0.0', '--output', 'x', '--root', 'nowhere']],
    [3, /^NotAnArchive: /, ['publish', garbage]],
    [3, /^FileUnreadable: /, ['publish', join(folder.path, 'nowhere.zip')]],
    [3, /^FileUnreadable: /, ['publish', folder.path]],
    [3, /^IdentityDisagrees: /, ['publish', other, '--version', '1.0.1']],
    [4, /^VersionPublished: /, ['publish', other]],
    [4, /^VersionPublished: /, ['publish', genuine, '--arch', 'x64']],
    [4, /^VersionPublished: /, ['publish', genuine, '--needs-network-to-install']],
    [5, /^PackageMissing: /, ['fetch', 'Contoso.Tools/Hello', '9.9', '--output', 'x']],
    [5, /^PackageMissing: /, ['fetch', 'Nobody/Hello', '1.0.0', '--output', 'x']],
  ];
  for (const [code, message, args] of cases) {
    const { stderr, stdout, ...ended } = await run(...args);
    expect([args, ended.code]).toEqual([args, code]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
  }
  expect(await listed()).toHaveLength(1);
  expect(readdirSync(join(gallery, 'packages'))).toHaveLength(1);
});

describe('what a client refuses', () => {
  beforeEach(async () => {
    await prepared();
    await run('publish', packageFile('Contoso.Tools.Hello-1.0.0.zip'));
  });
  const output = (): string => join(folder.path, 'fetched.zip');
  const fetchHello = (...more: readonly string[]): Promise<GalleryRun> =>
    run('fetch', 'Contoso.Tools/Hello', '1.0.0', '--output', output(), ...more);

  test('S1.6 T20 a stored package with one changed byte, another length, or none', async () => {
    const stored = join(gallery, 'packages', readdirSync(join(gallery, 'packages'))[0] ?? '');
    const genuine = readFileSync(stored);
    writeFileSync(output(), 'what was there before');
    for (const at of [0, Math.floor(genuine.length / 2), genuine.length - 1]) {
      const changed = Buffer.from(genuine);
      changed[at] = (genuine[at] ?? 0) ^ 1;
      writeFileSync(stored, changed);
      expect(await fetchHello()).toMatchObject({
        code: 6,
        stderr: expect.stringMatching(/^PackageMismatch: /) as string,
      });
    }
    writeFileSync(stored, Buffer.concat([genuine, Buffer.alloc(1)]));
    expect((await fetchHello()).code).toBe(6);
    rmSync(stored);
    expect((await fetchHello()).code).toBe(5);
    expect(readFileSync(output(), 'utf8')).toBe('what was there before');
    expect(readdirSync(folder.path).filter((file) => file.startsWith('.'))).toEqual([]);
    // Publishing the same package again brings the storage back.
    expect((await run('publish', packageFile('Contoso.Tools.Hello-1.0.0.zip'))).code).toBe(0);
    expect((await fetchHello()).code).toBe(0);
  });

  test('S1.1 a version that was taken back: no machine would install it', async () => {
    expect((await run('yank', 'Contoso.Tools/Hello', '1.0.0', '--reason', 'it eats disks')).code).toBe(0);
    expect(await fetchHello()).toMatchObject({
      code: 3,
      stderr: 'PackageYanked: Contoso.Tools/Hello 1.0.0 was taken back by its publisher: it eats disks\n',
    });
    expect(existsSync(output())).toBe(false);
  });

  test('S1.6 a changed catalog, and the root of another gallery', async () => {
    const timestamp = join(gallery, 'metadata', 'timestamp.json');
    const genuine = readFileSync(timestamp, 'utf8');
    writeFileSync(timestamp, genuine.replace('"version":3', '"version":9'));
    expect(await fetchHello()).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/^CatalogSignatureInvalid: /) as string,
    });
    expect(await run('refresh')).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/^RepositoryDamaged: /) as string,
    });
    writeFileSync(timestamp, genuine);
    const other = join(folder.path, 'other');
    await runGallery(other, 'init');
    expect((await fetchHello('--root', join(other, 'metadata/1.root.json'))).code).toBe(6);
    expect(existsSync(output())).toBe(false);
    expect((await fetchHello('--root', join(gallery, 'metadata/1.root.json'))).code).toBe(0);
  });
});

test('T83 a mirror lists what its gallery publishes and what of it was copied, and signs nothing', async () => {
  await prepared();
  await run('publish', packageFile('Contoso.Tools.Hello-1.0.0.zip'));
  await run('publish', packageFile('Contoso.Tools.Other-1.0.0.zip', 'other'));
  const mirror = join(folder.path, 'mirror');
  const root = join(gallery, 'metadata/1.root.json');
  expect(await runGallery(mirror, 'mirror', gallery, '--root', root, '--only', 'Contoso.Tools/Other')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(': 1 new package (') as string,
  });
  const lines = (await runGallery(mirror, 'list')).stdout.trim().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^Contoso.Tools\/Hello 1.0.0 .* stable, not scanned, not copied$/),
    expect.stringMatching(/^Contoso.Tools\/Other 1.0.0 .* stable, not scanned$/),
  ]);
  for (const refused of [['refresh'], ['key', 'list'], ['publish', packageFile('Contoso.Tools.Hello-1.0.1.zip')]])
    expect(await runGallery(mirror, ...refused)).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/^GalleryIsMirror: /) as string,
    });
  expect((await runGallery(mirror, 'collect-garbage')).code).toBe(0);
});

test('T84 publish killed at any moment: the catalog never names a package that is not there, and the next publish goes on', async () => {
  await prepared();
  const storage = new FolderStorage(join(gallery, 'packages'));
  const pinnedRoot = readFileSync(join(gallery, 'metadata/1.root.json'));
  const client = openCatalog({
    directory: join(folder.path, 'client'),
    pinnedRoot,
    fetch: fetchFromFolder(join(gallery, 'metadata')),
  });
  const begun = (): boolean =>
    existsSync(join(gallery, 'packages')) &&
    readdirSync(join(gallery, 'packages')).some((name) => name.startsWith('.incoming-'));
  let named = 0;
  for (let i = 0; i < 10; i += 1) {
    const file = packageFile(`Contoso.Tools.Hello-1.0.${i}.zip`, 'x'.repeat(200_000 + i));
    const child = startGallery(gallery, 'publish', file);
    const ended = once(child, 'exit');
    // The work itself begins when something of it can be seen; what comes before is only the start of the program.
    for (let waited = 0; waited < 400 && child.exitCode === null && !begun(); waited += 1) await delay(5);
    await delay((i * 11) % 60);
    child.kill('SIGKILL');
    await ended;
    await storage.sweep(new Date(Date.now() + 1000));
    await client.refresh();
    const there = await client.list('Contoso.Tools');
    expect(there.length - named).toBeGreaterThanOrEqual(0);
    named = there.length;
    for (const { sha256, length } of there) {
      const stored = join(gallery, 'packages', `${sha256}.zip`);
      expect(statSync(stored).size).toBe(length);
      expect(createHash('sha256').update(readFileSync(stored)).digest('hex')).toBe(sha256);
    }
  }
  await storage.sweep(new Date(Date.now() + 1000));
  expect((await run('publish', packageFile('Contoso.Tools.Hello-2.0.0.zip'))).code).toBe(0);
  expect(await listed()).toHaveLength(named + 1);
});

test('several publishers in processes of their own lose nothing', async () => {
  await prepared();
  expect((await run('publisher', 'add', 'Other.Corp')).code).toBe(0);
  const files = [
    'Contoso.Tools.A-1.0',
    'Contoso.Tools.B-1.0',
    'Other.Corp.A-1.0',
    'Other.Corp.B-1.0',
    'Contoso.Tools.A-1.1',
  ];
  const runs = await Promise.all(files.map((name) => run('publish', packageFile(`${name}.zip`, name))));
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(files.map(() => [0, '']));
  expect((await listed()).map(({ path }) => path)).toEqual([
    'contoso.tools/a/1.0.zip',
    'contoso.tools/a/1.1.zip',
    'contoso.tools/b/1.0.zip',
    'other.corp/a/1.0.zip',
    'other.corp/b/1.0.zip',
  ]);
});

test('two processes publishing different content under one version: one wins, the other is told', async () => {
  await prepared();
  const one = packageFile('Contoso.Tools.A-1.0.zip', 'one');
  const two = join(folder.path, 'second.zip');
  copyFileSync(packageFile('other.zip', 'two'), two);
  const said = ['--publisher', 'Contoso.Tools', '--type', 'A', '--version', '1.0'];
  const runs = await Promise.all([run('publish', one), run('publish', two, ...said)]);
  expect(new Set(runs.map(({ code }) => code))).toEqual(new Set([0, 4]));
  expect(await listed()).toHaveLength(1);
});
