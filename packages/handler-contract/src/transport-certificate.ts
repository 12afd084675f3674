/** The certificate that a machine's handlers open their protected settings with (contract §9). */
import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { derBits, derInteger, derNull, derOid, derSequence, derSet, derTime, derUtf8 } from './der.ts';

export interface TransportCertificate {
  readonly certificatePem: string;
  /** PKCS#8. Secret: 0400 on disk, beside the certificate. */
  readonly privateKeyPem: string;
  /** Upper-case SHA-1 hex of the certificate: the name of its files. */
  readonly thumbprint: string;
}

export interface TransportCertificateOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** That many random bytes, for the serial number. */
  random(size: number): Uint8Array;
}

const validityDays = 730;
const day = 24 * 60 * 60 * 1000;
const sha256WithRsa = derSequence(derOid('1.2.840.113549.1.1.11'), derNull);

/** A fresh RSA-2048 key and its self-signed certificate, CN=LinuxTransport, valid for 730 days from `now`. */
export function createTransportCertificate(options: TransportCertificateOptions): TransportCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const name = derSequence(derSet(derSequence(derOid('2.5.4.3'), derUtf8('LinuxTransport'))));
  const serial = Buffer.from(options.random(16));
  // Positive and of constant length, as serial numbers should be.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const body = derSequence(
    derInteger(serial),
    sha256WithRsa,
    name,
    derSequence(derTime(options.now), derTime(options.now + validityDays * day)),
    name,
    publicKey,
  );
  const signature = sign('sha256', body, createPrivateKey(privateKey));
  const certificate = derSequence(body, sha256WithRsa, derBits(signature));
  return {
    certificatePem: pem('CERTIFICATE', certificate),
    privateKeyPem: privateKey,
    thumbprint: createHash('sha1').update(certificate).digest('hex').toUpperCase(),
  };
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
