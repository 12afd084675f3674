/** The catalog of a gallery folder, verified like any client does: pinned root, own trusted copy. */
import { mkdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchFromFolder, openCatalog, type Catalog, type SignedPackage } from '@sallyport/catalog';
import { messageOf, OperationFailure } from '@sallyport/model';
import { ArmError } from '../arm/arm-error.ts';
import { readIfThere } from '../state/read-if-there.ts';
import { writeDurably } from '@sallyport/durable-files';
import type { CatalogSource } from './catalog-source.ts';
import type { PackageStorage } from './package-storage.ts';

/** A source for when no gallery is configured: says so. */
export function noCatalog(): CatalogSource {
  return {
    look: () => Promise.resolve(undefined),
    list: () =>
      Promise.reject(
        new ArmError(
          'CatalogUnavailable',
          'This control plane has no gallery, so there is nothing to install from. Start it with --gallery.',
        ),
      ),
  };
}

export interface FolderCatalogOptions {
  readonly gallery: string;
  /** Of our own: what we have verified. */
  readonly directory: string;
  readonly storage: Pick<PackageStorage, 'present'>;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The catalog in `<gallery>/metadata`. The root is pinned the first time the gallery is seen, in `directory`; metadata is
 * verified again whenever the gallery's timestamp has changed.
 */
export function folderCatalogSource({ gallery, directory, storage, now }: FolderCatalogOptions): CatalogSource {
  const metadata = join(gallery, 'metadata');
  let catalog: Catalog | undefined;
  let seen: string | undefined;

  function open(): Catalog {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const pin = join(directory, 'pinned-root.json');
    if (readIfThere(pin) === undefined) writeDurably(pin, firstRoot(gallery), 0o600);
    return openCatalog({
      directory: join(directory, 'trusted'),
      pinnedRoot: readFileSync(pin),
      fetch: fetchFromFolder(metadata),
      now: () => new Date(now()),
    });
  }

  async function current(): Promise<Catalog> {
    catalog ??= open();
    const timestamp = await readFile(join(metadata, 'timestamp.json'), 'utf8');
    if (timestamp !== seen) {
      await catalog.refresh();
      seen = timestamp;
    }
    return catalog;
  }

  return {
    look: async () => {
      try {
        const verified = await current();
        // What is kept is measured against the clock again, and publishers' roles are loaded so that theirs count too.
        const { expired } = await listEach(verified, undefined);
        const failure = expired && { code: expired.code, message: expired.message };
        return { failure, roles: await verified.expiries() };
      } catch (error) {
        const code = error instanceof OperationFailure ? error.code : 'CatalogUnavailable';
        return { failure: { code, message: messageOf(error) }, roles: [] };
      }
    },
    list: async (publisher) => {
      try {
        const { packages } = await listEach(await current(), publisher);
        // A mirror has the whole catalog and a part of the packages: what is not here cannot be installed from here.
        const there = await storage.present(packages.map(({ sha256 }) => sha256));
        return packages.filter(({ sha256 }) => there.has(sha256)).map(({ sha256, target }) => ({ ...target, sha256 }));
      } catch (error) {
        throw new ArmError(
          'CatalogUnavailable',
          `The signed catalog of the gallery cannot be used: ${messageOf(error)}`,
        );
      }
    },
  };
}

/** The root that clients of this gallery begin with; a mirror of a mirror may have none but the one that it was begun with. */
function firstRoot(gallery: string): string {
  const first = readIfThere(join(gallery, 'metadata/1.root.json'));
  return first ?? readFileSync(join(gallery, 'trust/pinned-root.json'), 'utf8');
}

interface Listed {
  readonly packages: readonly SignedPackage[];
  /** Why the packages of a publisher are missing. */
  readonly expired: OperationFailure | undefined;
}

/** Of all publishers those whose signatures hold: one that let them expire does not hide the others. Asked by name, it says so. */
async function listEach(catalog: Catalog, publisher: string | undefined): Promise<Listed> {
  if (publisher !== undefined) return { packages: await catalog.list(publisher), expired: undefined };
  const packages: SignedPackage[] = [];
  let expired: OperationFailure | undefined;
  for (const each of await catalog.publishers()) {
    try {
      packages.push(...(await catalog.list(each)));
    } catch (error) {
      if (!(error instanceof OperationFailure) || error.code !== 'CatalogExpired') throw error;
      expired ??= error;
    }
  }
  return { packages, expired };
}
