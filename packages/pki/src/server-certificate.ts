import { webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { Authority } from './authority.ts';
import { extension, keyIdentifier, keyUsage, signCertificate } from './certificate.ts';
import { addressBytes } from './ip-address.ts';
import { generateKeyPair, importSigningKey, privateKeyPem } from './key-pair.ts';

export interface ServerCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** 397 days: the longest that common TLS clients accept. */
const lifetimeMilliseconds = 397 * 24 * 60 * 60 * 1000;
const backdateMilliseconds = 60 * 60 * 1000;

/**
 * Issues a TLS server certificate with its own fresh key. `names` are DNS names and IP addresses, at least one; the first is
 * the common name. `now` is in milliseconds since 1970. Throws when the authority's key or certificate cannot be read.
 */
export async function issueServerCertificate(
  authority: Authority,
  names: readonly [string, ...string[]],
  now: number,
): Promise<ServerCertificate> {
  const issuer = pkijs.Certificate.fromBER(new X509Certificate(authority.certificatePem).raw);
  const keys = await generateKeyPair();
  const certificatePem = await signCertificate({
    subject: names[0],
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await importSigningKey(authority.keyPem),
    notBefore: now - backdateMilliseconds,
    notAfter: now + lifetimeMilliseconds,
    extensions: [
      extension('2.5.29.19', true, new pkijs.BasicConstraints({ cA: false }).toSchema()),
      keyUsage(0),
      extension('2.5.29.37', false, new pkijs.ExtKeyUsage({ keyPurposes: ['1.3.6.1.5.5.7.3.1'] }).toSchema()),
      extension('2.5.29.17', false, new pkijs.GeneralNames({ names: names.map(generalName) }).toSchema()),
      extension('2.5.29.14', false, new asn1js.OctetString({ valueHex: await keyIdentifier(keys.publicKey) })),
      await authorityKeyIdentifier(issuer),
    ],
  });
  return { certificatePem, keyPem: await privateKeyPem(keys) };
}

function generalName(name: string): pkijs.GeneralName {
  if (isIP(name) === 0) return new pkijs.GeneralName({ type: 2, value: name });
  return new pkijs.GeneralName({ type: 7, value: new asn1js.OctetString({ valueHex: addressBytes(name) }) });
}

async function authorityKeyIdentifier(issuer: pkijs.Certificate): Promise<pkijs.Extension> {
  const bits = new Uint8Array(issuer.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView);
  const identifier = await webcrypto.subtle.digest('SHA-1', bits);
  const value = new pkijs.AuthorityKeyIdentifier({ keyIdentifier: new asn1js.OctetString({ valueHex: identifier }) });
  return extension('2.5.29.35', false, value.toSchema());
}
