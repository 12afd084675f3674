/** What is opened: the state directory, its lock, the store, and what has to be in them before anybody is answered. */
import { chmodSync } from 'node:fs';
import { makeDirectories, writeDurably } from '@sallyport/durable-files';
import type { Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import { createSigningKeyText, readSigningKey, type SigningKey } from '../identity/signing-key.ts';
import { openSigningKeys, type SigningKeys } from '../identity/signing-keys.ts';
import { firstIdentities, type Identities } from '../state/first-identities.ts';
import { readIfThere } from '../state/read-if-there.ts';
import { adoptSharedFiles, shareFiles } from '../state/shared-files.ts';
import { lockState } from '../state/state-lock.ts';
import { statePaths, type StatePaths } from '../state/state-paths.ts';
import { tlsFiles, type TlsFiles } from '../state/tls-files.ts';
import { openStore, type Store } from '../store/store.ts';
import { certificateNames } from './addresses.ts';

export interface OpenState {
  readonly paths: StatePaths;
  readonly store: Store;
  readonly identities: Identities;
  readonly keys: SigningKeys;
  readonly tls: TlsFiles;
  /** Signs where the activity log stands. */
  readonly activityKey: SigningKey;
  close(): Promise<void>;
}

/** Opens it. Throws when the state directory or the database cannot be used; then nothing stays open. */
export async function openState(configuration: Configuration, environment: Environment): Promise<OpenState> {
  const paths = statePaths(configuration.state);
  makeDirectories(paths.directory, 0o700);
  chmodSync(paths.directory, 0o700);
  const release = lockState(paths.lock);
  let store: Store | undefined;
  try {
    const opened = await openStore(paths.directory, configuration.postgres);
    store = opened;
    const prepared = await opened.alone('start', () => prepare(configuration, environment, paths, opened));
    const close = async (): Promise<void> => {
      await opened.close();
      release();
    };
    return { paths, store: opened, ...prepared, close };
  } catch (error) {
    await store?.close();
    release();
    throw error;
  }
}

/** Finds or makes what has to be there. Control planes that start at once on one database take turns. */
async function prepare(
  configuration: Configuration,
  environment: Environment,
  paths: StatePaths,
  store: Store,
): Promise<Pick<OpenState, 'identities' | 'keys' | 'tls' | 'activityKey'>> {
  const shared = configuration.postgres !== undefined;
  if (shared) await adoptSharedFiles(store.read, paths);
  const identities = await firstIdentities(environment, store, paths);
  const keyFile = {
    read: () => readIfThere(paths.signingKey),
    write: (text: string) => writeDurably(paths.signingKey, text, 0o600),
  };
  const keys = await openSigningKeys(environment, store, keyFile, identities.tenantId);
  const activityKey = await keyOf(paths.activityKey);
  const tls = await tlsFiles(paths, certificateNames(configuration), environment.now());
  if (shared) await shareFiles(environment, store, paths);
  return { identities, keys, tls, activityKey };
}

async function keyOf(path: string): Promise<SigningKey> {
  let text = readIfThere(path);
  if (text === undefined) {
    text = await createSigningKeyText();
    writeDurably(path, text, 0o600);
  }
  return readSigningKey(text);
}
