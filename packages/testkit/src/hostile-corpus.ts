/** Archives that no reader may accept, each with the one thing that is wrong about it (T32–T40). */
import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { writeHostileZip, type HostileArchive, type HostileEntry } from './hostile-zip.ts';

export interface HostileSpecimen {
  /** What is wrong, in a few words. */
  readonly name: string;
  /** The attack of the threat model. */
  readonly attack: string;
  /** The code that the strict reader refuses it with. */
  readonly code: string;
  readonly bytes: Buffer;
}

type Row = readonly [attack: string, code: string, name: string, archive: HostileArchive | Buffer];

const honest: HostileEntry = { name: 'a.txt', content: 'honest content' };
const one = (entry: HostileEntry): HostileArchive => ({ entries: [honest, entry] });
const named = (name: string | Buffer, flags?: number): HostileArchive =>
  one({ name, content: 'x', mode: 0o100644, ...(flags === undefined ? {} : { flags }) });
const extra = (id: number, length: number): Buffer => {
  const field = Buffer.alloc(4 + length);
  field.writeUInt16LE(id, 0);
  field.writeUInt16LE(length, 2);
  return field;
};
const zeros = Buffer.alloc(4096);
/** Two megabytes that do not compress, the same each time. */
const noise = Buffer.concat(Array.from({ length: 65_536 }, (_, i) => createHash('sha256').update(`${i}`).digest()));
const plain = writeHostileZip({ entries: [honest] });
const endRecord = plain.subarray(plain.length - 22);
/** The directory's only entry announces a comment that would reach beyond the directory. */
const reaching = Buffer.from(plain);
reaching.writeUInt16LE(9, plain.length - 22 - 'a.txt'.length - 46 + 32);

function names(): readonly Row[] {
  return [
    ['T32', 'NameTraversal', 'a name that goes up', named('../escaped')],
    ['T32', 'NameTraversal', 'a name that goes up in its middle', named('a/../../escaped')],
    ['T32', 'NameTraversal', 'a name that is only two dots', named('..')],
    ['T32', 'NameTraversal', 'a directory that goes up', one({ name: '../up/' })],
    ['T32', 'NameTraversal', 'a single dot as a part', named('./a')],
    ['T32', 'NameAbsolute', 'an absolute name', named('/etc/escaped')],
    ['T32', 'NameAbsolute', 'a name with two slashes in front', named('//server/share/x')],
    ['T32', 'NameAbsolute', 'a drive letter', named('C:/escaped')],
    ['T32', 'NameAbsolute', 'a drive letter without a slash', named('c:escaped')],
    ['T32', 'NameBackslash', 'going up with backslashes', named('..\\escaped')],
    ['T32', 'NameBackslash', 'a UNC path', named('\\\\server\\share\\x')],
    ['T32', 'NameBackslash', 'a backslash between parts', named('dir\\x')],
    ['T32', 'NameControl', 'NUL in a name', named('safe.txt\0.sh')],
    ['T32', 'NameControl', 'a line feed in a name', named('a\nb')],
    ['T32', 'NameControl', 'an escape sequence in a name', named('a\u001b[2Jb')],
    ['T32', 'NameTrailing', 'a trailing dot', named('file.')],
    ['T32', 'NameTrailing', 'three dots', named('.../x')],
    ['T32', 'NameTrailing', 'a trailing blank', named('file ')],
    ['T32', 'NameTrailing', 'a trailing blank in the middle', named('dir /file')],
    ['T32', 'NameEmpty', 'no name', named('')],
    ['T32', 'NameEmpty', 'an empty part', named('a//b')],
    ['T32', 'NameAbsolute', 'only a slash', one({ name: '/' })],
    ['T32', 'NameTooLong', 'a part of 256 bytes', named('n'.repeat(256))],
    ['T32', 'NameTooLong', 'a name of 1,100 bytes', named(Array.from({ length: 11 }, () => 'n'.repeat(99)).join('/'))],
    ['T40', 'NameEncoding', 'bytes beyond ASCII without the UTF-8 flag', named(Buffer.from('caf\u00e9'), 0)],
    ['T40', 'NameEncoding', 'UTF-8 that is none', named(Buffer.from([0x61, 0xff, 0xfe]), 0x0800)],
    ['T40', 'NameEncoding', 'an overlong slash in UTF-8', named(Buffer.from([0x2e, 0x2e, 0xc0, 0xaf, 0x61]), 0x0800)],
    [
      'T40',
      'NameEncoding',
      'a second name in an extra field',
      one({ name: 'b', central: { extra: extra(0x7075, 9) } }),
    ],
    ['T40', 'DuplicateName', 'the same name twice', one({ name: 'a.txt', content: 'other content' })],
    ['T40', 'DuplicateName', 'the same directory twice', { entries: [{ name: 'd/' }, { name: 'd/' }] }],
    ['T40', 'NameCollision', 'names that differ in case', one({ name: 'A.TXT', content: 'x' })],
    ['T40', 'NameCollision', 'directories that differ in case', { entries: [{ name: 'bin/a' }, { name: 'Bin/b' }] }],
    ['T40', 'NameCollision', 'composed and decomposed letters', { entries: [{ name: '\u00e9' }, { name: 'e\u0301' }] }],
    [
      'T40',
      'NameCollision',
      'a letter and its compatibility form',
      { entries: [{ name: 'file' }, { name: '\ufb01le' }] },
    ],
    ['T40', 'NameCollision', 'the long s', { entries: [{ name: 's' }, { name: '\u017f' }] }],
    ['T33', 'FileAsDirectory', 'a file and then something inside it', { entries: [{ name: 'p' }, { name: 'p/q' }] }],
    ['T33', 'FileAsDirectory', 'something inside and then a file', { entries: [{ name: 'p/q' }, { name: 'p' }] }],
    ['T33', 'FileAsDirectory', 'a file and a directory of one name', { entries: [{ name: 'p' }, { name: 'p/' }] }],
  ];
}

