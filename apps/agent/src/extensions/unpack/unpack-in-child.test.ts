import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { buildTestPackage, noopHandler, temporaryDirectory, writeHostileZip } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { startUnpacker } from './unpack-in-child.ts';
import type { UnpackAnswer } from './unpack-request.ts';

const never = new AbortController().signal;
const program = join(import.meta.dirname, '../../unpack-main.ts');

interface Outcome {
  readonly answer: UnpackAnswer;
  readonly files: readonly string[];
}

async function unpack(
  bytes: Buffer,
  lie: { readonly sha256?: string; readonly length?: number } = {},
): Promise<Outcome> {
  using directory = temporaryDirectory('unpack');
  const file = join(directory.path, 'package.zip');
  const staging = join(directory.path, 'staging');
  writeFileSync(file, bytes);
  mkdirSync(staging, { mode: 0o700 });
  const descriptor = openSync(file, 'r');
  const unpacker = startUnpacker({ program, places: [{ descriptor, staging }] });
  try {
    const sha256 = lie.sha256 ?? createHash('sha256').update(bytes).digest('hex');
    const answer = await unpacker.unpack(0, { length: lie.length ?? bytes.length, sha256 }, never);
    return { answer, files: readdirSync(staging).sort() };
  } finally {
    unpacker.dispose();
    closeSync(descriptor);
  }
}

test('S1.6 a package that is what was signed is unpacked', async () => {
  const { answer, files } = await unpack(buildTestPackage(noopHandler));
  expect(answer).toEqual({ ok: true, manifests: ['HandlerManifest.json'] });
  expect(files).toEqual(['HandlerManifest.json', 'bin']);
});

test('S1.6 T20 one that is not is not opened', async () => {
  const bytes = buildTestPackage(noopHandler);
  for (const lie of [{ sha256: '0'.repeat(64) }, { length: bytes.length + 1 }]) {
    const { answer, files } = await unpack(bytes, lie);
    expect(answer).toMatchObject({ ok: false, code: 'PackageMismatch' });
    expect(files).toEqual([]);
  }
});

test('T32 one that is refused says by which rule', async () => {
  const { answer } = await unpack(writeHostileZip({ entries: [{ name: '/etc/evil', content: Buffer.from('x') }] }));
  expect(answer).toMatchObject({ ok: false, code: 'PackageMalformed' });
  expect(answer).toHaveProperty('message', expect.stringContaining('NameAbsolute'));
});

test('T56 whoever takes the process over can write to directories of its own and do nothing else', async () => {
  using directory = temporaryDirectory('unpack');
  const staging = join(directory.path, 'staging');
  mkdirSync(staging);
  mkdirSync(`${staging}2`);
  const secret = join(directory.path, 'secret.txt');
  writeFileSync(secret, 'secret');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const hostile = join(directory.path, 'hostile.cjs');
  writeFileSync(
    hostile,
    `const attempts = {
      read: () => require('fs').readFileSync(${JSON.stringify(secret)}),
      beside: () => require('fs').writeFileSync(${JSON.stringify(join(`${staging}2`, 'x.txt'))}, 'x'),
      write: () => require('fs').writeFileSync(${JSON.stringify(join(directory.path, 'outside.txt'))}, 'x'),
      link: () => require('fs').symlinkSync('/etc', ${JSON.stringify(join(staging, 'link'))}),
      spawn: () => require('child_process').execFileSync('true'),
      worker: () => new (require('worker_threads').Worker)('1', { eval: true }),
      addon: () => process.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6'),
      connect: () => new Promise((resolve, reject) => require('net').connect(${port}, '127.0.0.1', resolve).on('error', reject)),
      inside: () => require('fs').writeFileSync(${JSON.stringify(join(staging, 'inside.txt'))}, 'x'),
      environment: () => { if (Object.keys(process.env).length === 0) throw new Error('empty'); },
    };
    (async () => {
      const done = [];
      for (const [name, attempt] of Object.entries(attempts)) {
        try { await attempt(); done.push(name); } catch {}
      }
      process.stdout.write(JSON.stringify({ ok: true, manifests: done }));
      process.exit(0);
    })();`,
  );
  const descriptor = openSync(secret, 'r');
  const unpacker = startUnpacker({ program: hostile, places: [{ descriptor, staging }] });
  const answer = await unpacker.unpack(0, { length: 1, sha256: '' }, never);
  closeSync(descriptor);
  server.close();
  expect(answer).toEqual({ ok: true, manifests: ['inside'] });
  expect(readFileSync(secret, 'utf8')).toBe('secret');
  expect(existsSync(join(directory.path, 'outside.txt'))).toBe(false);
});
