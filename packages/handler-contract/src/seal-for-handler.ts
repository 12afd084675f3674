/** Protected settings as handlers expect them: CMS EnvelopedData that `openssl cms` and `openssl smime` open (contract §9). */
import { constants, createCipheriv, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto';
import { der, derInteger, derNull, derOctets, derOid, derSequence, derSet } from './der.ts';

/**
 * Encrypts for the holder of the certificate's RSA key: AES-256-CBC, its key in RSAES-PKCS1-v1_5 (the only key transport that
 * `openssl smime` understands). Gives DER; base64 of it goes into the settings file. Not authenticated: it protects what lies
 * on the disk of the machine that made it, not what travels.
 */
export function sealForHandler(certificatePem: string, plaintext: string | Uint8Array): Buffer {
  const certificate = new X509Certificate(certificatePem);
  const key = randomBytes(32);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const sealed = Buffer.concat([cipher.update(Buffer.from(plaintext)), cipher.final()]);
  const wrappedKey = publicEncrypt({ key: certificate.publicKey, padding: constants.RSA_PKCS1_PADDING }, key);
  key.fill(0);
  const recipient = derSequence(
    derInteger(Buffer.of(0)),
    derSequence(issuerOf(certificate.raw), derInteger(Buffer.from(certificate.serialNumber, 'hex'))),
    derSequence(derOid('1.2.840.113549.1.1.1'), derNull),
    derOctets(wrappedKey),
  );
  const content = derSequence(
    derOid('1.2.840.113549.1.7.1'),
    derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctets(iv)),
    der(0x80, sealed),
  );
  const enveloped = derSequence(derInteger(Buffer.of(0)), derSet(recipient), content);
  return derSequence(derOid('1.2.840.113549.1.7.3'), der(0xa0, enveloped));
}

/**
 * The issuer's name as the certificate spells it: the element after serial number and signature algorithm. The certificate
 * was parsed by OpenSSL a moment ago, so its structure is known to be sound.
 */
function issuerOf(certificate: Buffer): Buffer {
  let at = content(certificate, content(certificate, 0).start).start;
  if (certificate[at] === 0xa0) at = content(certificate, at).end;
  at = content(certificate, at).end;
  at = content(certificate, at).end;
  return certificate.subarray(at, content(certificate, at).end);
}

function content(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = bytes.readUInt8(at + 1);
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const size = first - 0x80;
  const start = at + 2 + size;
  return { start, end: start + bytes.readUIntBE(at + 2, size) };
}
