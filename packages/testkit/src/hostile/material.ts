/** What the hostile archives are made of. */
import { createHash } from 'node:crypto';
import { writeHostileZip, type HostileArchive, type HostileEntry } from '../hostile-zip.ts';

/** A specimen before it is written: the attack, the code it is refused with, what is wrong, and the archive. */
export type Row = readonly [attack: string, code: string, name: string, archive: HostileArchive | Buffer];

export const honest: HostileEntry = { name: 'a.txt', content: 'honest content' };
export const one = (entry: HostileEntry): HostileArchive => ({ entries: [honest, entry] });
export const named = (name: string | Buffer, flags?: number): HostileArchive =>
  one({ name, content: 'x', mode: 0o100644, ...(flags === undefined ? {} : { flags }) });
export const extra = (id: number, length: number): Buffer => {
  const field = Buffer.alloc(4 + length);
  field.writeUInt16LE(id, 0);
  field.writeUInt16LE(length, 2);
  return field;
};
export const zeros = Buffer.alloc(4096);
/** Two megabytes that do not compress, the same each time. */
export const noise = Buffer.concat(
  Array.from({ length: 65_536 }, (_, i) => createHash('sha256').update(`${i}`).digest()),
);
export const plain = writeHostileZip({ entries: [honest] });
export const endRecord = plain.subarray(plain.length - 22);
/** The directory's only entry announces a comment that would reach beyond the directory. */
export const reaching = Buffer.from(plain);
reaching.writeUInt16LE(9, plain.length - 22 - 'a.txt'.length - 46 + 32);
