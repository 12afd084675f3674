/**
 * A key that never leaves its token (PKCS#11: a smart card, an HSM): a program signs with it. It is given the bytes on its standard input
 * and answers with the raw signature. Nothing it answers is believed: a signature that its public key does not verify is not used.
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { messageOf, parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { RepositoryError } from './repository-error.ts';

const tokenSchema = z.strictObject({
  /** 32 bytes of hex, or PEM as tools write it. */
  publicKey: z.string(),
  /** The program and its arguments; no shell is asked. A PIN belongs into a variable or the tool's own prompt, never here. */
  command: z.array(z.string()).check(z.minLength(1)),
});

/** A program that signs, and the public half of its key. */
export interface TokenSigner {
  /** In hex. */
  readonly publicKey: string;
  readonly command: readonly string[];
}

const isTried = Symbol('it has signed');

/** One that has signed with its key, here. Only such a one is written down: a token that never signed is found out when it is needed. */
export interface TriedSigner extends TokenSigner {
  readonly [isTried]: true;
}

const patience = 120_000;

/** Reads `{"publicKey": …, "command": […]}`. Throws `SignerMalformed`. */
export function parseTokenSigner(text: string, where: string): TokenSigner {
  try {
    const { publicKey, command } = parseJson(tokenSchema, text, where);
    return { publicKey: rawPublicKey(publicKey), command };
  } catch (error) {
    throw new RepositoryError('SignerMalformed', `${where} describes no signer: ${messageOf(error)}`, { cause: error });
  }
}

/** What {@link parseTokenSigner} reads. */
export function writeTokenSigner(signer: TokenSigner): string {
  return `${JSON.stringify(signer, undefined, 2)}\n`;
}

/** Has it sign something that means nothing to anybody. Throws `SignerFailed`. */
export function triedSigner(signer: TokenSigner): TriedSigner {
  signWithToken(signer, Buffer.from(`Sallyport tries a signer. This text stands for nothing: ${randomUUID()}`));
  return { ...signer, [isTried]: true };
}

/** The signature in hex. Throws `SignerFailed`. */
export function signWithToken({ publicKey, command }: TokenSigner, bytes: Uint8Array): string {
  const [program = '', ...args] = command;
  const ended = spawnSync(program, args, { input: bytes, timeout: patience, maxBuffer: 65_536 });
  if (ended.status !== 0) throw failed(program, reasonOf(ended));
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'hex').toString('base64url') };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  if (ended.stdout.length !== 64 || !verify(null, bytes, key, ended.stdout)) {
    throw failed(program, 'what it answered is no signature of its key');
  }
  return ended.stdout.toString('hex');
}

/** Its own words, where it has any: one that ends before it has read its input breaks the pipe, and that is not the reason. */
function reasonOf({ error, status, stderr }: SpawnSyncReturns<Buffer>): string {
  // There is none where it could not be started.
  const said = error !== undefined && status === null ? '' : stderr.toString('utf8').trim().replace(/\.$/, '');
  if (said !== '') return said;
  return error === undefined ? `exit code ${status ?? 'none'}` : messageOf(error);
}

function rawPublicKey(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  const { x, crv } = createPublicKey(text).export({ format: 'jwk' });
  if (crv !== 'Ed25519' || x === undefined) throw new Error('its public key is not an Ed25519 key.');
  return Buffer.from(x, 'base64url').toString('hex');
}

function failed(program: string, detail: string): RepositoryError {
  return new RepositoryError('SignerFailed', `The signer '${program}' did not sign: ${detail}.`);
}
