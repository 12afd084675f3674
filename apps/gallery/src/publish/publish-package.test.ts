/** What the gallery does not publish: nothing of it is stored, and the catalog stays as it was. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRepository } from '@sallyport/catalog';
import {
  buildTestPackage,
  hostileCorpus,
  noopHandler,
  temporaryDirectory,
  type TemporaryDirectory,
} from '@sallyport/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { galleryPlaces } from '../gallery-places.ts';
import { exitCodeOf } from '../gallery-error.ts';
import { strictPolicy, writeScanPolicy } from '../scan/scan-policy.ts';
import { publishPackage, type PublishingGallery } from './publish-package.ts';

const machine = { operatingSystem: 'linux', architecture: 'any' } as const;

let folder: TemporaryDirectory;
let gallery: PublishingGallery;
beforeEach(async () => {
  folder = temporaryDirectory('publish');
  const places = galleryPlaces(join(folder.path, 'G'));
  const now = (): Date => new Date();
  const repository = await createRepository({ ...places, now });
  writeScanPolicy(places, { ...strictPolicy, scanner: 'none' });
  await repository.addPublisher('Contoso.Tools');
  gallery = { places, repository, now };
});
afterEach(() => folder.remove());

async function publishBytes(bytes: Buffer, name = 'Contoso.Tools.Hello-1.0.zip'): Promise<unknown> {
  const file = join(folder.path, name);
  writeFileSync(file, bytes);
  return publishPackage(gallery, file, {}, machine).then(
    ({ outcome }) => outcome,
    (error: unknown) => error,
  );
}

function codeOf(outcome: unknown): string {
  return outcome instanceof Error && 'code' in outcome ? String(outcome.code) : String(outcome);
}

function withManifest(manifest: string | Buffer): Buffer {
  return buildTestPackage({ ...noopHandler, 'HandlerManifest.json': manifest });
}

function leftovers(): string[] {
  const { packages, gallery: root } = gallery.places;
  return [
    ...(existsSync(packages) ? readdirSync(packages) : []),
    ...readdirSync(root).filter((name) => name.startsWith('.')),
  ];
}

describe('the strict reader', () => {
  test('T32 T33 T37 T39 every hostile package is refused, wherever in it the hostility lies', async () => {
    const before = readFileSync(join(gallery.places.directory, 'timestamp.json'));
    const corpus = hostileCorpus();
    expect(corpus.length).toBeGreaterThan(30);
    for (const { name, bytes } of corpus) {
      const outcome = await publishBytes(bytes);
      expect([name, exitCodeOf(outcome)]).toEqual([name, 3]);
    }
    expect(leftovers()).toEqual([]);
    expect(readFileSync(join(gallery.places.directory, 'timestamp.json')).equals(before)).toBe(true);
  });

  test('T20 a changed byte in the content of any file is noticed, not only in the manifest', async () => {
    const mark = 'a mark that is stored as it is';
    const bytes = buildTestPackage({ ...noopHandler, 'mark.txt': mark });
    const at = bytes.indexOf(mark);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(codeOf(await publishBytes(bytes))).toBe('ChecksumMismatch');
    expect(leftovers()).toEqual([]);
  });

  test('T20 T37 a file that comes in pieces is held to the same rules', async () => {
    const large = randomBytes(5 * 1024 * 1024);
    const honest = buildTestPackage({ ...noopHandler, 'bin/large': large });
    expect(honest.length).toBeGreaterThan(large.length);
    const changed = Buffer.from(honest);
    const at = changed.indexOf(large.subarray(large.length - 64));
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(codeOf(await publishBytes(changed))).toBe('ChecksumMismatch');
    expect(codeOf(await publishBytes(Buffer.concat([honest, Buffer.alloc(1)])))).toBe('TrailingData');
    expect(leftovers()).toEqual([]);
    expect(await publishBytes(honest)).toBe('added');
  });
});

describe('the manifest', () => {
  test('S1.3 a package without a usable manifest is refused', async () => {
    const { 'HandlerManifest.json': manifest, ...files } = noopHandler;
    const text = String(manifest);
    const bad = [
      buildTestPackage(files),
      withManifest(''),
      withManifest('{}'),
      withManifest('[]'),
      withManifest(text.slice(0, -3)),
      withManifest(text.replace('installCommand', 'installComand')),
      withManifest('['.repeat(5000)),
      withManifest(text.replace('"version":1', '"signingInfo":"Contoso","version":1')),
      withManifest(text.replace('"version":1', '"signingInfo":{"publisher":7},"version":1')),
    ];
    for (const [i, bytes] of bad.entries())
      expect([i, codeOf(await publishBytes(bytes))]).toEqual([i, 'ManifestMalformed']);
    expect(leftovers()).toEqual([]);
    expect(codeOf(await publishBytes(withManifest(`\ufeff${text}`)))).toBe('added');
  });

  test('S1.3 that resources may share a handler is said in the catalog, as its manifest says it', async () => {
    const text = String(noopHandler['HandlerManifest.json']);
    const shared = withManifest(
      text.replace('"reportHeartbeat"', '"supportsMultipleExtensions":"True","reportHeartbeat"'),
    );
    expect(codeOf(await publishBytes(shared))).toBe('added');
    expect(codeOf(await publishBytes(buildTestPackage(noopHandler), 'Contoso.Tools.Hello-2.0.zip'))).toBe('added');
    const packages = await gallery.repository.packages();
    expect(packages.map(({ target }) => target.supportsMultipleExtensions)).toEqual([true, undefined]);
  });

  test('T26 signingInfo has to agree with the file name; alone it is enough', async () => {
    const text = String(noopHandler['HandlerManifest.json']);
    const signed = (info: string): Buffer =>
      withManifest(text.replace('"version":1', `"signingInfo":${info},"version":1`));
    expect(codeOf(await publishBytes(signed('{"publisher":"Contoso.Tools","type":"Hello","version":"2.0"}')))).toBe(
      'IdentityDisagrees',
    );
    expect(codeOf(await publishBytes(signed('{"publisher":"Evil.Corp","type":"Hello","version":"1.0"}')))).toBe(
      'IdentityDisagrees',
    );
    expect(leftovers()).toEqual([]);
    expect(
      codeOf(await publishBytes(signed('{"publisher":"contoso.tools","type":"Hello","version":"1.5"}'), 'any.zip')),
    ).toBe('added');
    expect((await gallery.repository.packages()).map(({ path }) => path)).toEqual(['contoso.tools/hello/1.5.zip']);
  });
});

test('T84 what a publisher that was killed left behind is cleared away when it is old, and only then', async () => {
  const { packages: root } = gallery.places;
  mkdirSync(root, { recursive: true });
  for (const name of ['.incoming-old', '.incoming-young']) writeFileSync(join(root, name), 'half');
  utimesSync(join(root, '.incoming-old'), 1000, 1000);
  expect(codeOf(await publishBytes(buildTestPackage(noopHandler)))).toBe('added');
  expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual(['.incoming-young']);
});

test('the same again is nothing new; other bytes under the same version are refused and not stored', async () => {
  expect(codeOf(await publishBytes(buildTestPackage(noopHandler)))).toBe('added');
  const stored = leftovers();
  expect(codeOf(await publishBytes(buildTestPackage(noopHandler)))).toBe('present');
  expect(codeOf(await publishBytes(buildTestPackage({ ...noopHandler, more: 'x' })))).toBe('VersionPublished');
  expect(codeOf(await publishBytes(buildTestPackage(noopHandler), 'Nobody.Hello-1.0.zip'))).toBe('PublisherMissing');
  expect(leftovers()).toEqual(stored);
});
