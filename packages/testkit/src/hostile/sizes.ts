/** Sizes that lie, bombs, and limits (T37, T38). */
import { deflateRawSync } from 'node:zlib';
import { type HostileEntry } from '../hostile-zip.ts';
import { honest, one, named, zeros, noise, type Row } from './material.ts';

/** One row for each. Made anew at each call. */
export function sizes(): readonly Row[] {
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
    [
      'T38',
      'Link',
      'as many entries as are allowed, and the last one a link',
      {
        entries: Array.from({ length: 50_000 }, (_, i) => ({
          name: `${i}`,
          ...(i === 49_999 ? { mode: 0o120777 } : {}),
        })),
      },
    ],
    [
      'T37',
      'ChecksumMismatch',
      'something small that is wrong behind something large that is not',
      {
        entries: [
          { name: 'large', content: noise, deflate: true },
          { name: 'small', content: zeros, deflate: true, central: { checksum: 1 }, local: { checksum: 1 } },
        ],
      },
    ],
    [
      'T37',
      'DataMalformed',
      'something large that is wrong before much that is small',
      {
        entries: [
          { name: 'large', content: noise, deflate: true, data: deflateRawSync(noise).subarray(0, 1_500_000) },
          ...Array.from({ length: 100 }, (_, i) => ({ name: `${i}`, content: zeros, deflate: true })),
        ],
      },
    ],
  ];
}
