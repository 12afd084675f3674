/**
 * What the control planes on one PostgreSQL have in common: the CA, the key that signs the activity log, and the operator. It lies in the database,
 * sealed with a key that does not: the first one makes `store.key`, and each further one needs a copy of it in its state directory. A
 * dump of the database gives nobody a key, and nobody with another key joins (decision 0152).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { writeDurably } from '@sallyport/durable-files';
import { CodedError } from '@sallyport/model';
import type { Environment } from '../environment.ts';
import type { Reader, Store } from '../store/store.ts';
import { readIfThere } from './read-if-there.ts';
import type { StatePaths } from './state-paths.ts';

/** The files in common, with their modes. A server's own certificate is not: it names the server; each signs tokens with its own key. */
const sharedFiles = {
  authority: 0o644,
  authorityKey: 0o600,
  activityKey: 0o600,
  operator: 0o600,
} as const satisfies Partial<Record<keyof StatePaths, number>>;

type SharedFile = keyof typeof sharedFiles;
const names = Object.keys(sharedFiles) as readonly SharedFile[];

/** A state directory that does not go with the database. */
export class ForeignState extends CodedError<'ForeignState'> {
  override readonly name = 'ForeignState';
  constructor(message: string, options?: ErrorOptions) {
    super('ForeignState', message, options);
  }
}

/** Brings files that other control planes have made into the state directory. Throws {@link ForeignState} and changes nothing then. */
export async function adoptSharedFiles(reader: Reader, paths: StatePaths): Promise<void> {
  const rows = await reader.selectFrom('shared_files').select(['name', 'sealed']).execute();
  if (rows.length === 0) return;
  const key = readKey(paths);
  if (key === undefined) {
    throw new ForeignState(
      `The database belongs to control planes that are there already. To add one, copy their 'store.key' to '${paths.storeKey}' (mode 0600) first.`,
    );
  }
  const missing: { readonly name: SharedFile; readonly content: string }[] = [];
  for (const { name, sealed } of rows) {
    const known = names.find((one) => one === name);
    if (known === undefined) continue;
    const content = open(key, known, sealed, paths);
    const own = readIfThere(paths[known]);
    if (own === undefined) missing.push({ name: known, content });
    // The operator's file names the address that its own control plane answers under.
    else if (known !== 'operator' && own !== content) {
      throw new ForeignState(
        `'${paths[known]}' is not what the other control planes on the database have: the state directory belongs to another installation.`,
      );
    }
  }
  for (const { name, content } of missing) writeDurably(paths[name], content, sharedFiles[name]);
}

/** Gives what this state directory has and the database has not to those that come later. */
export async function shareFiles(environment: Environment, store: Store, paths: StatePaths): Promise<void> {
  let key = readKey(paths);
  if (key === undefined) {
    key = Buffer.from(environment.randomBytes(32));
    writeDurably(paths.storeKey, `${key.toString('base64')}\n`, 0o600);
  }
  const sealing = key;
  const rows = names.flatMap((name) => {
    const content = readIfThere(paths[name]);
    if (content === undefined) return [];
    return [{ name, sealed: seal(sealing, name, content, environment.randomBytes(12)) }];
  });
  await store.note(async (writer) => {
    await writer
      .insertInto('shared_files')
      .values(rows)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
  });
}

function readKey(paths: StatePaths): Buffer | undefined {
  const text = readIfThere(paths.storeKey);
  if (text === undefined) return undefined;
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== 32) throw new ForeignState(`'${paths.storeKey}' does not hold a key: 32 bytes in Base64.`);
  return key;
}

/** AES-256-GCM; the name is authenticated with it, so that no row can stand in for another. */
function seal(key: Buffer, name: string, content: string, nonce: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
  const sealed = Buffer.concat([cipher.update(content, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

function open(key: Buffer, name: string, sealed: string, paths: StatePaths): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
      .setAAD(Buffer.from(name))
      .setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  } catch (error) {
    throw new ForeignState(
      `'${paths.storeKey}' is not the key of the control planes on the database: copy theirs, or name another database.`,
      { cause: error },
    );
  }
}
