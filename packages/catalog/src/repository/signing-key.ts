/** Keys as files: `<role>.<beginning of the key's name>.pem`, readable by their owner alone. Several keys of a role lie side by side. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { chmod, lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyIdentifierOf } from '../canonical-metadata.ts';
import { makeDirectories, writeDurably } from '@sallyport/durable-files';
import { RepositoryError } from './repository-error.ts';

/** A public key as TUF writes it. */
export interface PublicKey {
  readonly keytype: 'ed25519';
  readonly scheme: 'ed25519';
  readonly keyval: { readonly public: string };
}

export interface SigningKey {
  /** SHA-256 of the canonical public key, in hex. */
  readonly identifier: string;
  readonly publicKey: PublicKey;
  /** The Ed25519 signature of the bytes, in hex. */
  sign(bytes: Uint8Array): string;
}

/** Makes the keys directory, for its owner only (0700). */
export async function makeKeysDirectory(directory: string): Promise<void> {
  makeDirectories(directory, 0o700);
  await chmod(directory, 0o700);
}

/** Makes a key for a role and writes it down, 0600. */
export async function makeKey(directory: string, role: string): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = signingKey(privateKey);
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeDurably(join(directory, keyFile(role, key.identifier)), pem, 0o600);
  return key;
}

/**
 * The keys of a role that are here. Throws `KeyExposed` when the directory or a key can be read by anyone but its owner: a key that
 * others may have copied is not to sign anything more.
 */
export async function keysOfRole(directory: string, role: string): Promise<SigningKey[]> {
  await requirePrivate(directory, 'directory');
  const keys: SigningKey[] = [];
  for (const file of (await readdir(directory)).sort()) {
    if (!file.startsWith(`${role}.`) || !/^[0-9a-f]{16}\.pem$/.test(file.slice(role.length + 1))) continue;
    const path = join(directory, file);
    await requirePrivate(path, 'file');
    const key = signingKey(createPrivateKey(await readFile(path)));
    if (keyFile(role, key.identifier) !== file) {
      throw new RepositoryError(
        'KeyMissing',
        `The key in '${path}' is not the one its name says: put the right key back.`,
      );
    }
    keys.push(key);
  }
  return keys;
}

function keyFile(role: string, identifier: string): string {
  return `${role}.${identifier.slice(0, 16)}.pem`;
}

function signingKey(privateKey: KeyObject): SigningKey {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new RepositoryError('KeyMissing', 'A key of the catalog is not an Ed25519 key.');
  const publicKey: PublicKey = {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: Buffer.from(x, 'base64url').toString('hex') },
  };
  return {
    identifier: keyIdentifierOf(publicKey),
    publicKey,
    sign: (bytes) => sign(null, bytes, privateKey).toString('hex'),
  };
}

async function requirePrivate(path: string, kind: 'file' | 'directory'): Promise<void> {
  const found = await lstat(path);
  const right = kind === 'file' ? found.isFile() : found.isDirectory();
  const own = process.getuid === undefined || found.uid === process.getuid() || process.getuid() === 0;
  if (right && own && (found.mode & 0o077) === 0) return;
  throw new RepositoryError(
    'KeyExposed',
    `The keys are not private: '${path}' must be a ${kind} that only its owner can read (chmod ${kind === 'file' ? '600' : '700'}).`,
  );
}
