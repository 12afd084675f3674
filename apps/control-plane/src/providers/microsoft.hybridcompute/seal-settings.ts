/** Seals protected settings to one machine on arrival: after that nobody in the centre can read them (S1.7, T50). */
import type { ProtectedSettings, SealedSettingsBinding } from '@sallyport/model/wire';
import { CompactEncrypt } from 'jose';
import { machineKey } from '../../identity/credentials/client-assertion.ts';

/**
 * A JWE that only the machine's key opens. The binding stands in the protected header, so that the machine refuses the text
 * for any other machine, resource or sequence (T51). Null and `{}` need no sealing.
 */
export async function sealSettings(
  settings: Readonly<Record<string, unknown>> | null,
  publicKey: string,
  binding: SealedSettingsBinding,
): Promise<ProtectedSettings> {
  if (settings === null || Object.keys(settings).length === 0) return { kind: 'none' };
  const jwe = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(settings)))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', ...binding })
    .encrypt(machineKey(publicKey).publicKey);
  return { kind: 'sealed', jwe };
}
