import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { distinguishedName, extension, keyIdentifier, keyUsage, signCertificate } from './certificate.ts';
import { generateKeyPair, privateKeyPem } from './key-pair.ts';

/** A certificate authority: what is given to clients, and what never leaves the control plane. */
export interface Authority {
  readonly certificatePem: string;
  readonly keyPem: string;
}

const lifetimeMilliseconds = 3650 * 24 * 60 * 60 * 1000;
/** Clocks of machines run apart: valid from an hour ago. */
const backdateMilliseconds = 60 * 60 * 1000;

/** Makes a CA that may sign end certificates only (path length 0). `now` is in milliseconds since 1970. */
export async function createAuthority(commonName: string, now: number): Promise<Authority> {
  const keys = await generateKeyPair();
  const identifier = await keyIdentifier(keys.publicKey);
  const certificatePem = await signCertificate({
    subject: commonName,
    issuer: distinguishedName(commonName),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    notBefore: now - backdateMilliseconds,
    notAfter: now + lifetimeMilliseconds,
    extensions: [
      extension('2.5.29.19', true, new pkijs.BasicConstraints({ cA: true, pathLenConstraint: 0 }).toSchema()),
      keyUsage(5, 6),
      extension('2.5.29.14', false, new asn1js.OctetString({ valueHex: identifier })),
    ],
  });
  return { certificatePem, keyPem: await privateKeyPem(keys) };
}
