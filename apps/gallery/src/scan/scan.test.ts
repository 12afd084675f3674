/** S1.2: what a scanner objects to, or has not looked at, is not published. The scanner is ClamAV, with two signatures of our own. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createRepository } from '@sallyport/catalog';
import { buildTestPackage, noopHandler, temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodeOf } from '../gallery-error.ts';
import { galleryPlaces } from '../gallery-places.ts';
import { publishPackage, type PublishingGallery } from '../publish/publish-package.ts';
import { scanStream } from './clamd.ts';
import { startClamd } from './own-clamd.ts';
import { bottomless, nestedTestFile } from './probes.ts';
import { strictPolicy, writeScanPolicy, type ScanPolicy } from './scan-policy.ts';

const here = ['/usr/sbin/clamd', '/usr/bin/clamd'].some((path) => existsSync(path));
const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join('');

let folder: TemporaryDirectory;
let gallery: PublishingGallery;
let database: string;
beforeEach(async () => {
  folder = temporaryDirectory('scan');
  const places = galleryPlaces(join(folder.path, 'G'));
  const now = (): Date => new Date();
  const repository = await createRepository({ ...places, now });
  await repository.addPublisher('Contoso.Tools');
  gallery = { places, repository, now };
  database = join(folder.path, 'signatures');
  mkdirSync(database);
  // The daemon gives root's rights up, and has to read its signatures still.
  chmodSync(folder.path, 0o755);
  const md5 = createHash('md5').update(eicar).digest('hex');
  writeFileSync(join(database, 'own.hdb'), `${md5}:${eicar.length}:Own.Test.File\n`);
});
afterEach(() => folder.remove());

async function publish(
  files: Readonly<Record<string, string | Buffer>>,
  policy: Partial<ScanPolicy>,
): Promise<unknown> {
  writeScanPolicy(gallery.places, { ...strictPolicy, timeoutSeconds: 120, ...policy });
  const file = join(folder.path, 'Contoso.Tools.Hello-1.0.zip');
  writeFileSync(file, buildTestPackage({ ...noopHandler, ...files }));
  return publishPackage(gallery, file, {}, { operatingSystem: 'linux', architecture: 'any' }).catch(
    (error: unknown) => error,
  );
}

function expectNothing(outcome: unknown, code: string, exitCode: number): void {
  expect(outcome).toMatchObject({ code });
  expect(exitCodeOf(outcome)).toBe(exitCode);
  expect(existsSync(gallery.places.packages) ? readdirSync(gallery.places.packages) : []).toEqual([]);
}

describe.skipIf(!here)('S1.2 ClamAV', () => {
  test('a clean package is published with who scanned it; the test file in an archive in an archive is not', async () => {
    const bad = await publish({ 'lib/data.gz': gzipSync(nestedTestFile()) }, { database });
    expectNothing(bad, 'MalwareFound', 3);
    expect(await gallery.repository.packages()).toEqual([]);
    expect(await publish({ 'lib/data.txt': 'clean' }, { database })).toMatchObject({
      outcome: 'added',
      target: { scan: { by: expect.stringMatching(/^ClamAV /) as string } },
    });
    const [found] = await gallery.repository.packages();
    expect(found?.target.scan?.at).toMatch(/^20/);
  });

  test('signatures that are too old, missing or without the test file are no scan', async () => {
    const old = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
    utimesSync(join(database, 'own.hdb'), old, old);
    expectNothing(await publish({}, { database }), 'ScannerOutdated', 8);
    writeFileSync(join(database, 'own.hdb'), `${'0'.repeat(32)}:68:Another.File\n`);
    expectNothing(await publish({}, { database }), 'ScannerFailed', 8);
    rmSync(join(database, 'own.hdb'));
    expectNothing(await publish({}, { database }), 'ScannerFailed', 8);
  });

  test('what is nested deeper than the scanner goes is not called clean', async () => {
    expectNothing(await publish({ 'deep.zip': bottomless() }, { database }), 'MalwareFound', 3);
  });

  test('a daemon that hangs is not waited for for ever, and leaves nothing behind', async () => {
    const daemon = await startClamd(database, { signal: AbortSignal.timeout(120_000) });
    try {
      expect(await scanStream(daemon.socket, [Buffer.from(eicar)], { signal: AbortSignal.timeout(60_000) })).toEqual({
        found: expect.stringContaining('Own.Test.File') as string,
      });
      process.kill(daemon.pid, 'SIGSTOP');
      expectNothing(await publish({}, { socket: daemon.socket, timeoutSeconds: 1 }), 'ScannerTimedOut', 8);
    } finally {
      process.kill(daemon.pid, 'SIGCONT');
      await daemon.stop();
    }
    expect(existsSync(daemon.socket)).toBe(false);
  });
});

test('S1.2 without a scanner nothing is published, unless the owner of the gallery says so, and the catalog does too', async () => {
  expectNothing(await publish({}, { socket: join(folder.path, 'nowhere') }), 'ScannerMissing', 8);
  expect(await publish({}, { scanner: 'none' })).toMatchObject({ outcome: 'added' });
  expect((await gallery.repository.packages())[0]?.target.scan).toEqual({ by: 'none' });
});

test('S1.1 a release is let out in stages and taken back for good', async () => {
  await publish({}, { scanner: 'none' });
  const { repository } = gallery;
  const [signed] = await repository.packages();
  const { requireName, requireVersion } = await import('../require-package-name.ts');
  const [name, version] = [requireName('Contoso.Tools/Hello'), requireVersion('1.0')];
  expect(signed?.target.channel).toBeUndefined();
  expect(await repository.changeRelease(name, version, { channel: 'canary' })).toBe('changed');
  expect(await repository.changeRelease(name, version, { channel: 'canary' })).toBe('present');
  expect((await repository.packages())[0]?.target.channel).toBe('canary');
  // The same package again is nothing new, whatever its channel.
  expect(await publish({}, { scanner: 'none' })).toMatchObject({ outcome: 'present' });
  expect(await repository.changeRelease(name, version, { yank: 'it eats disks' })).toBe('changed');
  expect(await repository.changeRelease(name, version, { yank: 'again' })).toBe('present');
  expect((await repository.packages())[0]?.target.yanked?.reason).toBe('it eats disks');
  expect(await publish({}, { scanner: 'none' })).toMatchObject({ code: 'VersionPublished' });
  await expect(repository.changeRelease(name, version, { channel: 'stable' })).rejects.toMatchObject({
    code: 'PackageYanked',
    message: expect.stringContaining('it eats disks') as string,
  });
  await expect(repository.changeRelease(name, requireVersion('2.0'), { yank: 'x' })).rejects.toMatchObject({
    code: 'VersionMissing',
  });
});
