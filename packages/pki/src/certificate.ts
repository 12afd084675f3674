/** Builds and signs one X.509 v3 certificate: the part that a CA's and a server's have in common. */
import { webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

export interface CertificateRequest {
  readonly subject: string;
  readonly issuer: pkijs.RelativeDistinguishedNames;
  readonly publicKey: webcrypto.CryptoKey;
  readonly signingKey: webcrypto.CryptoKey;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly pkijs.Extension[];
}

const commonNameOid = '2.5.4.3';

/** A distinguished name with nothing but a common name. */
export function distinguishedName(commonName: string): pkijs.RelativeDistinguishedNames {
  return new pkijs.RelativeDistinguishedNames({
    typesAndValues: [
      new pkijs.AttributeTypeAndValue({ type: commonNameOid, value: new asn1js.Utf8String({ value: commonName }) }),
    ],
  });
}

/** The signed certificate as PEM. The serial number is random: 126 bits, positive. */
export async function signCertificate(request: CertificateRequest): Promise<string> {
  const crypto = engine();
  const certificate = new pkijs.Certificate();
  certificate.version = 2;
  certificate.serialNumber = new asn1js.Integer({ valueHex: randomSerial() });
  certificate.issuer = request.issuer;
  certificate.subject = distinguishedName(request.subject);
  certificate.notBefore.value = new Date(request.notBefore);
  certificate.notAfter.value = new Date(request.notAfter);
  certificate.extensions = [...request.extensions];
  await certificate.subjectPublicKeyInfo.importKey(request.publicKey, crypto);
  await certificate.sign(request.signingKey, 'SHA-256', crypto);
  return toPem(certificate.toSchema(true).toBER(false));
}

/** SHA-1 of a key's bits: the key identifier of RFC 5280 §4.2.1.2 (a name, not a protection). */
export async function keyIdentifier(key: webcrypto.CryptoKey): Promise<ArrayBuffer> {
  const info = new pkijs.PublicKeyInfo();
  await info.importKey(key, engine());
  return webcrypto.subtle.digest('SHA-1', new Uint8Array(info.subjectPublicKey.valueBlock.valueHexView));
}

/** An extension from its ASN.1 value. */
export function extension(oid: string, critical: boolean, value: asn1js.BaseBlock): pkijs.Extension {
  return new pkijs.Extension({ extnID: oid, critical, extnValue: value.toBER(false) });
}

/** `KeyUsage` with the given bits, 0 being digitalSignature and 5 keyCertSign. */
export function keyUsage(...bits: readonly number[]): pkijs.Extension {
  const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  const unused = 7 - Math.max(...bits);
  return extension(
    '2.5.29.15',
    true,
    new asn1js.BitString({ valueHex: new Uint8Array([byte]).buffer, unusedBits: unused }),
  );
}

function engine(): pkijs.ICryptoEngine {
  // The class lags behind its interface by four methods for key encapsulation, which nothing here calls.
  return new pkijs.CryptoEngine({
    name: 'node',
    crypto: webcrypto,
  }) as unknown as pkijs.ICryptoEngine;
}

function randomSerial(): ArrayBuffer {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.buffer;
}

function toPem(der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
