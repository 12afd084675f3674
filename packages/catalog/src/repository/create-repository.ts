/** Making a catalog: its keys, its first root, and the three roles that say it is empty. */
import { join } from 'node:path';
import { trustedStore } from '../client/trusted-store.ts';
import { makeDirectories, readIfThere, writeDurably } from '@sallyport/durable-files';
import { timestampFile, versionedFile } from '../layout.ts';
import { publishChange } from './publish-change.ts';
import { keysAt, newKeyAt } from './keys-at.ts';
import { topLevelKeys } from './role-keys.ts';
import { openRepository, type RepositoryOptions } from './open-repository.ts';
import type { Repository } from './repository.ts';
import { RepositoryError } from './repository-error.ts';
import { withLock } from './repository-lock.ts';
import { lockFile, trustedRootFile, type RepositoryPlace } from './repository-state.ts';
import { firstTargetsContent, rootContent, type TopLevelKeys } from './role-content.ts';
import { signFile } from './signed-file.ts';
import { makeKeysDirectory, type SigningKey } from './signing-key.ts';

export interface CreateOptions extends RepositoryOptions {
  /** How many keys the root has; 3 by default, so that one may be lost. */
  readonly rootKeys?: number;
  /** How many of them must sign; 2 by default, so that one may be stolen. */
  readonly rootThreshold?: number;
}

/**
 * Makes an empty catalog. It exists from the moment its timestamp does: an attempt that died is repeated with the keys it made, since
 * no key is ever thrown away. Throws `RepositoryExists` when there is one.
 */
export async function createRepository(options: CreateOptions): Promise<Repository> {
  const { directory, keysDirectory, now } = options;
  const rootKeys = options.rootKeys ?? 3;
  const threshold = options.rootThreshold ?? Math.min(2, rootKeys);
  if (!Number.isSafeInteger(rootKeys) || !Number.isSafeInteger(threshold) || threshold < 1 || threshold > rootKeys) {
    throw new RepositoryError('KeyThreshold', `A root cannot have ${rootKeys} keys and need ${threshold} of them.`);
  }
  await makeKeysDirectory(keysDirectory);
  makeDirectories(directory, 0o755);
  await withLock(lockFile(options), options.patience ?? 60_000, async () => {
    if (readIfThere(join(directory, timestampFile)) !== undefined) {
      throw new RepositoryError(
        'RepositoryExists',
        `There is a catalog in '${directory}' already: it was left as it is.`,
      );
    }
    const keys: TopLevelKeys = {
      root: await keysFor(options, 'root', rootKeys),
      targets: await keysFor(options, 'targets', 1),
      snapshot: await keysFor(options, 'snapshot', 1),
      timestamp: await keysFor(options, 'timestamp', 1),
    };
    const time = now();
    const content = rootContent(keys, threshold, 1, time);
    const permitted = { keyIDs: keys.root.map((key) => key.identifier), threshold };
    const rootBytes = signFile('root', content, permitted, keys.root);
    writeDurably(join(keysDirectory, trustedRootFile), rootBytes, 0o600);
    writeDurably(join(directory, versionedFile('root', 1)), rootBytes, 0o644);
    const { root } = trustedStore(rootBytes, time);
    const nothing = {
      root,
      timestampVersion: 0,
      snapshotVersion: 0,
      snapshotExpires: '',
      snapshotReference: {},
      references: {},
    };
    const targets = {
      role: 'targets',
      content: firstTargetsContent('targets', time),
      keys: topLevelKeys(root, 'targets'),
    };
    await publishChange(options, nothing, [targets], time);
  });
  return openRepository(options);
}

async function keysFor(place: RepositoryPlace, role: string, count: number): Promise<readonly SigningKey[]> {
  const keys = await keysAt(place, role);
  while (keys.length < count) keys.push(await newKeyAt(place, role));
  // The order in which they are found again: a creation that is repeated signs the same root.
  return keys.toSorted((a, b) => (a.file < b.file ? -1 : 1));
}
