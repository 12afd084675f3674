/** Opening the gallery's side of a catalog. */
import { join } from 'node:path';
import type { Metadata, Targets } from '@tufjs/models';
import { issuedAt } from '../client/signed-time.ts';
import { signedPackage, type SignedPackage } from '../client/signed-package.ts';
import { writeDurably } from '@sallyport/durable-files';
import { expiryWarnings } from '../expiry-warning.ts';
import { publisherRole, versionedFile } from '../layout.ts';
import { requireNewPublisher, withPublisher } from './add-publisher.ts';
import { withRelease, withTarget } from './add-target.ts';
import { changeKeys } from './change-role-keys.ts';
import { keysAt, newKeyAt, withNewKeys } from './keys-at.ts';
import { finishPending, publicState, publishChange, type ChangedRole } from './publish-change.ts';
import { changedKeys } from './role-keys.ts';
import { rolesOf } from './roles-of.ts';
import { ageingRoles } from './refresh-roles.ts';
import type { NewTarget } from './new-target.ts';
import type { Publisher, Repository } from './repository.ts';
import { RepositoryError } from './repository-error.ts';
import { withLock } from './repository-lock.ts';
import { lockFile, readRepository, type RepositoryPlace, type RepositoryState } from './repository-state.ts';
import { signFile } from './signed-file.ts';
import type { SigningKey } from './signing-key.ts';

export interface RepositoryOptions extends RepositoryPlace {
  readonly now: () => Date;
  /** How long a change waits for another process to finish its own, in milliseconds; 60,000 by default. */
  readonly patience?: number;
}

/** Opens a catalog for its gallery. Reads nothing yet. */
export function openRepository(options: RepositoryOptions): Repository {
  /** One change: alone, on what is there at that moment, and never signed with an earlier time than the last one (T71). */
  async function change<T>(make: (state: RepositoryState, time: Date) => Promise<T>): Promise<T> {
    // Asked first: without a catalog there is no directory to lock.
    await readRepository(options);
    return withLock(lockFile(options), options.patience ?? 60_000, async () => {
      const state = await readRepository(options);
      finishPending(options, state);
      const now = options.now();
      const last = issuedAt(state);
      return make(state, last !== undefined && last > now ? last : now);
    });
  }

  return {
    root: async () => (await readRepository(options)).rootBytes,
    publishers: async () => publishersOf(await readRepository(options)),
    packages: async () => packagesOf(await readRepository(options)),
    files: async () => filesOf(await readRepository(options)),
    roles: async () => rolesOf(options, await readRepository(options)),
    expiring: async () => expiryWarnings(await rolesOf(options, await readRepository(options)), options.now()),
    addPublisher: async (publisher, { count, threshold } = { count: 1, threshold: 1 }) =>
      change(async (state, time) => {
        requireNewPublisher(state, publisher);
        const role = publisherRole(publisher);
        changedKeys(role, { keyIDs: Array.from({ length: count }, String), threshold }, {});
        // Keys without a delegation were left by an attempt that died.
        const keys = (await keysAt(options, role)).slice(0, count);
        const fresh: SigningKey[] = [];
        while (keys.length + fresh.length < count) fresh.push(await newKeyAt(options, role));
        const own = [...keys, ...fresh];
        await withNewKeys(fresh, () =>
          publishChange(options, publicState(state), withPublisher(state, publisher, own, threshold, time), time),
        );
      }),
    changeKeys: async (role, request) => change(async (state, time) => changeKeys(options, state, role, request, time)),
    addTarget: async (target) =>
      change(async (state, time) => {
        const changed = withTarget(state, await ownRole(state, target), target, time);
        if (changed === undefined) return 'present';
        await publishChange(options, publicState(state), [changed], time);
        return 'added';
      }),
    changeRelease: async (name, version, release) =>
      change(async (state, time) => {
        const changed = withRelease(state, await ownRole(state, { name }), name, version, release, time);
        if (changed === undefined) return 'present';
        await publishChange(options, publicState(state), [changed], time);
        return 'changed';
      }),
    requirePublishable: async (target) => {
      const state = await readRepository(options);
      withTarget(state, await ownRole(state, target), target, options.now());
    },
    refresh: async () =>
      change(async (state, time) => {
        const { renewed, warnings } = await ageingRoles(state, (role) => keysAt(options, role), time);
        const targets = renewed.filter(({ role }) => role !== 'root');
        const roots = renewed.filter(({ role }) => role === 'root');
        for (const root of roots) await publishRoot(options, root);
        const signed = await publishChange(options, publicState(state), targets, time);
        return { signed: [...roots.map(({ role }) => role), ...signed], warnings };
      }),
  };
}

/** A root that is valid for longer, signed by the same keys: the next link of the chain that clients follow. */
async function publishRoot(place: RepositoryPlace, { content, keys }: ChangedRole): Promise<void> {
  const bytes = signFile('root', content, keys, await keysAt(place, 'root'));
  writeDurably(join(place.directory, versionedFile('root', Number(content['version']))), bytes, 0o644);
}

async function publishersOf(state: RepositoryState): Promise<Publisher[]> {
  const publishers: Publisher[] = [];
  for (const { name: role, keyIDs, unrecognizedFields } of Object.values(
    state.targets.signed.delegations?.roles ?? {},
  )) {
    const own = await state.delegated(role);
    if (own === undefined) continue;
    const spelled = unrecognizedFields?.['publisher'];
    publishers.push({
      name: typeof spelled === 'string' ? spelled : role,
      keys: keyIDs,
      expires: own.signed.expires,
      packages: Object.keys(own.signed.targets).length,
    });
  }
  return publishers;
}

async function packagesOf(state: RepositoryState): Promise<SignedPackage[]> {
  const packages: SignedPackage[] = [];
  for (const role of Object.keys(state.targets.signed.delegations?.roles ?? {})) {
    const own = await state.delegated(role);
    packages.push(...Object.values(own?.signed.targets ?? {}).map(signedPackage));
  }
  return packages;
}

function filesOf({ timestamp, snapshot }: RepositoryState): string[] {
  const roles = Object.entries(snapshot.signed.meta).map(([file, { version }]) => `${version}.${file}`);
  return [versionedFile('snapshot', timestamp.signed.snapshotMeta.version), ...roles];
}

async function ownRole(state: RepositoryState, { name }: Pick<NewTarget, 'name'>): Promise<Metadata<Targets>> {
  const own = await state.delegated(publisherRole(name.publisher));
  if (own !== undefined) return own;
  throw new RepositoryError(
    'PublisherMissing',
    `The publisher '${name.publisher}' may not publish here: add it with 'sallyport-gallery publisher add ${name.publisher}'.`,
  );
}
