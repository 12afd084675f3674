import { expect, test } from 'vitest';
import { fullProxyUrl, hasProxyCredentials, parseProxyUrl, propertyOf } from './index.ts';

const good: readonly (readonly [string, string, string?, string?])[] = [
  ['http://proxy', 'http://proxy'],
  [' HTTP://Proxy.Example:3128/ ', 'HTTP://Proxy.Example:3128'],
  ['https://10.0.0.1:8080', 'https://10.0.0.1:8080'],
  ['http://[::1]:3128', 'http://[::1]:3128'],
  ['http://user:password@proxy:1', 'http://***@proxy:1', 'user', 'password'],
  ['http://user:p@ss/w:ord@proxy:1', 'http://***@proxy:1', 'user', 'p@ss/w:ord'],
  ['http://us%40er:100%@proxy:1', 'http://***@proxy:1', 'us@er', '100%'],
  ['http://user@proxy', 'http://***@proxy', 'user', ''],
];

for (const [text, shown, user, password] of good) {
  test(`proxy.url ${text} is shown as ${shown}`, () => {
    const result = parseProxyUrl(text);
    if (!result.ok) throw new Error(result.reason);
    expect(result.value).toEqual(user === undefined ? { shown } : { shown, credentials: { user, password } });
    expect(hasProxyCredentials(shown)).toBe(user !== undefined);
    expect(propertyOf('proxy.url').kind.parse(text)).toEqual({ ok: true, value: shown });
    expect(propertyOf('proxy.url').kind.fromJson(shown)).toEqual({ ok: true, value: shown });
  });
}

for (const text of [
  'proxy:3128',
  'xhttp://proxy',
  'ftp://proxy',
  'http://',
  'http://proxy/path',
  'http://proxy?x',
  'http://proxy:99999',
  'http://pro xy',
  'http://:secret@proxy',
  'http://us\u0001er:secret@proxy',
  `http://${'a'.repeat(2050)}`,
]) {
  test(`proxy.url refuses ${JSON.stringify(text.slice(0, 40))}, and no reason quotes it`, () => {
    const result = parseProxyUrl(text);
    expect(result).toEqual({
      ok: false,
      reason: 'it must have the form http://host:port or http://user:password@host:port, with http or https',
    });
  });
}

test('an address has at most 2048 characters', () => {
  expect(parseProxyUrl(`http://${'p'.repeat(10)}:secret@proxy`.padEnd(2048, ' ')).ok).toBe(true);
  expect(parseProxyUrl('http://proxy'.padEnd(2049, ' ')).ok).toBe(false);
});

test('the shown form cannot be set: the stored credentials would be lost', () => {
  const result = parseProxyUrl('http://***@proxy');
  expect(result.ok || result.reason).toContain('give them in full');
});

test('the full address carries the credentials, encoded', () => {
  const full = fullProxyUrl('http://***@proxy:1', { user: 'us@er', password: 'p$&/: w' });
  expect(full).toBe('http://us%40er:p%24%26%2F%3A%20w@proxy:1');
  expect(new URL(full).hostname).toBe('proxy');
});
