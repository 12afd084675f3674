/** Opening what was sealed for this machine, with the key it has now or with one it had: the key may have been renewed meanwhile. */
import type { KeyObject } from 'node:crypto';
import type { CompactJWEHeaderParameters } from 'jose';
import type { MachineKey } from '../../connection/machine-key.ts';

export const sealing = { keyManagementAlgorithms: ['RSA-OAEP-256'], contentEncryptionAlgorithms: ['A256GCM'] };

export interface Opened {
  readonly plaintext: Uint8Array;
  readonly protectedHeader: CompactJWEHeaderParameters;
  /** Whether it was sealed for the key that the machine has now. */
  readonly current: boolean;
}

/** Opens it. Throws what the machine's own key says when none opens it. */
export async function openSealed(jwe: string, key: MachineKey): Promise<Opened> {
  const { compactDecrypt } = await import('jose');
  const openWith = async (privateKey: KeyObject, current: boolean): Promise<Opened> => {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, privateKey, sealing);
    return { plaintext, protectedHeader, current };
  };
  try {
    return await openWith(key.privateKey, true);
  } catch (error) {
    for (const other of key.otherKeys) {
      const opened = await openWith(other, false).catch(() => undefined);
      if (opened !== undefined) return opened;
    }
    throw error;
  }
}
