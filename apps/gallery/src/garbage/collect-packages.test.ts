/** Garbage collection never takes what a catalog names, whoever publishes meanwhile (S1.4, T20). */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createRepository, openRepository, type Repository } from '@sallyport/catalog';
import { buildTestPackage, noopHandler, temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { galleryPlaces, type GalleryPlaces } from '../gallery-places.ts';
import { publishPackage } from '../publish/publish-package.ts';
import { strictPolicy, writeScanPolicy } from '../scan/scan-policy.ts';
import { collectPackages } from './collect-packages.ts';

let folder: TemporaryDirectory;
let places: GalleryPlaces;
let repository: Repository;
const now = (): Date => new Date();

beforeEach(async () => {
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

const collect = (olderThanHours = 24): Promise<readonly string[]> =>
  collectPackages({ places, repository, now, olderThanHours });

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
