/** The key that tokens are signed with: ECDSA P-256, made on the first start, kept as a JWK in a file of mode 0600. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';

export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** A fresh key as the text of its file. */
export async function createSigningKeyText(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return JSON.stringify(await exportJWK(privateKey));
}

/** Reads the text of a key file. Throws when it does not hold a private P-256 key. */
export async function readSigningKey(text: string): Promise<SigningKey> {
  const jwk = JSON.parse(text) as JWK;
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256' || typeof jwk.d !== 'string') {
    throw new Error('The token signing key is not a private P-256 key.');
  }
  const { d: _private, ...bare } = jwk;
  const keyId = await calculateJwkThumbprint(bare);
  return {
    keyId,
    privateKey: (await importJWK(jwk, 'ES256')) as CryptoKey,
    publicKey: (await importJWK(bare, 'ES256')) as CryptoKey,
    publicJwk: { ...bare, alg: 'ES256', use: 'sig', kid: keyId },
  };
}
