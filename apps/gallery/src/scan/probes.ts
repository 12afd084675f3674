/**
 * Two harmless questions whose right answers are known, asked of a scanner before it is believed. A scanner without signatures, or one that
 * calls a package clean because it gave up on it, answers them wrongly.
 */
import { crc32 } from 'node:zlib';

/** The EICAR test file, inside an archive inside an archive: has to be found. In pieces, so that this source is not. */
export function nestedTestFile(): Buffer {
  const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join('');
  return storedZip('inner.zip', storedZip('test.com', Buffer.from(eicar)));
}

/** An archive nested deeper than scanners go: has to be objected to, as everything is that was not looked at to its end. */
export function bottomless(): Buffer {
  let archive = Buffer.from('the bottom');
  for (let depth = 0; depth < 60; depth += 1) archive = storedZip(depth === 0 ? 'bottom.txt' : 'inner.zip', archive);
  return archive;
}

/** A ZIP file with one entry, stored as it is. */
function storedZip(name: string, content: Buffer): Buffer<ArrayBuffer> {
  const nameBytes = Buffer.from(name);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(0x21, 8);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(nameBytes.length, 22);
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, nameBytes, content]);
  const central = Buffer.concat([
    Buffer.from('PK\u0001\u0002'),
    Buffer.from([20, 0]),
    common,
    Buffer.alloc(14),
    nameBytes,
  ]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\u0005\u0006'), end]);
}
