/** Mirrors and bundles: what a client would refuse is refused whole, each with its own code, and leaves the mirror as it was (T83). */
import { createHash, createPrivateKey, sign } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createRepository, openRepository, type Repository, type RepositoryOptions } from '@sallyport/catalog';
import { CodedError, parseExtensionName, parseHandlerVersion } from '@sallyport/model';
import { temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { galleryPlaces } from '../gallery-places.ts';
import { exportBundle } from './export-bundle.ts';
import { gallerySource } from './open-source.ts';
import { importBundle } from './import-bundle.ts';
import { parseSubset } from './subset.ts';
import { takeOver, type TakenOver } from './take-over.ts';

const day = 24 * 60 * 60 * 1000;
let time = Date.UTC(2027, 0, 1);
const now = (): Date => new Date(time);
const progress = (): void => {};

let shared: TemporaryDirectory;
/** Galleries that the tests only read: ours, with bundles of two states, and somebody else's. */
let original: Original;
let older: string;
let newer: string;
let foreign: string;

interface Original {
  readonly gallery: string;
  readonly repository: Repository;
  readonly root: string;
  publish(name: string, version: string, content: string): Promise<string>;
}

async function makeOriginal(gallery: string): Promise<Original> {
  const places = galleryPlaces(gallery);
  const options: RepositoryOptions = { directory: places.directory, keysDirectory: places.keysDirectory, now };
  await createRepository(options);
  const repository = openRepository(options);
  await repository.addPublisher('Contoso.Tools');
  await repository.addPublisher('Fabrikam');
  mkdirSync(places.packages, { recursive: true });
  return {
    gallery,
    repository,
    root: places.firstRoot,
    async publish(name, version, content) {
      const parsed = parseExtensionName(name);
      const parsedVersion = parseHandlerVersion(version);
      if (!parsed.ok || parsedVersion === undefined) throw new Error(`${name} ${version}`);
      const sha256 = createHash('sha256').update(content).digest('hex');
      writeFileSync(join(places.packages, `${sha256}.zip`), content);
      await repository.addTarget({
        name: parsed.name,
        version: parsedVersion,
        operatingSystem: 'linux',
        architecture: 'any',
        length: content.length,
        sha256,
      });
      return `${sha256}.zip`;
    },
  };
}

async function exported(from: Original, folder: string, ...only: string[]): Promise<string> {
  await exportBundle({ places: galleryPlaces(from.gallery), folder, only, now, progress });
  return folder;
}

beforeAll(async () => {
  shared = temporaryDirectory('mirror');
  original = await makeOriginal(join(shared.path, 'original'));
  await original.publish('Contoso.Tools/Hello', '1.0.0', 'hello '.repeat(5000));
  older = await exported(original, join(shared.path, 'older'));
  await original.publish('Contoso.Tools/Other', '1.0.0', 'other '.repeat(3000));
  await original.publish('Fabrikam/Thing', '1.0.0', 'thing '.repeat(2000));
  newer = await exported(original, join(shared.path, 'newer'));
  const other = await makeOriginal(join(shared.path, 'other'));
  await other.publish('Contoso.Tools/Hello', '1.0.0', 'evil '.repeat(5000));
  foreign = await exported(other, join(shared.path, 'foreign'));
});
afterAll(() => shared.remove());

let folder: TemporaryDirectory;
let mirror: string;
beforeEach(() => {
  folder = temporaryDirectory('mirror');
  mirror = join(folder.path, 'mirror');
});
afterEach(() => folder.remove());

const importing = (bundle: string, rootFile?: string): Promise<TakenOver> =>
  importBundle({ places: galleryPlaces(mirror), folder: bundle, rootFile, now, progress });

const mirroring = (source: string, only: readonly string[] = [], rootFile?: string): Promise<TakenOver> => {
  const subset = parseSubset(only);
  return takeOver({
    places: galleryPlaces(mirror),
    source: gallerySource(source),
    rootFile,
    choose: (packages) => packages.filter(subset),
    now,
    progress,
  });
};

/** The code it is refused with; undefined when it is not. */
async function refused(act: Promise<unknown>): Promise<string | undefined> {
  try {
    await act;
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
}

/** Every file of a folder with its content. */
function contents(path: string): Map<string, string> {
  if (!existsSync(path)) return new Map();
  return new Map(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'lock')
      .map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'latin1')]),
  );
}

