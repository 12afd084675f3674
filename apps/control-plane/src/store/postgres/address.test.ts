import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { readPostgresAddress } from './address.ts';

const folder = temporaryDirectory('address');
afterAll(() => folder.remove());
const file = (name: string, content: string): string => {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
};

describe('an address of PostgreSQL', () => {
  test.each([
    [
      'postgres://u@db.test/d',
      { host: 'db.test', port: 5432, user: 'u', database: 'd', tls: { authorities: { kind: 'system' } } },
    ],
    ['postgresql://u:p%40w@db.test:6432/d', { port: 6432, password: 'p@w' }],
    ['postgres://u@127.0.0.1/d', { host: '127.0.0.1', tls: undefined }],
    ['postgres://u@[::1]:7/d', { host: '::1', port: 7, tls: undefined }],
    ['postgres://u@localhost/d', { host: 'localhost', tls: undefined }],
    ['postgres://u@127.0.0.1.test/d', { tls: { authorities: { kind: 'system' } } }],
    ['postgres://u@/d?host=/run/postgresql', { host: '/run/postgresql', tls: undefined, password: undefined }],
    ['postgres://u@db.test/d?sslmode=disable', { tls: undefined }],
    ['postgres://u@127.0.0.1/d?sslmode=verify-full', { tls: { authorities: { kind: 'system' } } }],
  ])('%s', (text, expected) => {
    expect(readPostgresAddress(text)).toMatchObject(expected);
  });

  test('password and authorities come from files', () => {
    const address = readPostgresAddress(
      `postgres://u@db.test/d?sslrootcert=${file('ca.pem', 'PEM')}`,
      file('password', 'the word\n'),
    );
    expect(address).toMatchObject({ password: 'the word', tls: { authorities: { kind: 'pem', pem: 'PEM' } } });
  });

  test.each([
    ['mysql://u@h/d', undefined, 'not of the form postgres://'],
    ['postgres://u@h', undefined, 'names no database'],
    ['postgres://h/d', undefined, 'names no user'],
    ['postgres://u@/d', undefined, 'names no host'],
    ['postgres://u@h/d?sslmode=require', undefined, 'does not keep out somebody in between'],
    ['postgres://u@h/d?sslmode=prefer', undefined, 'There are verify-full and disable'],
    ['postgres://u@h/d?sslmode=disable&sslrootcert=/x', undefined, 'does without TLS'],
    ['postgres://u@h/d?sslrootcert=/nowhere', undefined, "'/nowhere' (ENOENT)"],
    ['postgres://u@h/d?options=-c', undefined, "no parameter 'options'"],
    ['postgres://u:secret@h/d', 'secret', 'given twice'],
    ['postgres://u@h/d', '', 'the password and nothing else'],
    ['postgres://u@h/d', 'a\nb', 'the password and nothing else'],
  ])('T76 %s is refused, and the password is not told', (text, password, sentence) => {
    const attempt = (): unknown =>
      readPostgresAddress(text, password === undefined ? undefined : file('word', password));
    expect(attempt).toThrow(sentence);
    expect(attempt).not.toThrow('secret');
  });
});