function kinds(): readonly Row[] {
  return [
    ['T33', 'Link', 'a symbolic link', one({ name: 'l', content: '/etc', mode: 0o120777 })],
    [
      'T33',
      'Link',
      'a link and then a file through it',
      { entries: [{ name: 'l', content: '/tmp', mode: 0o120777 }, { name: 'l/x' }] },
    ],
    ['T33', 'Link', 'a reparse point', one({ name: 'r', attributes: 0x400 })],
    ['T36', 'SpecialFile', 'a pipe', one({ name: 's', mode: 0o010644 })],
    ['T36', 'SpecialFile', 'a character device', one({ name: 's', mode: 0o020644 })],
    ['T36', 'SpecialFile', 'a block device', one({ name: 's', mode: 0o060644 })],
    ['T36', 'SpecialFile', 'a socket', one({ name: 's', mode: 0o140644 })],
    ['T36', 'SpecialFile', 'a volume label', one({ name: 's', attributes: 0x08 })],
    ['T36', 'TypeMismatch', 'a file with the attributes of a directory', one({ name: 'd', mode: 0o040755 })],
    ['T36', 'TypeMismatch', 'a directory with the attributes of a file', one({ name: 'd/', mode: 0o100644 })],
    ['T36', 'TypeMismatch', 'a file with the DOS bit of a directory', one({ name: 'd', attributes: 0x10 })],
    ['T36', 'DirectoryWithData', 'a directory with content', one({ name: 'd/', content: 'x' })],
    [
      'T36',
      'DirectoryWithData',
      'a directory with content that it does not announce',
      one({ name: 'd/', data: Buffer.from('xyz'), deflate: true }),
    ],
    [
      'T36',
      'DataMalformed',
      'a directory with two stray bytes',
      one({ name: 'd/', data: Buffer.from('xy'), deflate: true }),
    ],
  ];
}

