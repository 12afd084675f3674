/** Making a catalog: its keys, its first root, and the three roles that say it is empty. */
import { join } from 'node:path';
import { trustedStore } from '../client/trusted-store.ts';
import { makeDirectories, readIfThere, writeDurably } from '@sallyport/durable-files';
import { timestampFile, versionedFile } from '../layout.ts';
import { publishChange, topLevelKeys } from './publish-change.ts';
import { openRepository, type RepositoryOptions } from './open-repository.ts';
import type { Repository } from './repository.ts';
import { RepositoryError } from './repository-error.ts';
import { withLock } from './repository-lock.ts';
import { lockFile, trustedRootFile } from './repository-state.ts';
import { firstTargetsContent, rootContent, type TopLevelKeys } from './role-content.ts';
import { signFile } from './signed-file.ts';
import { keysOfRole, makeKey, makeKeysDirectory, type SigningKey } from './signing-key.ts';

export interface CreateOptions extends RepositoryOptions {
  /** How many keys the root has; each alone may sign for it. 1 by default. */
  readonly rootKeys?: number;
}

/**
 * Makes an empty catalog. It exists from the moment its timestamp does: an attempt that died is repeated with the keys it made, since
 * no key is ever thrown away. Throws `RepositoryExists` when there is one.
 */
export async function createRepository(options: CreateOptions): Promise<Repository> {
  const { directory, keysDirectory, now } = options;
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
      root: await keysFor(keysDirectory, 'root', options.rootKeys ?? 1),
      targets: await keysFor(keysDirectory, 'targets', 1),
      snapshot: await keysFor(keysDirectory, 'snapshot', 1),
      timestamp: await keysFor(keysDirectory, 'timestamp', 1),
    };
    const time = now();
    const content = rootContent(keys, 1, time);
    const rootKeys = { keyIDs: keys.root.map((key) => key.identifier), threshold: 1 };
    const rootBytes = signFile('root', content, rootKeys, keys.root);
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

async function keysFor(directory: string, role: string, count: number): Promise<readonly SigningKey[]> {
  const keys = await keysOfRole(directory, role);
  while (keys.length < count) keys.push(await makeKey(directory, role));
  return keys;
}
