/**
 * Keys as files, readable by their owner alone: `<role>.<beginning of the key's name>` and `.pem` (as it is), `.sealed.json` (under a
 * passphrase) or `.token.json` (a program signs). Several keys of a role lie side by side.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { chmod, lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyIdentifierOf } from '../canonical-metadata.ts';
import { makeDirectories, writeDurably } from '@sallyport/durable-files';
import { keyPassphrases, type KeyPassphrases } from './key-passphrases.ts';
import { RepositoryError } from './repository-error.ts';
import { derivationOf, openSealedKey, parseSealedKey, sealKey } from './sealed-key.ts';
import { parseTokenSigner, signWithToken, writeTokenSigner, type TokenSigner, type TriedSigner } from './token-key.ts';

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
  /** Where it lies. */
  readonly file: string;
  /** The Ed25519 signature of the bytes, in hex. Throws `SignerFailed` when a token's program does not sign. */
  sign(bytes: Uint8Array): string;
}

/** Makes the keys directory, for its owner only (0700). */
export async function makeKeysDirectory(directory: string): Promise<void> {
  makeDirectories(directory, 0o700);
  await chmod(directory, 0o700);
}

/** Makes a key for a role and writes it down, 0600; sealed when there is a passphrase. */
export async function makeKey(
  directory: string,
  role: string,
  passphrases: KeyPassphrases = keyPassphrases([]),
): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = keyInMemory(privateKey, join(directory, role));
  const stem = keyStem(role, key.identifier);
  if (passphrases.texts.length === 0) {
    const path = join(directory, `${stem}.pem`);
    writeDurably(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    return { ...key, file: path };
  }
  const path = join(directory, `${stem}.sealed.json`);
  const salt = await saltOf(directory);
  writeDurably(path, sealKey(privateKey, role, key.publicKey.keyval.public, passphrases, salt), 0o600);
  return { ...key, file: path };
}

/** Writes down that a program signs for a role with a key of its own (PKCS#11). */
export function registerSigner(directory: string, role: string, signer: TriedSigner): SigningKey {
  const publicKey = ed25519(signer.publicKey);
  const path = join(directory, `${keyStem(role, keyIdentifierOf(publicKey))}.token.json`);
  writeDurably(path, writeTokenSigner(signer), 0o600);
  return tokenKey(signer, path);
}

/**
 * The keys of a role that are here and can sign: sealed ones only if a passphrase opens them. Throws `KeyExposed` when the directory or
 * a key can be read by anyone but its owner: a key that others may have copied is not to sign anything more.
 */
export async function keysOfRole(
  directory: string,
  role: string,
  passphrases: KeyPassphrases = keyPassphrases([]),
): Promise<SigningKey[]> {
  const keys: SigningKey[] = [];
  for (const { path, identifier, form } of await keyFilesOf(directory, role)) {
    const key = readers[form](await readFile(path, 'utf8'), role, passphrases, path);
    if (key === undefined) continue;
    if (key.identifier.slice(0, identifier.length) !== identifier) {
      throw new RepositoryError(
        'KeyMissing',
        `The key in '${path}' is not the one its name says: put the right key back.`,
      );
    }
    keys.push(key);
  }
  return keys;
}

/** A file that holds a key, as its name says. */
export interface KeyFile {
  readonly path: string;
  /** The beginning of the key's identifier. */
  readonly identifier: string;
  readonly form: keyof typeof readers;
}

/** The key files of a role, opened or not. Throws `KeyExposed`. */
export async function keyFilesOf(directory: string, role: string): Promise<KeyFile[]> {
  await requirePrivate(directory, 'directory');
  const files: KeyFile[] = [];
  for (const file of (await readdir(directory)).sort()) {
    if (!file.startsWith(`${role}.`)) continue;
    const [, identifier, form] =
      /^([0-9a-f]{16})\.(pem|sealed\.json|token\.json)$/.exec(file.slice(role.length + 1)) ?? [];
    if (identifier === undefined || form === undefined) continue;
    const path = join(directory, file);
    await requirePrivate(path, 'file');
    files.push({ path, identifier, form: form as KeyFile['form'] });
  }
  return files;
}

type KeyReader = (text: string, role: string, passphrases: KeyPassphrases, path: string) => SigningKey | undefined;

const readers = {
  pem: (text, _role, _passphrases, path) => keyInMemory(createPrivateKey(text), path),
  'sealed.json': (text, role, passphrases, path) => {
    const sealed = unlessMalformed(path, () => parseSealedKey(text, path));
    const opened = openSealedKey(sealed, role, passphrases);
    return opened === undefined ? undefined : keyInMemory(opened, path);
  },
  'token.json': (text, _role, _passphrases, path) => tokenKey(parseTokenSigner(text, path), path),
} satisfies Readonly<Record<string, KeyReader>>;

/** The salt of a sealed key that is here. */
async function saltOf(directory: string): Promise<Buffer | undefined> {
  const first = (await readdir(directory)).sort().find((file) => file.endsWith('.sealed.json'));
  if (first === undefined) return undefined;
  const path = join(directory, first);
  const text = await readFile(path, 'utf8');
  return derivationOf(unlessMalformed(path, () => parseSealedKey(text, path))).salt;
}

function unlessMalformed<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RepositoryError('KeyMissing', `'${path}' is not a sealed key any more: restore it from a copy.`, {
      cause: error,
    });
  }
}

function keyStem(role: string, identifier: string): string {
  return `${role}.${identifier.slice(0, 16)}`;
}

function keyInMemory(privateKey: KeyObject, file: string): SigningKey {
  const { x, crv } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined || crv !== 'Ed25519') {
    throw new RepositoryError('KeyMissing', `The key in '${file}' is not an Ed25519 key.`);
  }
  const publicKey = ed25519(Buffer.from(x, 'base64url').toString('hex'));
  return {
    identifier: keyIdentifierOf(publicKey),
    publicKey,
    file,
    sign: (bytes) => sign(null, bytes, privateKey).toString('hex'),
  };
}

function tokenKey(signer: TokenSigner, file: string): SigningKey {
  const publicKey = ed25519(signer.publicKey);
  return {
    identifier: keyIdentifierOf(publicKey),
    publicKey,
    file,
    sign: (bytes) => signWithToken(signer, bytes),
  };
}

function ed25519(publicKey: string): PublicKey {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicKey } };
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
