/** A ZIP writer that lies wherever it is told to. What it is not told to falsify is honest. */
import { crc32, deflateRawSync } from 'node:zlib';

/** Fields of a header that may be falsified; those left out say the truth. */
export interface HeaderLies {
  readonly signature?: number;
  readonly version?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly checksum?: number;
  readonly compressedSize?: number;
  readonly size?: number;
  readonly name?: string | Buffer;
  readonly extra?: Buffer;
}

export interface HostileEntry {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  /** Default: stored. */
  readonly deflate?: boolean;
  /** Raw data instead of the content's. */
  readonly data?: Buffer;
  /** Unix mode with its file type; default 0100644, or 040755 for a name that ends with a slash. */
  readonly mode?: number;
  /** Replaces what `mode` makes of them. */
  readonly attributes?: number;
  readonly flags?: number;
  readonly local?: HeaderLies;
  readonly central?: HeaderLies & { readonly offset?: number; readonly disk?: number; readonly comment?: Buffer };
  /** A data descriptor behind the data, with or without its signature, or any bytes. */
  readonly descriptor?: 'signed' | 'unsigned' | Buffer;
  /** Bytes in front of the local header that belong to no entry. */
  readonly before?: Buffer;
}

export interface HostileArchive {
  readonly entries: readonly HostileEntry[];
  readonly beforeDirectory?: Buffer;
  readonly afterDirectory?: Buffer;
  readonly end?: {
    readonly signature?: number;
    readonly disk?: number;
    readonly directoryDisk?: number;
    readonly entriesHere?: number;
    readonly entries?: number;
    readonly directoryBytes?: number;
    readonly directoryOffset?: number;
    readonly commentLength?: number;
    readonly comment?: Buffer;
  };
  readonly after?: Buffer;
}

/** 1 January 2020, 00:00: the same in every archive, so that the same input gives the same bytes. */
const dosDate = ((2020 - 1980) << 9) | (1 << 5) | 1;

/** The archive's bytes. */
export function writeHostileZip(archive: HostileArchive): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const put = (bytes: Buffer): void => {
    parts.push(bytes);
    offset += bytes.length;
  };
  for (const entry of archive.entries) {
    if (entry.before !== undefined) put(entry.before);
    const facts = factsOf(entry);
    directory.push(centralHeader(entry, facts, offset));
    put(localHeader(entry, facts));
    put(facts.data);
    put(descriptorOf(entry, facts));
  }
  if (archive.beforeDirectory !== undefined) put(archive.beforeDirectory);
  const directoryOffset = offset;
  const directoryBytes = Buffer.concat(directory);
  put(directoryBytes);
  if (archive.afterDirectory !== undefined) put(archive.afterDirectory);
  put(endRecord(archive, directoryOffset, directoryBytes.length));
  if (archive.after !== undefined) put(archive.after);
  return Buffer.concat(parts);
}

interface Facts {
  readonly name: Buffer;
  readonly data: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly checksum: number;
  readonly size: number;
}

function factsOf(entry: HostileEntry): Facts {
  const name = Buffer.from(entry.name);
  const content = Buffer.from(entry.content ?? '');
  const data = entry.data ?? (entry.deflate === true ? deflateRawSync(content) : content);
  const utf8 = name.some((byte) => byte >= 0x80) ? 0x0800 : 0;
  const flags = entry.flags ?? utf8 | (entry.descriptor === undefined ? 0 : 0x0008);
  return { name, data, flags, method: entry.deflate === true ? 8 : 0, checksum: crc32(content), size: content.length };
}

function localHeader(entry: HostileEntry, facts: Facts): Buffer {
  const lies = entry.local ?? {};
  const deferred = entry.descriptor !== undefined;
  const name = Buffer.from(lies.name ?? facts.name);
  const extra = lies.extra ?? Buffer.alloc(0);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(lies.signature ?? 0x04034b50, 0);
  header.writeUInt16LE(lies.version ?? 20, 4);
  header.writeUInt16LE(lies.flags ?? facts.flags, 6);
  header.writeUInt16LE(lies.method ?? facts.method, 8);
  header.writeUInt16LE(dosDate, 12);
  header.writeUInt32LE(lies.checksum ?? (deferred ? 0 : facts.checksum), 14);
  header.writeUInt32LE(lies.compressedSize ?? (deferred ? 0 : facts.data.length), 18);
  header.writeUInt32LE(lies.size ?? (deferred ? 0 : facts.size), 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra]);
}

function centralHeader(entry: HostileEntry, facts: Facts, offset: number): Buffer {
  const lies = entry.central ?? {};
  const name = Buffer.from(lies.name ?? facts.name);
  const extra = lies.extra ?? Buffer.alloc(0);
  const comment = lies.comment ?? Buffer.alloc(0);
  const isDirectory = name.at(-1) === 0x2f;
  const mode = entry.mode ?? (isDirectory ? 0o040755 : 0o100644);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(lies.signature ?? 0x02014b50, 0);
  header.writeUInt16LE(0x0314, 4);
  header.writeUInt16LE(lies.version ?? 20, 6);
  header.writeUInt16LE(lies.flags ?? facts.flags, 8);
  header.writeUInt16LE(lies.method ?? facts.method, 10);
  header.writeUInt16LE(dosDate, 14);
  header.writeUInt32LE(lies.checksum ?? facts.checksum, 16);
  header.writeUInt32LE(lies.compressedSize ?? facts.data.length, 20);
  header.writeUInt32LE(lies.size ?? facts.size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt16LE(comment.length, 32);
  header.writeUInt16LE(lies.disk ?? 0, 34);
  header.writeUInt32LE(entry.attributes ?? ((mode << 16) | (isDirectory ? 0x10 : 0)) >>> 0, 38);
  header.writeUInt32LE(lies.offset ?? offset, 42);
  return Buffer.concat([header, name, extra, comment]);
}

function descriptorOf(entry: HostileEntry, facts: Facts): Buffer {
  if (entry.descriptor === undefined || Buffer.isBuffer(entry.descriptor)) return entry.descriptor ?? Buffer.alloc(0);
  const body = Buffer.alloc(12);
  body.writeUInt32LE(facts.checksum, 0);
  body.writeUInt32LE(facts.data.length, 4);
  body.writeUInt32LE(facts.size, 8);
  return entry.descriptor === 'signed' ? Buffer.concat([Buffer.from('504b0708', 'hex'), body]) : body;
}

function endRecord(archive: HostileArchive, directoryOffset: number, directoryBytes: number): Buffer {
  const lies = archive.end ?? {};
  const comment = lies.comment ?? Buffer.alloc(0);
  const count = archive.entries.length;
  const record = Buffer.alloc(22);
  record.writeUInt32LE(lies.signature ?? 0x06054b50, 0);
  record.writeUInt16LE(lies.disk ?? 0, 4);
  record.writeUInt16LE(lies.directoryDisk ?? 0, 6);
  record.writeUInt16LE(lies.entriesHere ?? lies.entries ?? count, 8);
  record.writeUInt16LE(lies.entries ?? count, 10);
  record.writeUInt32LE(lies.directoryBytes ?? directoryBytes, 12);
  record.writeUInt32LE(lies.directoryOffset ?? directoryOffset, 16);
  record.writeUInt16LE(lies.commentLength ?? comment.length, 20);
  return Buffer.concat([record, comment]);
}