function copyOf(bundle: string): string {
  const copy = join(folder.path, 'copy');
  rmSync(copy, { recursive: true, force: true });
  cpSync(bundle, copy, { recursive: true });
  return copy;
}

interface Signed {
  readonly signatures: readonly unknown[];
  readonly signed: { readonly version: number; readonly meta: Record<string, unknown> };
}

/** Canonical JSON of values without numbers that could be written in two ways. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}

function reference(version: number, text: string): object {
  return { version, length: text.length, hashes: { sha256: createHash('sha256').update(text).digest('hex') } };
}

/** What somebody signs who holds the key of that role. */
function signedBy(from: Original, role: string, signed: object): string {
  const keys = galleryPlaces(from.gallery).keysDirectory;
  const file = readdirSync(keys).find((name) => name.startsWith(`${role}.`)) ?? '';
  const key = createPrivateKey(readFileSync(join(keys, file)));
  const root = JSON.parse(readFileSync(from.root, 'utf8')) as {
    signed: { roles: Record<string, { keyids: string[] }> };
  };
  const keyid = root.signed.roles[role]?.keyids[0];
  const sig = sign(null, Buffer.from(canonical(signed)), key).toString('hex');
  return canonical({ signatures: [{ keyid, sig }], signed });
}

/** The manifest is no proof: whoever changes a file can change it too. */
const agree = (bundle: string): void => {
  const manifest = JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as {
    files: { path: string; length: number; sha256: string }[];
  };
  manifest.files = manifest.files
    .filter(({ path }) => existsSync(join(bundle, path)))
    .map(({ path }) => {
      const bytes = readFileSync(join(bundle, path));
      return { path, length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    });
  writeFileSync(join(bundle, 'bundle.json'), `${JSON.stringify(manifest)}\n`);
};
const packagesIn = (path: string): string[] => readdirSync(join(path, 'packages')).sort();

describe('T83 S1.6 a bundle is imported whole', () => {
  test('the first time with the root, then without; the same again is nothing new', async () => {
    expect(await importing(older, original.root)).toMatchObject({ outcome: 'taken', packages: 1, newPackages: 1 });
    expect(await importing(newer)).toMatchObject({ outcome: 'taken', packages: 3, newPackages: 2 });
    const before = contents(mirror);
    expect(await importing(newer)).toMatchObject({ outcome: 'present', newPackages: 0 });
    expect(contents(mirror)).toEqual(before);
    expect(packagesIn(mirror)).toEqual(packagesIn(original.gallery));
  });

  test('a mirror can be carried on, and mirrored, like the original', async () => {
    await importing(newer, original.root);
    const again = join(folder.path, 'again');
    await exportBundle({ places: galleryPlaces(mirror), folder: again, only: [], now, progress });
    expect(readFileSync(join(again, 'metadata/timestamp.json'))).toEqual(
      readFileSync(join(newer, 'metadata/timestamp.json')),
    );
    mirror = join(folder.path, 'second');
    expect(await importing(again, original.root)).toMatchObject({ packages: 3 });
    mirror = join(folder.path, 'third');
    expect(await mirroring(join(folder.path, 'mirror'), [], original.root)).toMatchObject({ packages: 3 });
  });

  test('an export over an earlier one keeps nothing of it; a folder with anything else in it is not written to', async () => {
    const medium = copyOf(newer);
    await exported(original, medium, 'Fabrikam');
    expect(packagesIn(medium)).toHaveLength(1);
    expect(await importing(medium, original.root)).toMatchObject({ packages: 1 });
    writeFileSync(join(medium, 'holiday.jpg'), 'x');
    expect(await refused(exported(original, medium))).toBe('ArgumentMalformed');
    rmSync(join(medium, 'holiday.jpg'));
    rmSync(join(medium, 'bundle.json'));
    expect(await refused(exported(original, medium))).toBe('ArgumentMalformed');
    expect(await refused(exported(original, original.gallery))).toBe('ArgumentMalformed');
  });
});

describe('T83 a bundle is refused whole, and the mirror stays as it was', () => {
  type Damage = readonly [what: string, code: string, make: (bundle: string) => void];
  const aPackage = (bundle: string): string => join(bundle, 'packages', packagesIn(bundle)[0] ?? '');
  const flip = (path: string): void => {
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    writeFileSync(path, bytes);
  };
  const damages: readonly Damage[] = [
    ['without its manifest: half copied', 'BundleMissing', (bundle) => rmSync(join(bundle, 'bundle.json'))],
    ['with half a manifest', 'BundleIncomplete', (bundle) => truncateSync(join(bundle, 'bundle.json'), 300)],
    ['with an empty manifest', 'BundleIncomplete', (bundle) => truncateSync(join(bundle, 'bundle.json'), 0)],
    ['without a package', 'BundleIncomplete', (bundle) => rmSync(aPackage(bundle))],
    ['with half a package', 'BundleIncomplete', (bundle) => truncateSync(aPackage(bundle), 1000)],
    ['without its timestamp', 'BundleIncomplete', (bundle) => rmSync(join(bundle, 'metadata/timestamp.json'))],
    ['with a changed byte in a package', 'BundleDamaged', (bundle) => flip(aPackage(bundle))],
    ['with a longer package', 'BundleDamaged', (bundle) => writeFileSync(aPackage(bundle), 'x'.repeat(90_000))],
    ['with a changed byte in the catalog', 'BundleDamaged', (bundle) => flip(join(bundle, 'metadata/timestamp.json'))],
    [
      'with a link in the place of a package (T33)',
      'BundleDamaged',
      (bundle) => {
        const path = aPackage(bundle);
        rmSync(path);
        symlinkSync('/etc/passwd', path);
      },
    ],
    [
      'whose manifest names other paths (T32)',
      'BundleDamaged',
      (bundle) => {
        const path = join(bundle, 'bundle.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"metadata/timestamp.json"', '"../timestamp.json"'));
      },
    ],
    [
      'with a changed package, and a manifest that agrees',
      'PackageMismatch',
      (bundle) => {
        flip(aPackage(bundle));
        agree(bundle);
      },
    ],
    [
      'without a package, and a manifest that agrees',
      'BundleIncomplete',
      (bundle) => {
        rmSync(aPackage(bundle));
        agree(bundle);
      },
    ],
    [
      'with a package that nobody signed',
      'BundleDamaged',
      (bundle) => {
        const manifest = JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as { files: object[] };
        const sha256 = createHash('sha256').update('evil').digest('hex');
        writeFileSync(join(bundle, 'packages', `${sha256}.zip`), 'evil');
        manifest.files.push({ path: `packages/${sha256}.zip`, length: 4, sha256 });
        writeFileSync(join(bundle, 'bundle.json'), `${JSON.stringify(manifest)}\n`);
      },
    ],
    [
      'with a changed catalog, and a manifest that agrees',
      'CatalogSignatureInvalid',
      (bundle) => {
        const path = join(bundle, 'metadata/timestamp.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace(/"version":(\d+)/g, '"version":9$1'));
        agree(bundle);
      },
    ],
    [
      'with a snapshot of another day, and a manifest that agrees (T22)',
      'CatalogMixed',
      (bundle) => {
        const names = readdirSync(join(bundle, 'metadata')).filter((name) => name.endsWith('.snapshot.json'));
        const old = readdirSync(join(older, 'metadata')).find((name) => name.endsWith('.snapshot.json')) ?? '';
        for (const name of names) copyFileSync(join(older, 'metadata', old), join(bundle, 'metadata', name));
        agree(bundle);
      },
    ],
  ];

  test.each(damages)('a bundle %s: %s', async (_what, code, damage) => {
    await importing(older, original.root);
    const before = contents(mirror);
    const bundle = copyOf(newer);
    damage(bundle);
    expect(await refused(importing(bundle))).toBe(code);
    expect(contents(mirror)).toEqual(before);
    // Copied again, it goes through.
    expect(await importing(newer)).toMatchObject({ outcome: 'taken', newPackages: 2 });
  });

  test('T21 an older bundle than the last one: CatalogRollback', async () => {
    await importing(newer, original.root);
    const before = contents(mirror);
    expect(await refused(importing(older))).toBe('CatalogRollback');
    // Also when everything but the floors was lost.
    rmSync(join(mirror, 'metadata'), { recursive: true });
    expect(await refused(importing(older))).toBe('CatalogRollback');
    expect(await importing(newer)).toMatchObject({ outcome: 'taken' });
    expect(contents(mirror)).toEqual(before);
  });

  test('a bundle of another root: CatalogForeign, the first time and later', async () => {
    expect(await refused(importing(foreign, original.root))).toBe('CatalogForeign');
    expect(contents(mirror)).toEqual(new Map());
    await importing(older, original.root);
    const before = contents(mirror);
    expect(await refused(importing(foreign))).toBe('CatalogForeign');
    const otherRoot = join(foreign, 'metadata/1.root.json');
    expect(await refused(importing(foreign, otherRoot))).toBe('RootDiffers');
    expect(contents(mirror)).toEqual(before);
  });

  test('T76 without a root nothing is believed: never the one on the medium', async () => {
    expect(await refused(importing(newer))).toBe('RootMissing');
    expect(existsSync(join(mirror, 'metadata'))).toBe(false);
  });

  test('T14 a bundle that is too old: CatalogFrozen; and an expired catalog is not exported', async () => {
    await importing(older, original.root);
    const before = contents(mirror);
    time += 15 * day;
    try {
      expect(await refused(importing(newer))).toBe('CatalogFrozen');
      expect(await refused(exported(original, join(folder.path, 'late')))).toBe('CatalogFrozen');
      expect(existsSync(join(folder.path, 'late/bundle.json'))).toBe(false);
    } finally {
      time -= 15 * day;
    }
    expect(contents(mirror)).toEqual(before);
  });

  test('a gallery that signs for itself is not made a mirror', async () => {
    mirror = original.gallery;
    const before = contents(mirror);
    expect(await refused(importing(foreign, join(foreign, 'metadata/1.root.json')))).toBe('GalleryIsOriginal');
    expect(contents(mirror)).toEqual(before);
  });

  test('T27 fewer signatures than the threshold: a thief with every key but one of two of the publisher carries nothing in', async () => {
    const strict = await makeOriginal(join(folder.path, 'strict'));
    await strict.repository.addPublisher('Northwind', { count: 2, threshold: 2 });
    await strict.publish('Northwind/Thing', '1.0.0', 'thing');
    const bundle = await exported(strict, join(folder.path, 'bundle'));
    const genuine = copyOf(bundle);
    const metadata = join(bundle, 'metadata');
    const role = '2.publisher.northwind.json';
    const file = (part: string): string =>
      readdirSync(metadata).find((name) => name.endsWith(part)) ?? `nothing ends with ${part}`;
    const read = (name: string): Signed => JSON.parse(readFileSync(join(metadata, name), 'utf8')) as Signed;
    const publisher = read(role);
    expect(publisher.signatures).toHaveLength(2);
    const forged = canonical({ signatures: publisher.signatures.slice(1), signed: publisher.signed });
    writeFileSync(join(metadata, role), forged);
    const snapshot = read(file('.snapshot.json'));
    snapshot.signed.meta['publisher.northwind.json'] = reference(2, forged);
    const signedSnapshot = signedBy(strict, 'snapshot', snapshot.signed);
    writeFileSync(join(metadata, file('.snapshot.json')), signedSnapshot);
    const timestamp = read('timestamp.json');
    timestamp.signed.meta['snapshot.json'] = reference(snapshot.signed.version, signedSnapshot);
    writeFileSync(join(metadata, 'timestamp.json'), signedBy(strict, 'timestamp', timestamp.signed));
    agree(bundle);
    expect(await refused(importing(bundle, strict.root))).toBe('CatalogSignatureInvalid');
    expect(contents(mirror)).toEqual(new Map());
    expect(await importing(genuine, strict.root)).toMatchObject({ packages: 1 });
  });
});

describe('a mirror of a folder', () => {
  test('S1.1 the subset by publisher and type decides which packages come; the catalog comes whole', async () => {
    expect(await mirroring(original.gallery, ['contoso.tools/HELLO'], original.root)).toMatchObject({ packages: 1 });
    expect(packagesIn(mirror)).toHaveLength(1);
    expect(await mirroring(original.gallery, ['Fabrikam', 'Contoso.Tools/Other'])).toMatchObject({
      outcome: 'taken',
      packages: 2,
      newPackages: 2,
    });
    const metadata = readdirSync(join(mirror, 'metadata')).join(' ');
    expect(metadata).toContain('publisher.contoso.tools.json');
    expect(metadata).toContain('publisher.fabrikam.json');
    expect(() => parseSubset(['../x'])).toThrow(/neither a publisher nor an extension/);
  });

  test('T20 a package that is not what was signed: refused whole, and those before it go as well', async () => {
    const source = copyOf(original.gallery);
    await mirroring(original.gallery, ['Contoso.Tools/Hello'], original.root);
    const before = contents(mirror);
    for (const name of packagesIn(source)) {
      const genuine = readFileSync(join(source, 'packages', name));
      if (before.has(join(mirror, 'packages', name))) continue;
      writeFileSync(join(source, 'packages', name), Buffer.alloc(genuine.length, 'x'));
      expect(await refused(mirroring(source))).toBe('PackageMismatch');
      rmSync(join(source, 'packages', name));
      expect(await refused(mirroring(source))).toBe('PackageMissing');
      expect(contents(mirror)).toEqual(before);
      writeFileSync(join(source, 'packages', name), genuine);
    }
    expect(await mirroring(source)).toMatchObject({ newPackages: 2 });
  });

  test('what was taken back does not come', async () => {
    const source = await makeOriginal(join(folder.path, 'source'));
    await source.publish('Fabrikam/Thing', '1.0.0', 'one');
    await source.publish('Fabrikam/Thing', '1.0.1', 'two');
    const name = parseExtensionName('Fabrikam/Thing');
    const version = parseHandlerVersion('1.0.0');
    if (!name.ok || version === undefined) throw new Error('they are well-formed');
    await source.repository.changeRelease(name.name, version, { yank: 'It is wrong.' });
    expect(await mirroring(source.gallery, [], source.root)).toMatchObject({ packages: 1 });
  });

  test('T29 roots before the pinned one come along, for machines that began with them', async () => {
    const source = await makeOriginal(join(folder.path, 'source'));
    const begun = time;
    try {
      for (let i = 0; i < 2; i += 1) {
        time += 200 * day;
        await source.repository.refresh();
      }
      const third = join(source.gallery, 'metadata/3.root.json');
      expect(await mirroring(source.gallery, [], third)).toMatchObject({ outcome: 'taken' });
      expect(readdirSync(join(mirror, 'metadata'))).toEqual(
        expect.arrayContaining(['1.root.json', '2.root.json', '3.root.json']),
      );
      // A root that does not lead to the pinned one is another gallery's.
      mirror = join(folder.path, 'second');
      const changed = copyOf(source.gallery);
      copyFileSync(join(foreign, 'metadata/1.root.json'), join(changed, 'metadata/1.root.json'));
      expect(await refused(mirroring(changed, [], third))).toBe('CatalogForeign');
    } finally {
      time = begun;
    }
  });

  test('a publisher that let its signatures expire does not keep the others out', async () => {
    const source = await makeOriginal(join(folder.path, 'source'));
    await source.publish('Contoso.Tools/Hello', '1.0.0', 'hello');
    await source.publish('Fabrikam/Thing', '1.0.0', 'thing');
    const begun = time;
    try {
      const keys = join(source.gallery, 'keys');
      const [key = ''] = readdirSync(keys).filter((name) => name.startsWith('publisher.fabrikam.'));
      rmSync(join(keys, key));
      for (time += 200 * day; time < begun + 380 * day; time += 10 * day) await source.repository.refresh();
      const taken = await mirroring(source.gallery, [], source.root);
      expect(taken).toMatchObject({ packages: 1, unusable: [{ publisher: 'fabrikam' }] });
    } finally {
      time = begun;
    }
  });
});