function sizes(): readonly Row[] {
  const bomb = deflateRawSync(Buffer.alloc(20 * 1024 * 1024));
  const shared: HostileEntry = { name: 'kernel', content: zeros, deflate: true };
  return [
    [
      'T37',
      'OverlappingEntries',
      'two entries over the same data',
      { entries: [shared, { ...shared, name: 'second', central: { offset: 0 } }] },
    ],
    [
      'T37',
      'OverlappingEntries',
      'an entry that reaches into the next',
      {
        entries: [
          {
            name: 'a',
            content: 'xx',
            central: { compressedSize: 40, size: 40 },
            local: { compressedSize: 40, size: 40 },
          },
          honest,
        ],
      },
    ],
    [
      'T37',
      'OverlappingEntries',
      'an entry that reaches into the directory',
      one({
        name: 'b',
        content: 'x',
        central: { compressedSize: 60, size: 60 },
        local: { compressedSize: 60, size: 60 },
      }),
    ],
    [
      'T37',
      'OverlappingEntries',
      'an entry that begins beyond the end',
      one({ name: 'b', content: 'x', central: { offset: 1 << 30 } }),
    ],
    [
      'T37',
      'SizeMismatch',
      'more comes out than announced',
      one({ name: 'b', content: zeros, deflate: true, central: { size: 10 }, local: { size: 10 } }),
    ],
    [
      'T37',
      'SizeMismatch',
      'less comes out than announced',
      one({ name: 'b', content: zeros, deflate: true, central: { size: 5000 }, local: { size: 5000 } }),
    ],
    [
      'T37',
      'SizeMismatch',
      'a bomb that announces little',
      one({ name: 'b', data: bomb, deflate: true, central: { size: 100 }, local: { size: 100 } }),
    ],
    [
      'T37',
      'SizeMismatch',
      'a large bomb that announces half',
      one({
        name: 'b',
        data: bomb,
        deflate: true,
        central: { size: 10 * 1024 * 1024 },
        local: { size: 10 * 1024 * 1024 },
      }),
    ],
    [
      'T37',
      'SizeMismatch',
      'stored with two sizes',
      one({ name: 'b', content: 'xyz', central: { size: 2 }, local: { size: 2 } }),
    ],
    [
      'T37',
      'RatioLimit',
      'an honest bomb',
      one({
        name: 'b',
        data: bomb,
        deflate: true,
        central: { size: 20 * 1024 * 1024 },
        local: { size: 20 * 1024 * 1024 },
      }),
    ],
    [
      'T37',
      'SizeLimit',
      'more than may be unpacked',
      {
        entries: Array.from({ length: 5 }, (_, i) => ({
          name: `b${i}`,
          deflate: true,
          data: bomb,
          central: { size: 0xfffffff0 },
        })),
      },
    ],
    [
      'T37',
      'ChecksumMismatch',
      'a wrong checksum',
      one({ name: 'b', content: 'x', central: { checksum: 1 }, local: { checksum: 1 } }),
    ],
    [
      'T37',
      'DataMalformed',
      'data that is not deflate',
      one({
        name: 'b',
        data: Buffer.from([0xff, 0xff, 0xff]),
        deflate: true,
        central: { size: 3 },
        local: { size: 3 },
      }),
    ],
    [
      'T37',
      'DataMalformed',
      'deflate with something behind it',
      one({
        name: 'b',
        content: zeros,
        deflate: true,
        data: Buffer.concat([deflateRawSync(zeros), Buffer.from('more')]),
      }),
    ],
    [
      'T37',
      'DataMalformed',
      'large deflate with something behind it',
      one({ name: 'b', content: noise, deflate: true, data: Buffer.concat([deflateRawSync(noise), noise]) }),
    ],
    [
      'T37',
      'DataMalformed',
      'large deflate that is cut off',
      one({ name: 'b', content: noise, deflate: true, data: deflateRawSync(noise).subarray(0, 1_500_000) }),
    ],
    [
      'T37',
      'ChecksumMismatch',
      'a wrong checksum of something large',
      one({ name: 'b', content: noise, deflate: true, central: { checksum: 1 }, local: { checksum: 1 } }),
    ],
    [
      'T37',
      'DataMalformed',
      'deflate that is cut off',
      one({ name: 'b', content: zeros, deflate: true, data: deflateRawSync(zeros).subarray(0, 5) }),
    ],
    ['T37', 'DepthLimit', 'directories nested too deep', named(Array.from({ length: 41 }, () => 'd').join('/'))],
    [
      'T38',
      'EntryLimit',
      'too many entries',
      { entries: Array.from({ length: 50_001 }, (_, i) => ({ name: `${i}` })) },
    ],
    [
      'T38',
      'EntryLimit',
      'too many implied directories',
      { entries: Array.from({ length: 25_001 }, (_, i) => ({ name: `${i}/f` })) },
    ],
  ];
}

