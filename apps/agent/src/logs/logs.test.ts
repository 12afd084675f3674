import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPackage, readPackageEntry } from '@sallyport/archive';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { processEnvironment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { collectLogs } from './collect-logs.ts';
import { redact } from './redact.ts';
import { zipOf, type ZipFile } from './zip-writer.ts';

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
  ['{"output":"[stdout]\\n{\\"protectedSettings\\": \\"MIIBsecret=\\", \\"a\\": 1}"}', 'MIIBsecret'],
  ['MIIcutOff\nMIImore\n-----END PRIVATE KEY-----\nafter', 'MIIcutOff'],
  ['callback=https%3A%2F%2Fstorage%2Fx%3Fsig%3Dsecret%26se', 'secret'],
])('T52 %s loses its secret', (text, secret) => {
  expect(redact(text)).not.toContain(secret);
});

test('ordinary lines stay as they are', () => {
  const line = '{"time":"2026-11-23T00:00:00.000Z","level":"info","message":"operation ends","result":"Succeeded"}';
  expect(redact(line)).toBe(line);
});

test('T52 of a long file the end is kept, from a whole line on, and what does not fit is named', () => {
  using directory = temporaryDirectory('logs');
  const environment = { ...processEnvironment(), root: directory.path };
  const paths = agentPaths(directory.path);
  mkdirSync(paths.logs, { recursive: true });
  mkdirSync(paths.managerLogs, { recursive: true });
  const long = `${'x'.repeat(500)} https://storage/?sig=halfasecret\n${'line\n'.repeat(100)}end\n`;
  writeFileSync(join(paths.logs, 'himds.log'), long);
  writeFileSync(join(paths.managerLogs, 'gc_ext.log'), 'manager\n');
  const text = (files: readonly ZipFile[], name: string): string =>
    Buffer.from(files.find(({ path }) => path.endsWith(name))?.content ?? '').toString();
  const cut = collectLogs(environment, false, { file: 510, all: 100_000 });
  expect(text(cut, 'himds.log')).toBe(`${'line\n'.repeat(100)}end\n`);
  expect(text(cut, 'gc_ext.log')).toBe('manager\n');
  const small = collectLogs(environment, false, { file: 510, all: 500 });
  expect(text(small, 'left-out.txt')).toBe('var/lib/GuestConfig/ext_mgr_logs/gc_ext.log\n');
});
