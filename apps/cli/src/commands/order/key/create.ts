import { readFileSync, statSync } from 'node:fs';
import {
  keyPassphrases,
  makeKey,
  makeKeysDirectory,
  parseTokenSigner,
  readPassphrases,
  registerSigner,
  triedSigner,
  type SigningKey,
} from '@sallyport/catalog/keys';
import { CodedError } from '@sallyport/model';
import { buildCommand } from '@stricli/core';
import type { CliContext } from '../../../context.ts';
import { keyFlags, operatorKeys, operatorRole, signerTextOf, type KeyFlags } from '../../../orders/operator-key.ts';

interface Flags extends KeyFlags {
  readonly signer?: string;
  readonly unsealed: boolean;
}

export const orderKeyCreate = buildCommand({
  docs: { brief: 'Makes the key that you sign operations with, and prints what servers know it by' },
  parameters: {
    flags: {
      ...keyFlags,
      signer: {
        kind: 'parsed',
        parse: String,
        brief: 'Describes a program that signs with a key on a token, instead of making one',
        optional: true,
        placeholder: 'FILE',
      },
      unsealed: { kind: 'boolean', brief: 'Without a passphrase: whoever reads the file can sign', default: false },
    },
  },
  async func(this: CliContext, flags: Flags) {
    const isThere = statSync(flags.keys, { throwIfNoEntry: false }) !== undefined;
    if (isThere && (await operatorKeys({ keys: flags.keys })).length > 0)
      throw new CodedError('KeyExists', `There is a key in '${flags.keys}' already: take another folder.`);
    const key = await created(flags);
    this.process.stdout.write(`${signerTextOf(key)}\n`);
  },
});

async function created({ keys, passphraseFile, signer, unsealed }: Flags): Promise<SigningKey> {
  if (signer !== undefined) {
    // Before anything is written: a folder with a signer that does not sign is none.
    const tried = triedSigner(parseTokenSigner(readFileSync(signer, 'utf8'), signer));
    await makeKeysDirectory(keys);
    return registerSigner(keys, operatorRole, tried);
  }
  if (passphraseFile === undefined && !unsealed) {
    throw new CodedError(
      'PassphraseMissing',
      'The key is to be sealed under a passphrase: --passphrase-file FILE. To keep it as it is: --unsealed',
    );
  }
  const passphrases = readPassphrases(passphraseFile === undefined ? [] : [passphraseFile]);
  await makeKeysDirectory(keys);
  return makeKey(keys, operatorRole, keyPassphrases(passphrases));
}
