/** Local headers and data descriptors say nothing new: they must agree with the directory, bit by bit (T39). */
import { ArchiveError } from './archive-error.ts';
import { checkExtraFields } from './extra-fields.ts';
import { descriptorFlag, localHeaderBytes, type StoredEntry } from './package-entry.ts';
import type { PackageSource } from './package-source.ts';

const signature = 0x04034b50;
const descriptorSignature = 0x08074b50;

/** Checks the local header of an entry; gives the offset of its data. */
export function checkLocalHeader(source: PackageSource, entry: StoredEntry): number {
  const disagreement = (what: string): ArchiveError =>
    new ArchiveError('HeadersDisagree', `The local header of '${entry.path}' has another ${what} than the directory.`);
  const fixed = source.view(entry.offset, localHeaderBytes);
  if (fixed.readUInt32LE(0) !== signature) throw disagreement('place');
  const nameLength = fixed.readUInt16LE(26);
  const extraLength = fixed.readUInt16LE(28);
  const header = source.view(entry.offset, localHeaderBytes + nameLength + extraLength);
  const nameEnd = localHeaderBytes + nameLength;
  if (!header.subarray(localHeaderBytes, nameEnd).equals(entry.rawName)) throw disagreement('name');
  if (header.readUInt16LE(6) !== entry.flags) throw disagreement('set of flags');
  if (header.readUInt16LE(8) !== (entry.method === 'stored' ? 0 : 8)) throw disagreement('method');
  const deferred = (entry.flags & descriptorFlag) !== 0;
  const agrees = (at: number, value: number): boolean => {
    const written = header.readUInt32LE(at);
    return written === value || (deferred && written === 0);
  };
  checkExtraFields(header.subarray(nameEnd), entry.path);
  if (!agrees(14, entry.checksum)) throw disagreement('checksum');
  if (!agrees(18, entry.compressedSize)) throw disagreement('compressed size');
  if (!agrees(22, entry.size)) throw disagreement('size');
  return entry.offset + header.length;
}

/**
 * Checks the data descriptor, where there is one; gives the offset behind the entry. `limit` is where the next entry or the
 * directory begins: it tells a descriptor with a signature from one without.
 */
export function checkDescriptor(source: PackageSource, entry: StoredEntry, dataEnd: number, limit: number): number {
  if ((entry.flags & descriptorFlag) === 0) return dataEnd;
  const signed = limit - dataEnd === 16;
  const length = signed ? 16 : 12;
  const bytes = dataEnd + length <= limit ? source.view(dataEnd, length) : undefined;
  const at = signed ? 4 : 0;
  const agrees =
    bytes !== undefined &&
    (!signed || bytes.readUInt32LE(0) === descriptorSignature) &&
    bytes.readUInt32LE(at) === entry.checksum &&
    bytes.readUInt32LE(at + 4) === entry.compressedSize &&
    bytes.readUInt32LE(at + 8) === entry.size;
  if (!agrees)
    throw new ArchiveError('HeadersDisagree', `The data descriptor of '${entry.path}' disagrees with the directory.`);
  return dataEnd + length;
}
