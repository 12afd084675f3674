import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPackage, readPackageEntry } from '@sallyport/archive';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { redact } from './redact.ts';
import { zipOf } from './zip-writer.ts';

test('the strict package reader can read what the writer writes', () => {
  using directory = temporaryDirectory('zip');
  const path = join(directory.path, 'logs.zip');
  const files = [
    { path: 'show.txt', content: Buffer.from('Resource Name : x\n'.repeat(100)) },
    { path: 'var/log/a b.log', content: Buffer.alloc(0) },
  ];
  writeFileSync(path, zipOf(files, Date.UTC(2026, 10, 23)));
  const descriptor = openSync(path, 'r');
  expect(listPackage(descriptor).map((entry) => entry.path)).toEqual(['show.txt', 'var/log/a b.log']);
  expect(readPackageEntry(descriptor, 'show.txt', 10_000)?.toString()).toBe(files[0]?.content.toString());
  closeSync(descriptor);
});

test.each([
  ['-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----', 'MIIabc'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIcut off', 'MIIcut'],
  ['authorization: Bearer abcdefgh12345678', 'abcdefgh12345678'],
  ['token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln', 'eyJhbGci'],
  ['http://user:pass@proxy:8080 failed', 'pass'],
  ['https://storage/x.zip?sv=1&sig=secret%3D&se=2', 'secret'],
  ['{"protectedSettings": "MIIBsecret=", "a": 1}', 'MIIBsecret'],
  ['{"password":"qu\\"oted"}', 'oted'],
])('T52 %s loses its secret', (text, secret) => {
  expect(redact(text)).not.toContain(secret);
});

test('ordinary lines stay as they are', () => {
  const line = '{"time":"2026-11-23T00:00:00.000Z","level":"info","message":"operation ends","result":"Succeeded"}';
  expect(redact(line)).toBe(line);
});
