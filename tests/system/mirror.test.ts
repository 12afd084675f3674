/** A gallery carried elsewhere: over HTTPS from one control plane to the mirror of another, and on a medium to where no network is. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createRepository } from '@sallyport/catalog';
import { parseExtensionName, parseHandlerVersion } from '@sallyport/model';
import {
  buildTestPackage,
  hasProgram,
  noopHandler,
  temporaryDirectory,
  type TemporaryDirectory,
} from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSystem, type TestSystem } from './harness.ts';
import { runProgram, type Finished } from './processes.ts';

// Two whole systems and a dozen programs: generous, for a machine that has much else to do.
const patience = 240_000;

let folder: TemporaryDirectory;
let gallery: string;
let root: string;

beforeAll(async () => {
  folder = temporaryDirectory('carried');
  gallery = join(folder.path, 'gallery');
  mkdirSync(join(gallery, 'packages'), { recursive: true });
  const places = { directory: join(gallery, 'metadata'), keysDirectory: join(gallery, 'keys') };
  const repository = await createRepository({ ...places, now: () => new Date() });
  await repository.addPublisher('Contoso.Tools');
  for (const type of ['Hello', 'Other']) {
    const bytes = buildTestPackage({ ...noopHandler, 'type.txt': type });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(gallery, 'packages', `${sha256}.zip`), bytes);
    const name = parseExtensionName(`Contoso.Tools/${type}`);
    const version = parseHandlerVersion('1.0.0');
    if (!name.ok || version === undefined) throw new Error('they are well-formed');
    const machine = { operatingSystem: 'linux', architecture: 'any' } as const;
    await repository.addTarget({ name: name.name, version, ...machine, length: bytes.length, sha256 });
  }
  root = join(folder.path, 'root.json');
  copyFileSync(join(gallery, 'metadata/1.root.json'), root);
});
afterAll(() => folder.remove());

const onGallery = (...args: readonly string[]): Promise<Finished> => runProgram('cli', ['gallery', ...args]);

const filesOf = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).sort((one, other) => (one < other ? -1 : 1));

describe('a mirror over HTTPS', { timeout: patience }, () => {
  let centre: TestSystem | undefined;
  let branch: TestSystem | undefined;
  let mirror: string;
  const only = ['--only', 'Contoso.Tools/Hello'];

  beforeAll(async () => {
    mirror = join(folder.path, 'mirror');
    centre = await startSystem('central', { served: { gallery, root } });
    const first = await update('--root', root, ...only);
    if (first.code !== 0) throw new Error(first.output);
    branch = await startSystem('branch', { served: { gallery: mirror, root } });
    await branch.startAgent();
  });
  afterAll(async () => {
    await branch?.stop();
    await centre?.stop();
  });

  function started(system: TestSystem | undefined): TestSystem {
    if (system === undefined) throw new Error('It was not started.');
    return system;
  }

  async function update(...args: readonly string[]): Promise<Finished> {
    const { carrier, operator } = started(centre);
    return onGallery('mirror', carrier.url, '--gallery', mirror, '--ca-file', operator.caFile, ...args);
  }

  test('S1.5 an extension is installed through the control plane of the mirror; what was not mirrored is not offered', async () => {
    expect(readdirSync(join(mirror, 'packages'))).toHaveLength(1);
    const asked = { publisher: 'Contoso.Tools', type: 'Hello' };
    expect(await started(branch).install('hello', asked)).toMatchObject({ status: 'Succeeded' });
    expect(started(branch).carrier.requests.filter((request) => request.includes('/packages/'))).toHaveLength(1);
    await expect(started(branch).install('other', { ...asked, type: 'Other' })).rejects.toThrow('ExtensionNotFound');
    expect(await update(...only)).toMatchObject({
      code: 0,
      output: expect.stringContaining('nothing is new') as string,
    });
    expect(await update()).toMatchObject({ code: 0, output: expect.stringContaining('1 new package ') as string });
    expect(await started(branch).install('other', { ...asked, type: 'Other' })).toMatchObject({ status: 'Succeeded' });
  });

  test('T20 T23 T25 whoever sits in between is refused with the code of what was done, and it is logged', async () => {
    const before = filesOf(mirror);
    const packageName = readdirSync(join(mirror, 'packages'))[0] ?? '';
    const tampers: readonly (readonly [string, (path: string, body: Buffer) => Buffer])[] = [
      ['CatalogSignatureInvalid', (path, body) => (path.startsWith('/catalog/timestamp') ? Buffer.from('{}') : body)],
      ['CatalogOversized', (path, body) => (path.startsWith('/catalog/timestamp') ? Buffer.alloc(20_000, 'x') : body)],
      ['PackageMismatch', (path, body) => (path.startsWith('/packages/') ? body.subarray(1) : body)],
      ['PackageOversized', (path, body) => (path.startsWith('/packages/') ? Buffer.concat([body, body]) : body)],
    ];
    const stored = readFileSync(join(mirror, 'packages', packageName));
    for (const [code, tamper] of tampers) {
      rmSync(join(mirror, 'packages', packageName));
      started(centre).carrier.tamper = tamper;
      const refused = await update();
      started(centre).carrier.tamper = undefined;
      expect([refused.code === 0, refused.output]).toEqual([false, expect.stringContaining(`${code}: `)]);
      expect(existsSync(join(mirror, 'packages', packageName))).toBe(false);
      writeFileSync(join(mirror, 'packages', packageName), stored);
    }
    expect(filesOf(mirror)).toEqual(before);
    const log = readFileSync(join(mirror, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(log.slice(-4)).toMatchObject(tampers.map(([code]) => ({ act: 'mirror', outcome: 'refused', code })));
    expect(log[0]).toMatchObject({ act: 'mirror', outcome: 'done', newPackages: 1 });
  });
});

const canIsolate =
  process.getuid?.() === 0 &&
  hasProgram('unshare') &&
  hasProgram('ip') &&
  spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

describe.runIf(canIsolate)('where no network is (needs root, unshare and ip)', { timeout: patience }, () => {
  test('T83 S1.6 a bundle is imported, a control plane and an agent run on it, and an extension is installed', async () => {
    const bundle = join(folder.path, 'usb/bundle');
    const exported = await onGallery('bundle', 'export', bundle, '--gallery', gallery, '--only', 'Contoso.Tools/Hello');
    expect(exported.code, exported.output).toBe(0);
    const script = join(import.meta.dirname, 'air-gapped.ts');
    const inside = `ip link set lo up && exec "$0" "$@"`;
    const args = [process.execPath, script, bundle, root, join(folder.path, 'inside')];
    mkdirSync(join(folder.path, 'inside'));
    const child = spawn('unshare', ['--net', 'sh', '-c', inside, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const said: unknown = JSON.parse(output.trim().split('\n').at(-1) ?? `"${errors}"`);
    expect(said, errors).toMatchObject({
      networks: ['lo'],
      wayOut: 'ENETUNREACH',
      imported: { code: 0, output: expect.stringContaining('1 new package ') as string },
      installed: { status: 'Succeeded' },
      notCarried: expect.stringContaining('ExtensionNotFound') as string,
      onDisk: true,
      requests: [expect.stringMatching(/^GET \/packages\/[0-9a-f]{64}\.zip$/)],
    });
  });
});
