import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** Renewed on a start within 30 days of its end. */
const renewalMilliseconds = 30 * 24 * 60 * 60 * 1000;

/**
 * Whether a server certificate can go on being used: issued by this authority, not near its end (30 days), and good for
 * every name. False for a text that is not a certificate. `now` is in milliseconds since 1970.
 */
export function serverCertificateIsCurrent(
  certificatePem: string,
  authorityPem: string,
  names: readonly string[],
  now: number,
): boolean {
  try {
    const certificate = new X509Certificate(certificatePem);
    const authority = new X509Certificate(authorityPem);
    return (
      certificate.checkIssued(authority) &&
      certificate.verify(authority.publicKey) &&
      certificate.validToDate.getTime() - now > renewalMilliseconds &&
      names.every((name) => covers(certificate, name))
    );
  } catch {
    // What cannot be read is not current; a new one is issued in its place.
    return false;
  }
}

function covers(certificate: X509Certificate, name: string): boolean {
  const match = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
  return match !== undefined;
}
