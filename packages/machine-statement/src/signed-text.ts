/** Signed JSON: a compact JWS, RS256. The header says nothing that is believed: algorithm and kind are the reader's to name (T30). */
import { sign, verify, type KeyObject } from 'node:crypto';
import { StatementNotTrusted } from './statement-not-trusted.ts';

/** Signs a value as something of `kind`, so that it cannot pass for something of another. */
export function signText(kind: string, value: unknown, key: KeyObject): string {
  const part = (one: unknown): string => Buffer.from(JSON.stringify(one)).toString('base64url');
  const signed = `${part({ alg: 'RS256', typ: kind })}.${part(value)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

/** What stands in it, whoever signed it. Throws {@link StatementNotTrusted} when it is not signed JSON of this kind at all. */
export function peekText(kind: string, text: string): string {
  const [header, payload] = partsOf(text);
  let said: unknown;
  try {
    said = JSON.parse(header);
  } catch (error) {
    throw new StatementNotTrusted('Its header is not JSON.', { cause: error });
  }
  const { alg, typ } = Object(said) as { readonly alg?: unknown; readonly typ?: unknown };
  if (alg !== 'RS256' || typ !== kind) throw new StatementNotTrusted(`It is not a '${kind}' signed with RS256.`);
  return payload;
}

/** What stands in it, if it is of this kind and signed with the key. Throws {@link StatementNotTrusted}. */
export function openText(kind: string, text: string, key: KeyObject): string {
  const payload = peekText(kind, text);
  const end = text.lastIndexOf('.');
  const signature = Buffer.from(text.slice(end + 1), 'base64url');
  if (!verify('sha256', Buffer.from(text.slice(0, end)), key, signature))
    throw new StatementNotTrusted('The signature is not of the key that the id of the machine stands for.');
  return payload;
}

function partsOf(text: string): readonly [string, string] {
  const parts = text.split('.');
  const [header, payload] = parts;
  if (parts.length !== 3 || header === undefined || payload === undefined || !/^[A-Za-z0-9_.-]+$/.test(text))
    throw new StatementNotTrusted('It does not consist of three parts of base64url, with dots between them.');
  return [Buffer.from(header, 'base64url').toString('utf8'), Buffer.from(payload, 'base64url').toString('utf8')];
}
