/** Writes a small ZIP archive: deflated files, no directories, nothing fancy. For collections of logs. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly content: Uint8Array;
}

const utf8Names = 0x0800;
const deflated = 8;

/** The archive's bytes. `time` in milliseconds since 1970 is what every file is dated. At most 65535 files and 4 GiB. */
export function zipOf(files: readonly ZipFile[], time: number): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, content } of files) {
    const name = Buffer.from(path);
    const data = deflateRawSync(content);
    const common = commonHeader(time, crc32(content), data.length, content.length, name.length);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, name]);
    directory.push(directoryEntry(common, offset), name);
    pieces.push(local, data);
    offset += local.length + data.length;
  }
  const size = directory.reduce((sum, piece) => sum + piece.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...pieces, ...directory, end]);
}

/** What local and central headers have in common: from the version needed to the length of the extra field. */
function commonHeader(time: number, crc: number, packed: number, size: number, nameLength: number): Buffer {
  const header = Buffer.alloc(26);
  const at = new Date(time);
  header.writeUInt16LE(20, 0);
  header.writeUInt16LE(utf8Names, 2);
  header.writeUInt16LE(deflated, 4);
  header.writeUInt16LE((at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1), 6);
  header.writeUInt16LE(((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(), 8);
  header.writeUInt32LE(crc, 10);
  header.writeUInt32LE(packed, 14);
  header.writeUInt32LE(size, 18);
  header.writeUInt16LE(nameLength, 22);
  return header;
}

function directoryEntry(common: Buffer, offset: number): Buffer {
  const entry = Buffer.alloc(46);
  entry.write('PK\u0001\u0002');
  // Made on Unix, so that the mode below counts.
  entry.writeUInt16LE((3 << 8) | 20, 4);
  common.copy(entry, 6);
  entry.writeUInt32LE(0o100600 * 0x10000, 38);
  entry.writeUInt32LE(offset, 42);
  return entry;
}
