/** The keys of operators, in the same files as a gallery's: sealed under a passphrase, on a token, or plain. */
import { statSync } from 'node:fs';
import { keyPassphrases, keysOfRole, readPassphrases, type SigningKey } from '@sallyport/catalog/keys';
import { CodedError } from '@sallyport/model';

/** The beginning of the files' names; a sealed key opens under it only, so it is no key of a gallery. */
export const operatorRole = 'operator';

export interface KeyFlags {
  readonly keys: string;
  readonly passphraseFile?: string;
}

export const keyFlags = {
  keys: { kind: 'parsed', parse: String, brief: 'Folder with your key (0700)', placeholder: 'DIR' },
  passphraseFile: {
    kind: 'parsed',
    parse: String,
    brief: 'File with the passphrase of your key, - for standard input, fd:3 for a descriptor',
    optional: true,
    placeholder: 'FILE',
  },
} as const;

/** The keys there that can sign. */
export async function operatorKeys({ keys, passphraseFile }: KeyFlags): Promise<readonly SigningKey[]> {
  if (statSync(keys, { throwIfNoEntry: false }) === undefined) {
    throw new CodedError('KeyMissing', `There is no folder '${keys}': make a key with sallyport order key create.`);
  }
  const passphrases = keyPassphrases(readPassphrases(passphraseFile === undefined ? [] : [passphraseFile]));
  return keysOfRole(keys, operatorRole, passphrases);
}

/** The one key there. Throws {@link CodedError} when there is none, or more than one. */
export async function operatorKey(flags: KeyFlags): Promise<SigningKey> {
  const found = await operatorKeys(flags);
  const [key] = found;
  if (key !== undefined && found.length === 1) return key;
  throw new CodedError(
    'KeyMissing',
    key === undefined
      ? `No key in '${flags.keys}' can sign: it holds none, or the passphrase opens none (--passphrase-file).`
      : `There are ${found.length} keys in '${flags.keys}': put each into a folder of its own, so that it is clear whose signature it is.`,
  );
}

/** As a server's administrator names it in `extensions.signers`. */
export function signerTextOf({ publicKey }: SigningKey): string {
  return Buffer.from(publicKey.keyval.public, 'hex').toString('base64url');
}
