/** T24: those who can make the control plane ask somebody cannot make it ask an inner address. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIdentityProviders } from '../identity/providers/identity-providers.ts';
import { createOutbound, OutboundRefused, type Outbound, type Resolve } from './outbound.ts';
import { outboundRule, readOutboundEntries, type OutboundEntry } from './outbound-rule.ts';

/** Stands inside, and counts who comes. */
let inside: Server;
let port: number;
let came = 0;

beforeAll(async () => {
  inside = createServer((request, response) => {
    if (request.url === '/redirect') response.writeHead(302, { location: `http://127.0.0.1:${port}/secret` }).end();
    else if (request.url === '/large') response.end(Buffer.alloc(5000));
    else response.end('secret');
  });
  inside.on('connection', () => {
    came += 1;
  });
  inside.listen(0, '127.0.0.1');
  await once(inside, 'listening');
  ({ port } = inside.address() as AddressInfo);
});
afterAll(() => inside.close());

const get = { method: 'GET', timeoutMilliseconds: 20_000, largestBytes: 1000 } as const;

function entries(text: string): readonly OutboundEntry[] {
  const read = readOutboundEntries(text);
  if (read === undefined) throw new Error(`'${text}' cannot be read.`);
  return read;
}

function outbound(allow = '', named: readonly string[] = [], resolve?: Resolve): Outbound {
  const rule = outboundRule(
    entries(allow),
    named.map((url) => new URL(url)),
  );
  return resolve === undefined ? createOutbound(rule) : createOutbound(rule, resolve);
}

describe('T24 what is an inner address', () => {
  const permits = (address: string, allow = ''): boolean =>
    outboundRule(entries(allow), []).permits(new URL('https://name.example'), address);

  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '100.100.100.200',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '2002:7f00:1::1',
    '2001::1',
    '2001:db8::1',
    'fe80::1',
    'fec0::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    'not an address',
  ])('%s is', (address) => {
    expect(permits(address)).toBe(false);
  });

  test.each([
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '192.167.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
  ])('%s is not', (address) => {
    expect(permits(address)).toBe(true);
  });

  test('a network that is named is open, and nothing beside it', () => {
    expect(permits('10.1.2.3', '10.1.0.0/16')).toBe(true);
    expect(permits('::ffff:10.1.2.3', '10.1.0.0/16')).toBe(true);
    expect(permits('10.2.0.1', '10.1.0.0/16')).toBe(false);
    expect(permits('fd12::1', 'fd12::/16, 10.0.0.0/8')).toBe(true);
    expect(permits('169.254.169.254', '10.0.0.0/8 fd12::/16')).toBe(false);
    expect(permits('10.0.0.7', 'name.example')).toBe(true);
    expect(permits('10.0.0.7', 'other.example')).toBe(false);
  });

  test.each([
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '10.0.0.0/x',
    '0x7f.1',
    '2130706433',
    'a b/8',
    'http://a',
    '*',
    'fd00::/129',
    '-a',
  ])('%s is no entry of the list', (text) => {
    expect(readOutboundEntries(text)).toBeUndefined();
  });
});

describe('T24 attacks', () => {
  test('no spelling of an inner address is connected to', async () => {
    const ask = outbound();
    const before = came;
    for (const host of [
      '127.0.0.1',
      '127.1',
      '0x7f.0.0.1',
      '0177.0.0.1',
      '2130706433',
      '0',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      'localhost',
      'localhost.',
      'good.example@127.0.0.1',
      'good.example:80@127.0.0.1',
      '１２７.0.0.1',
    ])
      await expect(ask(new URL(`http://${host}:${port}/`), get), host).rejects.toThrow(OutboundRefused);
    for (const url of ['file:///etc/passwd', 'ftp://8.8.8.8/', 'data:,x', `gopher://127.0.0.1:${port}/`])
      await expect(ask(new URL(url), get), url).rejects.toThrow(OutboundRefused);
    expect(came).toBe(before);
  });

  test('a name with one inner address among others is refused, and one that changes its meaning is resolved once', async () => {
    const inner = { address: '127.0.0.1', family: 4 };
    const outer = { address: '192.0.2.1', family: 4 };
    const mixed = outbound('192.0.2.0/24', [], () => Promise.resolve([outer, inner]));
    const before = came;
    await expect(mixed(new URL(`http://mixed.example:${port}/`), get)).rejects.toThrow('stands for 127.0.0.1');
    let asked = 0;
    // Outside when it is judged; inside for whoever asks again.
    const rebinding = outbound('192.0.2.0/24', [], () => {
      asked += 1;
      return Promise.resolve(asked === 1 ? [outer] : [inner]);
    });
    const short = { ...get, timeoutMilliseconds: 300 };
    await expect(rebinding(new URL(`http://rebinding.example:${port}/`), short)).rejects.toThrow(
      /abort|timeout|UNREACH|REFUSED|TIMEDOUT|EPERM|EACCES/i,
    );
    expect([asked, came]).toEqual([1, before]);
    await expect(outbound('', [], () => Promise.resolve([]))(new URL('http://nobody.example/'), get)).rejects.toThrow(
      'stands for no address',
    );
  });

  test('a redirect is an answer, and what is too large is cut', async () => {
    const ask = outbound('127.0.0.1');
    const before = came;
    const redirected = await ask(new URL(`http://127.0.0.1:${port}/redirect`), get);
    expect([redirected.status, redirected.body.toString()]).toEqual([302, '']);
    expect(came).toBe(before + 1);
    await expect(ask(new URL(`http://127.0.0.1:${port}/large`), get)).rejects.toThrow('too large');
  });

  test('what the configuration names is asked: an address on its own port, a host, a network', async () => {
    const url = new URL(`http://127.0.0.1:${port}/`);
    for (const ask of [outbound('', [url.href]), outbound('127.0.0.0/8'), outbound('127.0.0.1')])
      expect((await ask(url, get)).body.toString()).toBe('secret');
    const named = outbound('inner.example', [], () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]));
    expect((await named(new URL(`http://inner.example:${port}/`), get)).status).toBe(200);
    const other = outbound('', ['http://127.0.0.1:1/']);
    await expect(other(url, get)).rejects.toThrow(OutboundRefused);
  });

  test('an identity provider cannot send the control plane to an inner address for its keys', async () => {
    const before = came;
    const issuer = 'https://provider.example';
    for (const jwks_uri of [
      `https://127.0.0.1:${port}/keys`,
      `http://127.0.0.1:${port}/keys`,
      `https://[::1]:${port}/`,
    ]) {
      const discovery = JSON.stringify({ issuer, jwks_uri });
      const real = outbound();
      const provider = { issuer, caPem: undefined, audience: 'a', subjectClaim: 'sub', signIn: undefined };
      // The provider itself is outside; it answers, and the real way out is taken to wherever it points.
      const providers = createIdentityProviders(
        [provider],
        (url, request) =>
          url.hostname === 'provider.example'
            ? Promise.resolve({ status: 200, contentType: 'application/json', body: Buffer.from(discovery) })
            : real(url, request),
        () => Date.now(),
      );
      const token = `${Buffer.from('{"alg":"RS256","kid":"k"}').toString('base64url')}.${Buffer.from(JSON.stringify({ iss: issuer })).toString('base64url')}.AAAA`;
      await expect(providers.verify(provider, token, 'a')).rejects.toThrow(/could not be asked/);
    }
    expect(came).toBe(before);
  });
});
