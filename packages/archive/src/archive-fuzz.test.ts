/** Bytes of honest packages changed at random: refused, or the same content as before. Nothing else, nowhere else (T32–T40). */
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { memoryDirectory, writeHostileZip, type HostileEntry } from '@sallyport/testkit';
import { afterAll, expect, test } from 'vitest';
import { ArchiveError } from './archive-error.ts';
import { unpackPackage } from './unpack-package.ts';

const scratch = memoryDirectory('fuzz');
afterAll(() => scratch.remove());
const iterations = 20_000;

/** A small, fast, seeded generator (mulberry32): the same run every time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const entries: readonly HostileEntry[] = [
  { name: 'HandlerManifest.json', content: '[{"handlerManifest": {}}]' },
  { name: 'bin/', mode: 0o040755 },
  { name: 'bin/run.sh', content: '#!/bin/sh\necho hello\n'.repeat(20), deflate: true, mode: 0o100755 },
  { name: 'l\u00e4ng/x', content: 'stored with a descriptor', descriptor: 'signed' },
  { name: 'y', content: 'z'.repeat(500), deflate: true, descriptor: 'unsigned' },
];
const content = new Map(entries.map((entry) => [entry.name.toString(), (entry.content ?? '').toString()]));
const seeds = [
  writeHostileZip({ entries }),
  writeHostileZip({ entries: entries.slice(0, 2) }),
  writeHostileZip({ entries: entries.slice(2) }),
];

function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  for (let changes = 1 + random(3); changes > 0; changes -= 1) {
    const at = random(copy.length);
    const kind = random(6);
    if (kind === 0) copy[at] = random(256);
    else if (kind === 1) copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
    else if (kind === 2) copy[at] = [0, 0xff, 0x2e, 0x2f, 0x5c, 0x50][random(6)] ?? 0;
    else if (kind === 3) copy.copyWithin(at, random(copy.length), random(copy.length));
    else if (kind === 4) return copy.subarray(0, at);
    else return Buffer.concat([copy.subarray(0, at), Buffer.alloc(random(4), random(256)), copy.subarray(at)]);
  }
  return copy;
}

test(
  `T32 T37 T39 ${iterations} mutations: a refusal with a code, or exactly the content there was`,
  { timeout: 300_000 },
  async () => {
    const random = generator(20_261_123);
    const file = openSync(join(scratch.path, 'package.zip'), 'w+');
    const home = join(scratch.path, 'home');
    const out = join(home, 'out');
    mkdirSync(out, { recursive: true, mode: 0o700 });
    let accepted = 0;
    let clean = true;
    for (let i = 0; i < iterations; i += 1) {
      const bytes = mutate(seeds[i % seeds.length] ?? Buffer.alloc(0), random);
      ftruncateSync(file, 0);
      writeSync(file, bytes, 0, bytes.length, 0);
      if (!clean) {
        rmSync(out, { recursive: true });
        mkdirSync(out, { mode: 0o700 });
      }
      const paths: string[] = [];
      const result = await unpackPackage(file, out, { onFile: (path) => paths.push(path) }).catch(
        (error: unknown) => error,
      );
      clean = readdirSync(out).length === 0;
      if (result instanceof ArchiveError) continue;
      if (result instanceof Error) throw new Error(`iteration ${i} failed without a code`, { cause: result });
      accepted += 1;
      for (const path of paths) {
        expect(readFileSync(join(out, path), 'utf8')).toBe(content.get(path));
      }
      expect(readdirSync(home)).toEqual(['out']);
    }
    closeSync(file);
    expect(readdirSync(scratch.path).sort()).toEqual(['home', 'package.zip']);
    // Dates, owners' bits and comments may change without harm; if nothing passed, the test would prove nothing.
    expect(accepted).toBeGreaterThan(100);
    expect(accepted).toBeLessThan(iterations / 2);
  },
);
