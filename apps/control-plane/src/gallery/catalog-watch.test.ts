/** The catalog's end is told ahead and once for each step, whoever is restarted meanwhile (T14, T29). */
import { readdirSync, renameSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRepository, openRepository } from '@sallyport/catalog';
import { temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import { createLog } from '../http/log.ts';
import { openStore, type Store } from '../store/store.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { lookAtCatalog } from './catalog-watch.ts';
import { folderCatalogSource, noCatalog } from './folder-catalog-source.ts';

const empty = { present: async () => new Set<string>() };
const day = 24 * 60 * 60 * 1000;
let folder: TemporaryDirectory;
let store: Store;

beforeEach(async () => {
  folder = temporaryDirectory('catalog-watch');
  mkdirSync(join(folder.path, 'state'));
  store = await openStore(join(folder.path, 'state'));
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

async function told(): Promise<readonly ActivityEvent[]> {
  const rows = await store.read.selectFrom('activity_events').select('event').orderBy('position').execute();
  return rows.map(({ event }) => JSON.parse(event) as ActivityEvent);
}

test('S2.2 T29 90, 30 and 7 days ahead, when it has expired, and when it is well again: one event each', async () => {
  const environment = manualEnvironment(Date.UTC(2027, 0, 1));
  const begun = environment.now();
  const gallery = join(folder.path, 'gallery');
  const keys = join(gallery, 'keys');
  const place = { directory: join(gallery, 'metadata'), keysDirectory: keys, now: () => new Date(environment.now()) };
  await createRepository(place);
  const repository = openRepository(place);
  await repository.addPublisher('Contoso.Tools');
  const rootKeys = readdirSync(keys).filter((name) => name.startsWith('root.') && name.endsWith('.pem'));
  const away = join(folder.path, 'away');
  mkdirSync(away);
  for (const name of rootKeys) renameSync(join(keys, name), join(away, name));
  const look = async (): Promise<void> => {
    // A new source each time, as after a restart.
    const now = (): number => environment.now();
    const catalog = folderCatalogSource({ gallery, directory: join(folder.path, 'trusted'), storage: empty, now });
    const log = createLog('error');
    await lookAtCatalog({ environment, store, catalog, tenantId: 't', subscriptionId: 's', log });
  };
  const words: string[] = [];
  for (let at = 0; at < 372; at += 6) {
    environment.pass((begun + at * day - environment.now()) / 1000);
    await repository.refresh();
    await look();
    await look();
    const events = await told();
    for (const event of events.slice(words.length)) words.push(`${at}: ${event.level} ${event.subStatus.value}`);
  }
  expect(words).toEqual([
    '276: Warning CatalogExpiring root<90',
    '336: Warning CatalogExpiring root<30',
    '360: Error CatalogExpiring root<7',
    '366: Error CatalogExpired',
  ]);
  for (const name of rootKeys) renameSync(join(away, name), join(keys, name));
  await repository.refresh();
  await look();
  const events = await told();
  expect(events.at(-1)).toMatchObject({
    category: { value: 'ServiceHealth' },
    resourceId: '/subscriptions/s/providers/Sallyport.Gallery/catalogs/default',
    status: { value: 'Succeeded' },
    subStatus: { value: 'Healthy' },
  });
  expect(events[0]?.description).toMatch(/^The role 'root' of the signed catalog expires in 89 days, on 2028-01-01/);
});

test('without a gallery there is nothing to tell; one that is missing is told', async () => {
  const environment = manualEnvironment(Date.UTC(2027, 0, 1));
  const options = { environment, store, tenantId: 't', subscriptionId: 's', log: createLog('error') };
  await lookAtCatalog({ ...options, catalog: noCatalog() });
  expect(await told()).toEqual([]);
  const missing = folderCatalogSource({
    gallery: join(folder.path, 'nowhere'),
    directory: join(folder.path, 'trusted'),
    storage: empty,
    now: () => environment.now(),
  });
  await lookAtCatalog({ ...options, catalog: missing });
  expect(await told()).toMatchObject([{ level: 'Error', subStatus: { value: 'CatalogUnavailable' } }]);
});
