/** `POST /agent/v1/machines/{vmId}/keys`: a machine brings the key that it wants to sign in with from now on. */
import * as z from 'zod/mini';

export const keyRenewalSchema = z.object({
  /** Base64 of PKCS#1 DER, as ARM's `clientPublicKey`. */
  publicKey: z.string().check(z.minLength(1), z.maxLength(4096)),
  /** Base64 of a signature of {@link keyRenewalText} with the new key (RSA, SHA-256): nobody brings a key that is not its own. */
  proof: z.string().check(z.minLength(1), z.maxLength(4096)),
});
export type KeyRenewal = z.infer<typeof keyRenewalSchema>;

/** What the proof signs. */
export function keyRenewalText(vmId: string, publicKey: string): string {
  return `sallyport-machine-key\n${vmId.toLowerCase()}\n${publicKey}`;
}