function structure(): readonly Row[] {
  const nothing = Buffer.alloc(0);
  return [
    ['T39', 'NotAnArchive', 'nothing at all', nothing],
    ['T39', 'NotAnArchive', 'a text', Buffer.from('this is not an archive, only a text of some length')],
    ['T39', 'NotAnArchive', 'cut off in its directory', plain.subarray(0, plain.length - 30)],
    ['T39', 'NotAnArchive', 'a comment that is missing', { entries: [honest], end: { commentLength: 5 } }],
    ['T39', 'TrailingData', 'a comment', { entries: [honest], end: { comment: Buffer.from('hello') } }],
    ['T39', 'TrailingData', 'bytes behind the end', { entries: [honest], after: Buffer.from('#!/bin/sh') }],
    ['T39', 'SecondEndRecord', 'two end records', { entries: [honest], after: endRecord }],
    [
      'T39',
      'SecondEndRecord',
      'an end record in the comment',
      { entries: [honest], end: { commentLength: 22 }, after: endRecord },
    ],
    [
      'T39',
      'SecondEndRecord',
      'an end record inside the end record',
      { entries: [honest], end: { directoryOffset: 0x06054b50 } },
    ],
    ['T39', 'LeadingData', 'a script in front', { entries: [{ ...honest, before: Buffer.from('#!/bin/sh\n') }] }],
    ['T39', 'SecondEndRecord', 'an archive in front of the archive', Buffer.concat([plain, plain])],
    ['T39', 'LeadingData', 'content and no entries', { entries: [], beforeDirectory: Buffer.from('content') }],
    [
      'T39',
      'GapBetweenEntries',
      'bytes between entries',
      { entries: [honest, { name: 'b', before: Buffer.from('gap') }] },
    ],
    [
      'T39',
      'GapBetweenEntries',
      'bytes in front of the directory',
      { entries: [honest], beforeDirectory: Buffer.from('gap') },
    ],
    [
      'T39',
      'DirectoryMisplaced',
      'bytes behind the directory',
      { entries: [honest], afterDirectory: Buffer.from('gap') },
    ],
    ['T39', 'DirectoryMalformed', 'more entries announced than there are', { entries: [honest], end: { entries: 2 } }],
    [
      'T39',
      'DirectoryMalformed',
      'fewer entries announced than there are',
      { entries: [honest, { name: 'b' }], end: { entries: 1 } },
    ],
    [
      'T39',
      'DirectoryMalformed',
      'another signature in the directory',
      one({ name: 'b', central: { signature: 0x02014b51 } }),
    ],
    [
      'T39',
      'DirectoryMalformed',
      'extra fields that do not add up',
      one({ name: 'b', central: { extra: Buffer.from([1, 2, 3]) } }),
    ],
    [
      'T39',
      'DirectoryMalformed',
      'extra fields of the local header that do not add up',
      one({ name: 'b', local: { extra: Buffer.from([9, 9, 200, 0]) } }),
    ],
    ['T39', 'HeadersDisagree', 'another name in the local header', one({ name: 'b', local: { name: 'c' } })],
    [
      'T39',
      'HeadersDisagree',
      'a name that escapes in the local header',
      one({ name: 'bbbbb', local: { name: '../bb' } }),
    ],
    [
      'T39',
      'HeadersDisagree',
      'another method in the local header',
      one({ name: 'b', content: zeros, deflate: true, local: { method: 0 } }),
    ],
    [
      'T39',
      'HeadersDisagree',
      'another size in the local header',
      one({ name: 'b', content: 'x', local: { size: 2 } }),
    ],
    [
      'T39',
      'HeadersDisagree',
      'another compressed size in the local header',
      one({ name: 'b', content: 'x', local: { compressedSize: 0 } }),
    ],
    [
      'T39',
      'HeadersDisagree',
      'another checksum in the local header',
      one({ name: 'b', content: 'x', local: { checksum: 5 } }),
    ],
    [
      'T39',
      'HeadersDisagree',
      'other flags in the local header',
      one({ name: 'b', content: 'x', local: { flags: 2 } }),
    ],
    ['T39', 'HeadersDisagree', 'no local header', one({ name: 'b', content: 'x', local: { signature: 0 } })],
    [
      'T39',
      'HeadersDisagree',
      'a data descriptor that disagrees',
      one({ name: 'b', content: 'x', descriptor: Buffer.alloc(12) }),
    ],
    ['T39', 'HeadersDisagree', 'a data descriptor without one', one({ name: 'b', content: 'x', descriptor: nothing })],
    [
      'T39',
      'HeadersDisagree',
      'a data descriptor with another signature',
      one({ name: 'b', content: 'x', descriptor: Buffer.alloc(16) }),
    ],
    ['T39', 'MultiDisk', 'a second disk in the end record', { entries: [honest], end: { disk: 1 } }],
    ['T39', 'MultiDisk', 'a directory on another disk', { entries: [honest], end: { directoryDisk: 1 } }],
    ['T39', 'MultiDisk', 'entries on other disks', { entries: [honest], end: { entriesHere: 0 } }],
    ['T39', 'MultiDisk', 'an entry on another disk', one({ name: 'b', central: { disk: 1 } })],
    ['T39', 'Zip64', 'a 64-bit count', { entries: [honest], end: { entries: 0xffff } }],
    ['T39', 'Zip64', 'a 64-bit offset of the directory', { entries: [honest], end: { directoryOffset: 0xffffffff } }],
    ['T39', 'Zip64', 'a 64-bit size', one({ name: 'b', central: { size: 0xffffffff } })],
    ['T39', 'Zip64', 'a 64-bit extra field', one({ name: 'b', central: { extra: extra(1, 16) } })],
    ['T39', 'Zip64', 'a 64-bit extra field in the local header', one({ name: 'b', local: { extra: extra(1, 16) } })],
    [
      'T39',
      'Zip64',
      'a 64-bit locator',
      { entries: [honest], afterDirectory: Buffer.concat([Buffer.from('504b0607', 'hex'), Buffer.alloc(16)]) },
    ],
    ['T39', 'Encrypted', 'an encrypted entry', one({ name: 'b', content: 'x', flags: 1 })],
    ['T39', 'Encrypted', 'strong encryption', one({ name: 'b', content: 'x', flags: 0x41 })],
    ['T39', 'Encrypted', 'a masked directory', one({ name: 'b', content: 'x', flags: 0x2000 })],
    ['T39', 'Encrypted', 'AES in an extra field', one({ name: 'b', central: { extra: extra(0x9901, 7) } })],
    ['T39', 'UnsupportedMethod', 'bzip2', one({ name: 'b', central: { method: 12 }, local: { method: 12 } })],
    [
      'T39',
      'UnsupportedMethod',
      'a method nobody knows',
      one({ name: 'b', central: { method: 99 }, local: { method: 99 } }),
    ],
    ['T39', 'UnsupportedFeature', 'patched data', one({ name: 'b', flags: 0x20 })],
    ['T39', 'UnsupportedFeature', 'a version of the far future', one({ name: 'b', central: { version: 63 } })],
  ];
}

/** All of them. Made anew at each call; nothing is shared. */
export function hostileCorpus(): readonly HostileSpecimen[] {
  return [...names(), ...kinds(), ...sizes(), ...structure()].map(([attack, code, name, archive]) => {
    return { attack, code, name, bytes: Buffer.isBuffer(archive) ? archive : writeHostileZip(archive) };
  });
}
