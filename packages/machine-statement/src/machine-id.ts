/** The machine's id and its key. The id is derived from the first key, so that it proves which key that was (decision 0054). */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/** The id of the machine whose first public key this is (PKCS#1 DER): a GUID (version 8, RFC 9562) of its SHA-256, lower case. */
export function machineIdOf(publicKey: Buffer): string {
  const bytes = createHash('sha256').update(publicKey).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A machine's public key as text: base64 of PKCS#1 DER, as ARM's `clientPublicKey`. */
export function publicKeyText(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64');
}

/** A machine's public key from its text. Throws when it is not an RSA key of 2048 to 8192 bits. */
export function readPublicKey(text: string): KeyObject {
  const publicKey = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs1' });
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < 2048 || bits > 8192) throw new Error(`The key has ${bits} bits; a machine's RSA key has 2048 to 8192.`);
  return publicKey;
}
