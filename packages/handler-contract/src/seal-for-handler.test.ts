import { execFileSync } from 'node:child_process';
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasProgram } from '@sallyport/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { sealForHandler } from './seal-for-handler.ts';
import { createTransportCertificate } from './transport-certificate.ts';

const now = Date.UTC(2026, 10, 23);
const transport = createTransportCertificate({ now, random: randomBytes });
const directory = mkdtempSync(join(tmpdir(), 'sallyport-seal-'));
afterAll(() => rmSync(directory, { recursive: true }));
const certificate = join(directory, 'x.crt');
const key = join(directory, 'x.prv');
writeFileSync(certificate, transport.certificatePem);
writeFileSync(key, transport.privateKeyPem, { mode: 0o400 });

function open(tool: 'cms' | 'smime', sealed: Buffer): string {
  return execFileSync('openssl', [tool, '-inform', 'DER', '-decrypt', '-recip', certificate, '-inkey', key], {
    input: sealed,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

describe.runIf(hasProgram('openssl'))(
  'S1.7 protected settings reach a handler encrypted (needs the program openssl)',
  () => {
    test.each(['cms', 'smime'] as const)('openssl %s opens what was sealed', (tool) => {
      for (const text of ['{}', JSON.stringify({ secret: 'pä§$'.repeat(5000) }), 'x'.repeat(16)]) {
        const sealed = sealForHandler(transport.certificatePem, text);
        expect(sealed.includes('secret')).toBe(false);
        expect(open(tool, sealed)).toBe(text);
      }
    });

    test('two sealings of one text differ', () => {
      const once = sealForHandler(transport.certificatePem, '{}');
      expect(once.equals(sealForHandler(transport.certificatePem, '{}'))).toBe(false);
    });

    test('it opens for a certificate that openssl made too, with extensions and another name', () => {
      const [otherCertificate, otherKey] = [join(directory, 'o.crt'), join(directory, 'o.prv')];
      const subject = ['-subj', '/C=DE/O=Somebody/CN=Something else'];
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', otherKey, '-out', otherCertificate, ...subject],
        { stdio: 'ignore' },
      );
      const pem = execFileSync('cat', [otherCertificate], { encoding: 'utf8' });
      const opened = execFileSync(
        'openssl',
        ['smime', '-inform', 'DER', '-decrypt', '-recip', otherCertificate, '-inkey', otherKey],
        { input: sealForHandler(pem, 'text'), encoding: 'utf8' },
      );
      expect(opened).toBe('text');
    });
  },
);

describe('the transport certificate', () => {
  test('is self-signed for CN=LinuxTransport, RSA-2048, 730 days, and fits its key', () => {
    const read = new X509Certificate(transport.certificatePem);
    expect(read.subject).toBe('CN=LinuxTransport');
    expect(read.checkIssued(read) && read.verify(read.publicKey)).toBe(true);
    expect(read.checkPrivateKey(createPrivateKey(transport.privateKeyPem))).toBe(true);
    expect(read.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(Date.parse(read.validTo) - Date.parse(read.validFrom)).toBe(730 * 86_400_000);
    expect(read.fingerprint.replaceAll(':', '')).toBe(transport.thumbprint);
    expect(read.serialNumber).toHaveLength(32);
  });

  test.runIf(hasProgram('openssl'))('openssl accepts it as its own root (needs the program openssl)', () => {
    const at = String(now / 1000 + 86_400);
    const said = execFileSync('openssl', ['verify', '-attime', at, '-CAfile', certificate, certificate], {
      encoding: 'utf8',
    });
    expect(said.trim()).toBe(`${certificate}: OK`);
    const text = execFileSync('openssl', ['x509', '-in', certificate, '-noout', '-fingerprint', '-sha1'], {
      encoding: 'utf8',
    });
    expect(text.replaceAll(':', '')).toContain(transport.thumbprint);
  });

  test('dates from 2050 on are written as certificates demand', () => {
    const late = createTransportCertificate({ now: Date.UTC(2049, 5, 1), random: randomBytes });
    const read = new X509Certificate(late.certificatePem);
    expect(new Date(read.validFrom).getUTCFullYear()).toBe(2049);
    expect(new Date(read.validTo).getUTCFullYear()).toBe(2051);
  });
});
