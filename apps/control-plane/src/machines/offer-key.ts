/** A machine brings its next key. Until it has signed in with it the old one stays good: a crash anywhere cuts nobody off. */
import { verify } from 'node:crypto';
import { keyRenewalText, type KeyRenewal } from '@sallyport/model/wire';
import type { Environment } from '../environment.ts';
import { machineKey } from '../identity/credentials/client-assertion.ts';
import type { Store } from '../store/store.ts';

export type KeyOffer =
  | { readonly outcome: 'kept' }
  | { readonly outcome: 'refused'; readonly code: string; readonly message: string };

/** Keys that were brought and not used. A machine brings the same one again; more than one are of two copies. */
const mostWaiting = 4;

/** Keeps the key as one that the machine may sign in with. */
export async function offerKey(
  environment: Environment,
  store: Store,
  vmId: string,
  { publicKey: sent, proof }: KeyRenewal,
): Promise<KeyOffer> {
  const publicKey = provenKey(vmId, sent, proof);
  if (publicKey === undefined) {
    const message =
      'The key is not base64 of an RSA public key of 2048 to 8192 bits in PKCS#1 DER, or the proof is not its signature.';
    return { outcome: 'refused', code: 'InvalidKey', message };
  }
  return store.observe<KeyOffer>(async (writer) => {
    const known = await writer
      .selectFrom('machine_keys')
      .select(['vm_id', 'state'])
      .where('public_key', '=', publicKey)
      .executeTakeFirst();
    if (known?.vm_id === vmId && known.state === 'next') return { value: { outcome: 'kept' }, events: [] };
    const current = await writer
      .selectFrom('machines')
      .select('vm_id')
      .where('public_key', '=', publicKey)
      .executeTakeFirst();
    if (known !== undefined || current !== undefined) {
      const message = 'The key is in use or was used before. Make a fresh one.';
      return { value: { outcome: 'refused', code: 'KeyUsedBefore', message }, events: [] };
    }
    const waiting = await writer
      .selectFrom('machine_keys')
      .select('public_key')
      .where('vm_id', '=', vmId)
      .where('state', '=', 'next')
      .orderBy('since', 'desc')
      .execute();
    for (const { public_key } of waiting.slice(mostWaiting - 1)) {
      await writer.deleteFrom('machine_keys').where('public_key', '=', public_key).execute();
    }
    await writer
      .insertInto('machine_keys')
      .values({ public_key: publicKey, vm_id: vmId, state: 'next', since: environment.now() })
      .execute();
    return { value: { outcome: 'kept' }, events: [] };
  });
}

/** The key in its one spelling, if its holder sent it. */
function provenKey(vmId: string, sent: string, proof: string): string | undefined {
  try {
    const key = machineKey(sent).publicKey;
    const signed = verify('sha256', Buffer.from(keyRenewalText(vmId, sent)), key, Buffer.from(proof, 'base64'));
    return signed ? key.export({ type: 'pkcs1', format: 'der' }).toString('base64') : undefined;
  } catch {
    // Not a key at all.
    return undefined;
  }
}
