/** Certificates that service principals prove themselves with: the key counts, and when it may be used. Nobody has to have signed it. */
import { X509Certificate, type KeyObject } from 'node:crypto';

export interface Certificate {
  /** Base64 of the DER. */
  readonly der: string;
  /** Hex in lower case, as `openssl x509 -fingerprint` shows it without colons. */
  readonly sha256: string;
  readonly publicKey: KeyObject;
  /** What a signature by its key may use. */
  readonly algorithms: readonly string[];
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether the header of an assertion names this certificate, by `x5t` (SHA-1), `x5t#S256` or `kid` in one of their spellings. */
  isNamedBy(header: { readonly x5t?: unknown; readonly 'x5t#S256'?: unknown; readonly kid?: unknown }): boolean;
}

/** A certificate that cannot be used; the message says why. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/** Reads PEM or base64 of DER. Throws {@link CertificateError}. */
export function readCertificate(text: string): Certificate {
  // Somebody is about to hand over what only they should have.
  if (/PRIVATE KEY-----/.test(text))
    throw new CertificateError('This holds a private key. Send the certificate alone; the key stays with its holder.');
  let certificate: X509Certificate;
  try {
    const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0];
    certificate = new X509Certificate(pem ?? Buffer.from(text, 'base64'));
  } catch (error) {
    throw new CertificateError('This is not a certificate: neither PEM nor base64 of DER.', { cause: error });
  }
  const { publicKey, raw } = certificate;
  const sha256 = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const sha1 = Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex');
  const long = Buffer.from(sha256, 'hex');
  const kids = [sha1.toString('hex'), sha1.toString('base64url'), sha256, long.toString('base64url')];
  return {
    der: raw.toString('base64'),
    sha256,
    publicKey,
    algorithms: algorithmsOf(publicKey),
    subject: certificate.subject,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    isNamedBy: ({ x5t, 'x5t#S256': x5tS256, kid }) => {
      if (x5tS256 !== undefined) return withoutPadding(x5tS256) === long.toString('base64url');
      if (x5t !== undefined) return withoutPadding(x5t) === sha1.toString('base64url');
      return typeof kid === 'string' && (kids.includes(kid) || kids.includes(kid.toLowerCase()));
    },
  };
}

/** MSAL for Python fills up with `=`, which base64url in a header does not have. */
function withoutPadding(value: unknown): string | undefined {
  return typeof value === 'string' ? value.replace(/=+$/, '') : undefined;
}

function algorithmsOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): readonly string[] {
  const bits = details?.modulusLength ?? 0;
  if (type === 'rsa' && bits >= 2048 && bits <= 8192) return ['RS256', 'PS256'];
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return ['ES256'];
  throw new CertificateError('The key of the certificate is neither RSA with 2048 to 8192 bits nor ECDSA P-256.');
}
