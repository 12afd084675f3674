/** The catalog of a gallery folder, verified like any client does: pinned root, own trusted copy. */
import { mkdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchFromFolder, openCatalog, type Catalog } from '@sallyport/catalog';
import { messageOf } from '@sallyport/model';
import { ArmError } from '../arm/arm-error.ts';
import { readIfThere } from '../state/read-if-there.ts';
import { writeDurably } from '@sallyport/durable-files';
import type { CatalogSource } from './catalog-source.ts';

/** A source for when no gallery is configured: says so. */
export function noCatalog(): CatalogSource {
  return {
    list: () =>
      Promise.reject(
        new ArmError(
          'CatalogUnavailable',
          'This control plane has no gallery, so there is nothing to install from. Start it with --gallery.',
        ),
      ),
  };
}

/**
 * The catalog in `<gallery>/metadata`. The root is pinned the first time the gallery is seen, in `directory`; metadata is
 * verified again whenever the gallery's timestamp has changed. `now` is in milliseconds since 1970.
 */
export function folderCatalogSource(gallery: string, directory: string, now: () => number): CatalogSource {
  const metadata = join(gallery, 'metadata');
  let catalog: Catalog | undefined;
  let seen: string | undefined;

  function open(): Catalog {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const pin = join(directory, 'pinned-root.json');
    if (readIfThere(pin) === undefined) writeDurably(pin, readFileSync(join(metadata, '1.root.json'), 'utf8'), 0o600);
    return openCatalog({
      directory: join(directory, 'trusted'),
      pinnedRoot: readFileSync(pin),
      fetch: fetchFromFolder(metadata),
      now: () => new Date(now()),
    });
  }

  return {
    list: async (publisher) => {
      try {
        catalog ??= open();
        const timestamp = await readFile(join(metadata, 'timestamp.json'), 'utf8');
        if (timestamp !== seen) {
          await catalog.refresh();
          seen = timestamp;
        }
        const packages = await catalog.list(publisher);
        return packages.map(({ sha256, target }) => ({ ...target, sha256 }));
      } catch (error) {
        throw new ArmError(
          'CatalogUnavailable',
          `The signed catalog of the gallery cannot be used: ${messageOf(error)}`,
        );
      }
    },
  };
}
