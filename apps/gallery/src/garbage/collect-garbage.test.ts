/** Garbage collection never takes what a catalog names, whoever publishes meanwhile (S1.4, T20). */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createRepository, fetchFromFolder, openCatalog, openRepository, type Repository } from '@sallyport/catalog';
import { buildTestPackage, noopHandler, temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { galleryPlaces, type GalleryPlaces } from '../gallery-places.ts';
import { publishPackage } from '../publish/publish-package.ts';
import { strictPolicy, writeScanPolicy } from '../scan/scan-policy.ts';
import { collectGalleryGarbage } from './collect-garbage.ts';
import { supersededDays, supersededFiles, type Seen } from './superseded-files.ts';

let folder: TemporaryDirectory;
let places: GalleryPlaces;
let repository: Repository;
/** Days that the clock is ahead of the machine's. */
let ahead: number;
const now = (): Date => new Date(Date.now() + ahead * 86_400_000);

beforeEach(async () => {
  ahead = 0;
  folder = temporaryDirectory('garbage');
  places = galleryPlaces(join(folder.path, 'gallery'));
  const place = { directory: places.directory, keysDirectory: places.keysDirectory, now };
  await createRepository(place);
  repository = openRepository(place);
  await repository.addPublisher('Contoso.Tools');
  writeScanPolicy(places, { ...strictPolicy, scanner: 'none' });
});
afterEach(() => folder.remove());

async function publish(version: string): Promise<string> {
  const file = join(folder.path, `Contoso.Tools.Hello-${version}.zip`);
  writeFileSync(file, buildTestPackage({ ...noopHandler, 'version.txt': version }));
  const machine = { operatingSystem: 'linux', architecture: 'any' } as const;
  const { target } = await publishPackage({ places, repository, now }, file, {}, machine);
  return `${target.sha256}.zip`;
}

function unnamed(text: string, hours: number): string {
  const name = `${createHash('sha256').update(text).digest('hex')}.zip`;
  const path = join(places.packages, name);
  mkdirSync(places.packages, { recursive: true });
  writeFileSync(path, text);
  const then = new Date(Date.now() - hours * 3_600_000);
  utimesSync(path, then, then);
  return name;
}

const collect = async (olderThanHours = 24): Promise<readonly string[]> =>
  (await collectGalleryGarbage({ places, repository, now, olderThanHours })).packages;

test('unnamed packages go when they have lain for a while; named and young ones stay, and so do foreign files', async () => {
  const named = await publish('1.0.0');
  utimesSync(join(places.packages, named), 1000, 1000);
  const old = unnamed('left behind', 48);
  const young = unnamed('just stored', 1);
  writeFileSync(join(places.packages, 'readme.txt'), 'x');
  expect(await collect()).toEqual([old]);
  expect(readdirSync(places.packages).sort()).toEqual([named, young, 'readme.txt'].sort());
  expect(await collect()).toEqual([]);
  expect(existsSync(join(places.packages, named))).toBe(true);
});

test('when it cannot be told what is named, nothing is removed', async () => {
  await publish('1.0.0');
  const old = unnamed('left behind', 48);
  const timestamp = join(places.directory, 'timestamp.json');
  writeFileSync(timestamp, '{}');
  await expect(collect()).rejects.toThrow(/catalog/);
  rmSync(timestamp);
  await expect(collect()).rejects.toThrow(/catalog/);
  expect(existsSync(join(places.packages, old))).toBe(true);
});

test('S1.4 what was collected between its storing and its naming is stored again', async () => {
  const genuine = repository;
  repository = {
    ...genuine,
    async addTarget(target) {
      // As a collector finds it that has asked what is named just before.
      rmSync(join(places.packages, `${target.sha256}.zip`));
      return genuine.addTarget(target);
    },
  };
  expect(existsSync(join(places.packages, await publish('1.0.0')))).toBe(true);
});

test('S1.4 publishers and collectors at the same time: everything that is named is there', async () => {
  const done = new AbortController();
  const collecting = (async () => {
    // As old as it may be: only what is about to be named right now is spared by its age.
    for (let i = 0; !done.signal.aborted; i += 1) {
      unnamed(`garbage ${i}`, 48);
      await collect(1);
      await delay(20);
    }
  })();
  try {
    for (let i = 0; i < 5; i += 1) await publish(`1.0.${i}`);
  } finally {
    done.abort();
    await collecting;
  }
  const packages = await repository.packages();
  expect(packages).toHaveLength(5);
  for (const { sha256 } of packages) expect(existsSync(join(places.packages, `${sha256}.zip`))).toBe(true);
});

describe('files of the catalog', () => {
  const metadata = async (): Promise<readonly string[]> =>
    (await collectGalleryGarbage({ places, repository, now, olderThanHours: 24 })).metadata;

  test('T29 what was replaced goes when no timestamp can lead to it any more; roots and what is named stay', async () => {
    await publish('1.0.0');
    const pinnedRoot = readFileSync(places.firstRoot);
    const [key = ''] = (await repository.roles()).find(({ role }) => role === 'root')?.keys ?? [];
    await repository.changeKeys('root', { add: 'new', remove: (key as { readonly identifier: string }).identifier });
    const before = readdirSync(places.directory).sort();
    expect(await metadata()).toEqual([]);
    ahead = supersededDays - 1;
    expect(await metadata()).toEqual([]);
    await publish('1.0.1');
    ahead = supersededDays;
    const gone = await metadata();
    expect(gone.length).toBeGreaterThan(3);
    const left = readdirSync(places.directory);
    expect(left.filter((file) => file.endsWith('.root.json'))).toEqual(
      before.filter((file) => file.endsWith('.root.json')),
    );
    // The version that was replaced yesterday is still asked for by those that hold yesterday's timestamp.
    expect(left.filter((file) => file.endsWith('.snapshot.json'))).toHaveLength(2);
    const client = openCatalog({
      directory: join(folder.path, 'client'),
      pinnedRoot,
      fetch: fetchFromFolder(places.directory),
      now,
    });
    await client.refresh();
    expect(await client.list()).toHaveLength(2);
    await publish('1.0.2');
    await client.refresh();
    expect(await client.list()).toHaveLength(3);
  });

  test('the rule: replaced long enough, as far as anybody has seen', () => {
    const day = (days: number): Date => new Date(Date.UTC(2026, 0, 1 + days));
    const ask = (there: readonly string[], seen: Seen, days: number) =>
      supersededFiles({ there, named: ['5.snapshot.json', '2.publisher.a.json'], seen, now: day(days) });
    const rows: readonly (readonly [file: string, seen: number | undefined, goes: boolean])[] = [
      ['4.snapshot.json', 0, true],
      ['4.snapshot.json', 1, false],
      ['4.snapshot.json', undefined, false],
      // The clock was ahead when it was seen.
      ['4.snapshot.json', 100, false],
      ['1.publisher.a.json', 0, true],
      ['5.snapshot.json', 0, false],
      // Left by a change that died: its number is never given again.
      ['6.snapshot.json', 0, false],
      ['1.publisher.b.json', 0, false],
      ['1.root.json', 0, false],
      ['timestamp.json', 0, false],
      ['readme.txt', 0, false],
      ['4.snapshot.json.new', 0, false],
    ];
    for (const [file, seen, goes] of rows) {
      const notes = seen === undefined ? {} : { [file]: day(seen).toISOString() };
      expect([file, seen, ask([file], notes, supersededDays).superseded]).toEqual([file, seen, goes ? [file] : []]);
    }
    expect(ask(['4.snapshot.json'], {}, 3).seen).toEqual({ '4.snapshot.json': day(3).toISOString() });
  });
});
