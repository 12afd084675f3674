import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory, writeHostileZip, buildTestPackage } from '@sallyport/testkit';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { hashFile } from './hash-file.ts';
import { listPackage, readPackageEntry } from './read-package-entry.ts';
import { syncTree } from './sync-tree.ts';
import { unpackPackage, type UnpackSummary } from './unpack-package.ts';

const scratch = temporaryDirectory('honest');
afterAll(() => scratch.remove());
const file = join(scratch.path, 'package.zip');
const out = join(scratch.path, 'out');

async function unpacked<T>(bytes: Uint8Array, look: (summary: UnpackSummary) => T): Promise<T> {
  writeFileSync(file, bytes);
  mkdirSync(out, { mode: 0o700 });
  const descriptor = openSync(file, 'r');
  try {
    return look(await unpackPackage(descriptor, out));
  } finally {
    closeSync(descriptor);
    rmSync(out, { recursive: true });
  }
}

function treeOf(directory: string): ReadonlyMap<string, string> {
  const tree = new Map<string, string>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    tree.set(path.slice(directory.length + 1), entry.isDirectory() ? '/' : readFileSync(path).toString('latin1'));
  }
  return tree;
}

function expectedTree(files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> {
  const tree = new Map<string, string>();
  for (const [path, content] of files) {
    for (let up = dirname(path); up !== '.'; up = dirname(up)) tree.set(up, '/');
    tree.set(path, content.toString('latin1'));
  }
  return tree;
}

function sorted(tree: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...tree].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function zipByYazl(files: ReadonlyMap<string, Buffer>, compress: boolean): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, content] of files) zip.addBuffer(content, path, { compress, mtime: new Date(0), mode: 0o100644 });
  const chunks: Buffer[] = [];
  zip.end();
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Names and contents without conflicts: every file in a directory of its own number. */
const someFiles = fc
  .array(
    fc.tuple(
      fc.stringMatching(/^[a-zA-Z0-9_ -]{0,20}[a-z\u00e4\u4e2d]$/),
      fc.uint8Array({ maxLength: 3000 }),
      fc.nat(400),
    ),
    { maxLength: 12 },
  )
  .map(
    (items) =>
      new Map(
        items.map(([name, content, repeat], i) => [
          `dir${i}/sub/${name}`,
          Buffer.concat(Array.from({ length: i % 3 === 0 ? repeat : 1 }, () => Buffer.from(content))),
        ]),
      ),
  );

