import { closeSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostileCorpus, temporaryDirectory, writeHostileZip } from '@sallyport/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { ArchiveError, archiveErrorCodes } from './archive-error.ts';
import { listPackage, readPackageEntry } from './read-package-entry.ts';
import { unpackPackage } from './unpack-package.ts';

const scratch = temporaryDirectory('hostile');
afterAll(() => scratch.remove());
const corpus = hostileCorpus();

async function refusal(bytes: Buffer, directory: string): Promise<unknown> {
  const file = join(scratch.path, 'package.zip');
  writeFileSync(file, bytes);
  const descriptor = openSync(file, 'r');
  try {
    return await unpackPackage(descriptor, directory).then(
      () => 'accepted',
      (error: unknown) => error,
    );
  } finally {
    closeSync(descriptor);
  }
}

describe('a hostile package is refused with its own code and nothing outside the directory is touched', () => {
  test('the corpus is as large as promised and covers every code that an archive can earn', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(100);
    const covered = new Set(corpus.map((specimen) => specimen.code));
    const ofArchives = Object.keys(archiveErrorCodes).filter((code) => code !== 'StagingUnsafe');
    expect(ofArchives.filter((code) => !covered.has(code))).toEqual([]);
  });

  test.each(corpus.map((specimen) => [specimen.attack, specimen.name, specimen.code, specimen.bytes] as const))(
    '%s %s: %s',
    async (_, __, code, bytes) => {
      const home = join(scratch.path, 'home');
      const staging = join(home, 'staging');
      mkdirSync(staging, { recursive: true, mode: 0o700 });
      writeFileSync(join(home, 'beside'), 'untouched');
      try {
        const error = await refusal(bytes, staging);
        expect(error).toBeInstanceOf(ArchiveError);
        expect(error).toMatchObject({ code });
        expect(readdirSync(home).sort()).toEqual(['beside', 'staging']);
        expect(readdirSync(scratch.path).sort()).toEqual(['home', 'package.zip']);
      } finally {
        rmSync(home, { recursive: true });
      }
    },
  );
});

describe('what the directory alone tells is refused before a byte is written', () => {
  const later = new Set(['HeadersDisagree', 'GapBetweenEntries', 'ChecksumMismatch', 'DataMalformed']);
  const lying = (name: string): boolean => name.includes('announce') || name.includes('local header');
  const early = corpus.filter((specimen) => !later.has(specimen.code) && !lying(specimen.name));

  test.each(early.map((specimen) => [specimen.attack, specimen.name, specimen.code, specimen.bytes] as const))(
    '%s %s: %s',
    (_, __, code, bytes) => {
      const file = join(scratch.path, 'early.zip');
      writeFileSync(file, bytes);
      const descriptor = openSync(file, 'r');
      try {
        expect(() => listPackage(descriptor)).toThrow(expect.objectContaining({ code }));
      } finally {
        closeSync(descriptor);
        rmSync(file);
      }
    },
  );
});

describe('T35 the directory must be nobody else’s', () => {
  const bytes = writeHostileZip({ entries: [{ name: 'f', content: 'x' }] });
  const at = (name: string): string => join(scratch.path, name);

  test('a link to a directory is refused', async () => {
    mkdirSync(at('real'), { mode: 0o700 });
    symlinkSync(at('real'), at('link'));
    expect(await refusal(bytes, at('link'))).toMatchObject({
      code: 'StagingUnsafe',
      message: expect.stringContaining('is not a directory'),
    });
    expect(readdirSync(at('real'))).toEqual([]);
    rmSync(at('link'));
    rmSync(at('real'), { recursive: true });
  });

  test('one that others may enter, one with something in it, and none at all are refused', async () => {
    mkdirSync(at('open'), { mode: 0o755 });
    expect(await refusal(bytes, at('open'))).toMatchObject({ code: 'StagingUnsafe' });
    rmSync(at('open'), { recursive: true });
    mkdirSync(at('full'), { mode: 0o700 });
    symlinkSync('/etc', join(at('full'), 'f'));
    expect(await refusal(bytes, at('full'))).toMatchObject({ code: 'StagingUnsafe' });
    rmSync(at('full'), { recursive: true });
    expect(await refusal(bytes, at('missing'))).toMatchObject({ code: 'StagingUnsafe' });
  });
});

describe('limits can be set lower', () => {
  test('T38 too many entries are refused by what the end record says, before any is looked at', () => {
    const file = join(scratch.path, 'announced.zip');
    writeFileSync(
      file,
      writeHostileZip({ entries: [{ name: 'f', content: 'x' }], end: { entries: 60_000, entriesHere: 60_000 } }),
    );
    const descriptor = openSync(file, 'r');
    try {
      expect(() => listPackage(descriptor)).toThrow(expect.objectContaining({ code: 'EntryLimit' }));
    } finally {
      closeSync(descriptor);
      rmSync(file);
    }
  });

  test('T38 a package at the limit passes, one beyond it does not', () => {
    const file = join(scratch.path, 'limits.zip');
    writeFileSync(
      file,
      writeHostileZip({
        entries: [
          { name: 'd/a', content: 'aa' },
          { name: 'd/b', content: 'b' },
        ],
      }),
    );
    const limits = {
      entries: 3,
      directoryBytes: 1000,
      totalBytes: 3,
      ratio: 0,
      ratioFreeBytes: 3,
      depth: 2,
      nameBytes: 3,
    };
    const descriptor = openSync(file, 'r');
    expect(readPackageEntry(descriptor, 'd/a', 2, limits)?.toString()).toBe('aa');
    for (const [key, code] of [
      ['entries', 'EntryLimit'],
      ['totalBytes', 'SizeLimit'],
      ['ratioFreeBytes', 'RatioLimit'],
      ['depth', 'DepthLimit'],
      ['nameBytes', 'NameTooLong'],
    ] as const) {
      expect(() => readPackageEntry(descriptor, 'd/a', 2, { ...limits, [key]: limits[key] - 1 })).toThrow(
        expect.objectContaining({ code }),
      );
    }
    expect(() => readPackageEntry(descriptor, 'd/a', 2, { ...limits, directoryBytes: 97 })).toThrow(
      expect.objectContaining({ code: 'EntryLimit' }),
    );
    expect(() => readPackageEntry(descriptor, 'd/a', 1, limits)).toThrow(
      expect.objectContaining({ code: 'SizeLimit' }),
    );
    expect(readPackageEntry(descriptor, 'd', 9, limits)).toBeUndefined();
    expect(readPackageEntry(descriptor, 'none', 9, limits)).toBeUndefined();
    closeSync(descriptor);
    rmSync(file);
  });
});
