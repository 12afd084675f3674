/** The machine's own key: RSA-2048, made here, never leaves. It signs in with it, and secrets are sealed to it. */
import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { isMissing, writeDurably } from '@sallyport/durable-files';
import { machineIdOf, publicKeyText } from '@sallyport/machine-statement';
import { ensureDirectory } from '../platform/directory.ts';

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
  const clientPublicKey = publicKeyText(privateKey);
  return { privateKey, clientPublicKey, vmId: machineIdOf(Buffer.from(clientPublicKey, 'base64')), otherKeys: [] };
}
