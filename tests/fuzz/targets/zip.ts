/** The package reader, in memory: a refusal with a code, or entries that hold to every rule (T32–T40). */
import { crc32 } from 'node:zlib';
import { ArchiveError, bytesInMemory, defaultArchiveLimits, walkPackage } from '@sallyport/archive';
import { writeHostileZip, type HostileEntry } from '@sallyport/testkit';
import { hold, requireCleanPrototype, type FuzzTarget } from '../target.ts';

const entries: readonly HostileEntry[] = [
  { name: 'HandlerManifest.json', content: '[{"handlerManifest": {}}]' },
  { name: 'bin/', mode: 0o040755 },
  { name: 'bin/run.sh', content: '#!/bin/sh\necho hello\n'.repeat(20), deflate: true, mode: 0o100755 },
  { name: 'l\u00e4ng/x', content: 'stored with a descriptor', descriptor: 'signed' },
  { name: 'y', content: 'z'.repeat(500), deflate: true, descriptor: 'unsigned' },
];
/** Lower than what packages may have, so that mutations reach them. */
const limits = { ...defaultArchiveLimits, totalBytes: 256 * 1024, ratioFreeBytes: 64 * 1024, entries: 64, depth: 8 };
const hex = (...texts: readonly string[]): readonly Buffer[] => texts.map((text) => Buffer.from(text, 'hex'));

const headerOfDirectory = Buffer.from('504b0102', 'hex');
const endRecordBytes = 22;

/** An end record that fits what is in front of it: where the directory begins, how long it is, how many entries it has. */
function withEndRecord(input: Buffer): Buffer {
  const body = input.subarray(0, Math.max(0, input.length - endRecordBytes));
  const first = body.indexOf(headerOfDirectory);
  const offset = first < 0 ? body.length : first;
  let count = 0;
  for (let at = offset; at >= 0 && at < body.length; at = body.indexOf(headerOfDirectory, at + 4)) count += 1;
  const end = Buffer.alloc(endRecordBytes);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(body.length - offset, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([body, end]);
}

export const zip: FuzzTarget = {
  reads: 'packages (packages/archive)',
  seeds: [
    writeHostileZip({ entries }),
    writeHostileZip({ entries: entries.slice(0, 2) }),
    writeHostileZip({ entries: entries.slice(2) }),
    writeHostileZip({ entries: entries.slice(0, 1) }),
    writeHostileZip({ entries: [] }),
  ],
  words: [
    ...hex('504b0304', '504b0102', '504b0506', '504b0606', '504b0607', '504b0708', 'ffffffff', 'ffff', '00000000'),
    ...hex('0100', '0800', '7570', '0199', 'eda1', 'c0af', '1f8b08'),
    ...['../', '..', './', '/', '\\', 'C:', 'bin', 'BIN', 'a\u0301', ' ', '.', '\0'].map((text) => Buffer.from(text)),
  ],
  most: 4096,
  mend: withEndRecord,
  async execute(input) {
    const paths = new Set<string>();
    let bytes = 0;
    const see = (path: string): void => {
      hold(
        !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path) && !/[\\\0]/.test(path),
        `a name that leads elsewhere came out: ${path}`,
      );
      hold(!paths.has(path.toLowerCase()), `a name came out twice: ${path}`);
      paths.add(path.toLowerCase());
    };
    try {
      await walkPackage(bytesInMemory(input), limits, {
        directory: ({ path }) => see(path),
        async file({ path, size }, content) {
          see(path);
          let length = 0;
          let sum = 0;
          await content((piece) => {
            length += piece.length;
            sum = crc32(piece, sum);
            hold(length <= size, `more came out than '${path}' announces`);
          });
          hold(length === size, `less came out than '${path}' announces`);
          bytes += length;
        },
      });
    } catch (error) {
      if (error instanceof ArchiveError) return 'refused';
      throw error;
    }
    hold(bytes <= limits.totalBytes, 'more came out than a package may hold');
    hold(paths.size <= limits.entries, 'there are more entries than a package may have');
    requireCleanPrototype();
    return 'accepted';
  },
};
