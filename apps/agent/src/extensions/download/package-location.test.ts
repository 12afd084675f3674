import { expect, test } from 'vitest';
import { mayFetchFrom, packageLocation } from './package-location.ts';

test.each([
  'https://storage.example/packages/abc.zip?sig=1',
  'http://mirror.internal:8080/abc.zip',
  'https://10.0.0.5/abc.zip',
  'https://127.0.0.1:8443/abc.zip',
  'https://[::1]:8443/abc.zip',
])('S1.4 %s may be asked: hosts change, and servers stand in private networks', (text) => {
  expect(packageLocation(text)).toMatchObject({ ok: true });
});

test.each([
  'file:///etc/shadow',
  'ftp://storage.example/abc.zip',
  'not a url',
  '',
  'https://user:password@storage.example/abc.zip',
  'https://user@storage.example/abc.zip',
  'http://169.254.169.254/metadata',
  'http://[::ffff:169.254.169.254]/metadata',
  'http://[fe80::1]/metadata',
  'http://2852039166/metadata',
  'http://0xA9FEA9FE/metadata',
  'http://0.0.0.0:8080/',
])('T24 %s is not', (text) => {
  expect(packageLocation(text)).toMatchObject({ ok: false });
});

test('T24 what a name stands for is judged the same way', () => {
  expect(mayFetchFrom('169.254.169.254')).toBe(false);
  expect(mayFetchFrom('::ffff:169.254.169.254')).toBe(false);
  expect(mayFetchFrom('fe80::1')).toBe(false);
  expect(mayFetchFrom('not an address')).toBe(false);
  expect(mayFetchFrom('192.168.1.1')).toBe(true);
});
