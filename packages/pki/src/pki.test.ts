import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createAuthority,
  issueServerCertificate,
  serverCertificateIsCurrent,
  type Authority,
  type ServerCertificate,
} from './index.ts';
import { addressBytes } from './ip-address.ts';

const names = ['localhost', '127.0.0.1', '::1', 'plane.example.test'] as const;
const day = 24 * 60 * 60 * 1000;

describe('the authority and its server certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pki-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const now = Date.now();
  let authority: Authority;
  let server: ServerCertificate;
  beforeAll(async () => {
    authority = await createAuthority('Sallyport test CA', now);
    server = await issueServerCertificate(authority, names, now);
    writeFileSync(join(folder, 'ca.pem'), authority.certificatePem);
    writeFileSync(join(folder, 'server.pem'), server.certificatePem);
  });

  function openssl(...args: string[]): string {
    const run = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    return run.stdout + run.stderr;
  }

  test('openssl accepts the chain for a TLS server under strict rules, and each of its names', () => {
    for (const name of names) {
      const option = name.includes('localhost') || name.includes('example') ? '-verify_hostname' : '-verify_ip';
      const said = openssl(
        'verify',
        '-x509_strict',
        '-purpose',
        'sslserver',
        '-CAfile',
        'ca.pem',
        option,
        name,
        'server.pem',
      );
      expect(said).toBe('server.pem: OK\n');
    }
    expect(openssl('verify', '-CAfile', 'ca.pem', '-verify_hostname', 'other.test', 'server.pem')).toContain(
      'mismatch',
    );
  });

  test('the CA can sign end certificates only, the server certificate none', () => {
    const ca = openssl('x509', '-in', 'ca.pem', '-noout', '-text');
    expect(ca).toContain('CA:TRUE, pathlen:0');
    expect(ca).toContain('Certificate Sign, CRL Sign');
    expect(ca).toContain('prime256v1');
    const end = openssl('x509', '-in', 'server.pem', '-noout', '-text');
    expect(end).toContain('CA:FALSE');
    expect(end).toContain('TLS Web Server Authentication');
    expect(end).toContain('IP Address:0:0:0:0:0:0:0:1');
  });

  test('Node trusts the server that uses it', async () => {
    const listening = createServer({ key: server.keyPem, cert: server.certificatePem }, (_, response) =>
      response.end('yes'),
    );
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    const status = await new Promise((resolve, reject) => {
      get({ host: 'localhost', port, ca: authority.certificatePem, agent: false, family: 4 }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(200);
    await new Promise((resolve) => listening.close(resolve));
  });

  test('a certificate is renewed near its end, for a new name, and under another authority', async () => {
    const ends = new X509Certificate(server.certificatePem).validToDate.getTime();
    const current = (at: number, wanted: readonly string[], ca = authority.certificatePem): boolean =>
      serverCertificateIsCurrent(server.certificatePem, ca, wanted, at);
    expect(current(now, names)).toBe(true);
    expect(current(ends - 31 * day, names)).toBe(true);
    expect(current(ends - 29 * day, names)).toBe(false);
    expect(current(now, [...names, 'new.example.test'])).toBe(false);
    expect(current(now, [...names, '10.0.0.1'])).toBe(false);
    const other = await createAuthority('Sallyport test CA', now);
    expect(current(now, names, other.certificatePem)).toBe(false);
    expect(serverCertificateIsCurrent('nonsense', authority.certificatePem, names, now)).toBe(false);
  });
});

test('IP addresses become the bytes a certificate holds', () => {
  const hex = (address: string): string => Buffer.from(addressBytes(address)).toString('hex');
  expect(hex('127.0.0.1')).toBe('7f000001');
  expect(hex('::1')).toBe('00000000000000000000000000000001');
  expect(hex('fe80::1:2')).toBe('fe800000000000000000000000010002');
  expect(hex('2001:db8:0:1:2:3:4:5')).toBe('20010db8000000010002000300040005');
  expect(hex('::ffff:10.0.0.1')).toBe('00000000000000000000ffff0a000001');
});
