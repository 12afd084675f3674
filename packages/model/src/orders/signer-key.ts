/** The public key of an operator: Ed25519, as its 32 bytes in base64url. */
import { createPublicKey, type KeyObject } from 'node:crypto';

/** 43 characters; the last stands for four bits only, so that there is one text for one key. */
const form = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Whether a text is a key, as far as that can be seen. */
export function isSignerKey(text: string): boolean {
  return form.test(text);
}

/** The key to verify with. */
export function readSignerKey(text: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: text }, format: 'jwk' });
}
