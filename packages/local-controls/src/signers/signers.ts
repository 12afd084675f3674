/** Who has to sign what the centre asks for, and how many of them (T10). Off by default; only ever narrows. */
import { isSignerKey } from '@sallyport/model/orders';
import { parsed, refused, type Parsed } from '../parsed.ts';
import type { ValueKind } from '../value-kind.ts';

export interface Signer {
  /** What the server's administrator calls them: sentences say this. */
  readonly name: string;
  /** Ed25519, base64url. */
  readonly key: string;
}

/** Made by `signersKind` only: at least one signer, names and keys each once, and no more needed than there are. */
export interface RequiredSigners {
  readonly needed: number;
  readonly signers: readonly Signer[];
}

export type Signers = RequiredSigners | 'off';

export const mostSigners = 16;

const form = '2 of alice=KEY,bob=KEY,carol=KEY';
const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `off`, or `2 of alice=KEY,bob=KEY`. One value, so that no half of it can be set: keys without a number, or a number without keys. */
export const signersKind: ValueKind<Signers> = {
  parse(text) {
    const trimmed = text.trim();
    if (trimmed.toLowerCase() === 'off') return parsed('off');
    const [, needed, list] = /^([0-9]{1,3})\s+of\s+(.+)$/i.exec(trimmed) ?? [];
    if (needed === undefined || list === undefined) return refused(`it must be off, or be written as ${form}`);
    return checked(
      Number(needed),
      list.split(',').map((part) => part.trim()),
    );
  },
  format: (value) => (value === 'off' ? 'off' : `${value.needed} of ${value.signers.map(textOf).join(', ')}`),
  toJson: (value) => (value === 'off' ? 'off' : [value.needed, ...value.signers.map(textOf)]),
  fromJson(json) {
    if (json === 'off') return parsed('off');
    if (!Array.isArray(json)) return refused('it must be "off" or a list');
    const [needed, ...texts]: readonly unknown[] = json;
    return typeof needed === 'number' && texts.every((text) => typeof text === 'string')
      ? checked(needed, texts)
      : refused('it must be a list of a number and signers');
  },
};

function textOf({ name, key }: Signer): string {
  return `${name}=${key}`;
}

function checked(needed: number, texts: readonly string[]): Parsed<Signers> {
  const signers: Signer[] = [];
  for (const text of texts) {
    const cut = text.indexOf('=');
    const name = text.slice(0, Math.max(cut, 0));
    const key = text.slice(cut + 1);
    if (!nameForm.test(name))
      return refused(`'${text}' does not begin with a name and '=': signers are written NAME=KEY`);
    if (!isSignerKey(key)) {
      return refused(`the key of '${name}' is not one: 43 characters, as 'sallyport order key create' prints it`);
    }
    const same = signers.find((one) => one.key === key || one.name.toLowerCase() === name.toLowerCase());
    if (same !== undefined) {
      const what = same.key === key ? `'${same.name}' and '${name}' have the same key` : `'${name}' is there twice`;
      return refused(`${what}; whoever signs twice counts once`);
    }
    signers.push({ name, key });
  }
  if (signers.length > mostSigners) return refused(`it names more than ${mostSigners} signers`);
  if (!Number.isInteger(needed) || needed < 1 || needed > signers.length) {
    return refused(`${needed} of ${signers.length} cannot sign: the number is from 1 to that of the signers`);
  }
  return parsed({ needed, signers });
}