describe('honest packages come out as they went in', () => {
  test('whatever yazl writes', async () => {
    await fc.assert(
      fc.asyncProperty(someFiles, fc.boolean(), async (files, compress) => {
        const bytes = await zipByYazl(files, compress);
        await unpacked(bytes, (summary) => {
          expect(sorted(treeOf(out))).toEqual(sorted(expectedTree(files)));
          expect(summary.files).toBe(files.size);
          expect(summary.bytes).toBe([...files.values()].reduce((sum, content) => sum + content.length, 0));
          expect(summary.directories).toBe(files.size * 2);
        });
      }),
      { numRuns: 150 },
    );
  });

  test('whatever our own writer writes, with and without data descriptors', async () => {
    await fc.assert(
      fc.asyncProperty(
        someFiles,
        fc.constantFrom('signed' as const, 'unsigned' as const, undefined),
        fc.boolean(),
        async (files, descriptor, deflate) => {
          const entries = [...files].map(([name, content]) => ({
            name,
            content,
            deflate,
            ...(descriptor === undefined ? {} : { descriptor }),
          }));
          await unpacked(writeHostileZip({ entries }), () =>
            expect(sorted(treeOf(out))).toEqual(sorted(expectedTree(files))),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each([
    // Python's zipfile writes most packages in the wild; it deflates the nothing of a directory.
    [
      'Python',
      'UEsDBBQAAAAIAPC7d10AAAAAAgAAAAAAAAAEAAAAYmluLwMAUEsDBBQAAAAIAPC7d10OvAutFQAAAOgDAAAIAAAAYmluL3guc2hTVtRPyszTL87gUh5ljbJGWcOUBQBQSwMEFAAAAAgA8Lt3XSm7TA0EAAAAAgAAABQAAABIYW5kbGVyTWFuaWZlc3QuanNvbouOBQBQSwECFAMUAAAACADwu3ddAAAAAAIAAAAAAAAABAAAAAAAAAAAABAA/UEAAAAAYmluL1BLAQIUAxQAAAAIAPC7d10OvAutFQAAAOgDAAAIAAAAAAAAAAAAAACAASQAAABiaW4veC5zaFBLAQIUAxQAAAAIAPC7d10pu0wNBAAAAAIAAAAUAAAAAAAAAAAAAACAAV8AAABIYW5kbGVyTWFuaWZlc3QuanNvblBLBQYAAAAAAwADAKoAAACVAAAAAAA=',
    ],
    [
      'Info-ZIP',
      'UEsDBAoAAAAAAPG7d11E0mhwAwAAAAMAAAAUABwASGFuZGxlck1hbmlmZXN0Lmpzb25VVAkAA9XMBGvVzARrdXgLAAEEAAAAAAQAAAAAW10KUEsDBAoAAAAAAPG7d10AAAAAAAAAAAAAAAAEABwAYmluL1VUCQAD1cwEa9XMBGt1eAsAAQQAAAAABAAAAABQSwMEFAAAAAgA8bt3XaQJ0iMYAAAALQAAAAgAHABiaW4veC5zaFVUCQAD1cwEa9XMBGt1eAsAAQQAAAAABAAAAABTVtRPyszTL87gSk3OyFfISM3JwUlyAQBQSwECHgMKAAAAAADxu3ddRNJocAMAAAADAAAAFAAYAAAAAAABAAAApIEAAAAASGFuZGxlck1hbmlmZXN0Lmpzb25VVAUAA9XMBGt1eAsAAQQAAAAABAAAAABQSwECHgMKAAAAAADxu3ddAAAAAAAAAAAAAAAABAAYAAAAAAAAABAA7UFRAAAAYmluL1VUBQAD1cwEa3V4CwABBAAAAAAEAAAAAFBLAQIeAxQAAAAIAPG7d12kCdIjGAAAAC0AAAAIABgAAAAAAAEAAADtgY8AAABiaW4veC5zaFVUBQAD1cwEa3V4CwABBAAAAAAEAAAAAFBLBQYAAAAAAwADAPIAAADpAAAAAAA=',
    ],
  ])('what %s writes, with directories', async (_, base64) => {
    await unpacked(Buffer.from(base64, 'base64'), () => {
      expect([...treeOf(out).keys()].sort()).toEqual(['HandlerManifest.json', 'bin', 'bin/x.sh']);
      expect(readFileSync(join(out, 'bin/x.sh'), 'utf8')).toContain('#!/bin/sh');
    });
  });

  test('content larger than the window, compressible or not, streamed', async () => {
    const files = new Map([
      ['rand', randomBytes(3 * 1024 * 1024 + 17)],
      ['text', Buffer.from('line of text\n'.repeat(400_000))],
      ['exact', Buffer.alloc(1024 * 1024, 7)],
      ['over', Buffer.alloc(1024 * 1024 + 1, 8)],
      ['empty', Buffer.alloc(0)],
    ]);
    for (const deflate of [true, false]) {
      const entries = [...files].map(([name, content]) => ({ name, content, deflate }));
      await unpacked(writeHostileZip({ entries }), () => {
        for (const [name, content] of files) expect(readFileSync(join(out, name)).equals(content)).toBe(true);
      });
    }
  });

  test('an empty package is one', async () => {
    await unpacked(writeHostileZip({ entries: [] }), (summary) =>
      expect(summary).toEqual({ files: 0, directories: 0, bytes: 0 }),
    );
  });

  test('it can be looked into without unpacking', () => {
    writeFileSync(file, buildTestPackage({ 'a/x.sh': '#!/bin/sh\n', b: 'b'.repeat(1000) }));
    const descriptor = openSync(file, 'r');
    expect(listPackage(descriptor).map(({ path, isExecutable, size }) => [path, isExecutable, size])).toEqual([
      ['a/x.sh', true, 10],
      ['b', false, 1000],
    ]);
    expect(readPackageEntry(descriptor, 'b', 1000)?.toString()).toBe('b'.repeat(1000));
    closeSync(descriptor);
  });
});

describe('modes are ours, not the archive’s', () => {
  test('T36 set-uid, set-gid and sticky are dropped; files are executable by their owner (S1.3), whatever the umask', async () => {
    const modes = [0o104755, 0o102755, 0o101777, 0o106777, 0o100600, 0o100000, 0];
    const entries = [...modes.map((mode, i) => ({ name: `d/f${i}`, mode })), { name: 'e/', mode: 0o041777 }];
    for (const umask of [0o022, 0o077, 0o000]) {
      const before = process.umask(umask);
      try {
        await unpacked(writeHostileZip({ entries }), () => {
          const mode = (path: string): number => statSync(join(out, path)).mode & 0o7777;
          expect(modes.map((_, i) => mode(`d/f${i}`))).toEqual([0o755, 0o755, 0o755, 0o755, 0o744, 0o744, 0o744]);
          expect([mode('d'), mode('e')]).toEqual([0o755, 0o755]);
          expect(statSync(join(out, 'd/f0')).mtimeMs).toBeGreaterThan(Date.parse('2021-01-01'));
        });
      } finally {
        process.umask(before);
      }
    }
  });
});

describe('beside unpacking', () => {
  test('length and hash are those of the file, wherever the descriptor stands', () => {
    const bytes = randomBytes(2_500_000);
    const path = join(scratch.path, 'hashed');
    const descriptor = openSync(path, 'w+');
    writeSync(descriptor, bytes);
    expect(hashFile(descriptor)).toEqual({
      length: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    closeSync(descriptor);
    rmSync(path);
  });

  test.each(['each', 'whole', undefined] as const)('a tree is synced without a word (%s)', async (method) => {
    const tree = join(scratch.path, 'tree');
    mkdirSync(join(tree, 'a/b'), { recursive: true });
    for (let i = 0; i < 200; i += 1) writeFileSync(join(tree, 'a', `f${i}`), '');
    await syncTree(tree, method);
    rmSync(tree, { recursive: true });
    await expect(syncTree(tree, method)).rejects.toThrow('ENOENT');
  });
});
