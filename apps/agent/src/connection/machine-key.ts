/** The machine's own key: RSA-2048, made here, never leaves. It signs in with it, and secrets are sealed to it. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { ensureDirectory } from '../platform/directory.ts';
import { isMissing, writeDurably } from '@sallyport/durable-files';

export interface MachineKey {
  readonly privateKey: KeyObject;
  /** Base64 of PKCS#1 DER, as ARM's `clientPublicKey`. */
  readonly clientPublicKey: string;
  /**
   * The machine's id, derived from its first key: a connect that was interrupted and is run again comes back as the same machine, and
   * two machines with the same key cannot pass for two.
   */
  readonly vmId: string;
  /** Other keys that this machine has: they open what was sealed before a renewal, and sign nothing. */
  readonly otherKeys: readonly KeyObject[];
}

/** The key in a file; undefined when there is none. */
export function readMachineKey(path: string): MachineKey | undefined {
  try {
    return machineKeyOf(createPrivateKey(readFileSync(path)));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Makes a key and stores it (0600), durably. */
export async function createMachineKey(path: string): Promise<MachineKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  ensureDirectory(dirname(path), 0o755);
  writeDurably(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  return machineKeyOf(privateKey);
}

function machineKeyOf(privateKey: KeyObject): MachineKey {
  const der = createPublicKey(privateKey).export({ type: 'pkcs1', format: 'der' });
  return { privateKey, clientPublicKey: der.toString('base64'), vmId: guidOf(der), otherKeys: [] };
}

/** A GUID (version 8, RFC 9562) of the key's SHA-256. */
function guidOf(der: Buffer): string {
  const bytes = createHash('sha256').update(der).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
