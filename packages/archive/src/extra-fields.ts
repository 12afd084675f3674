/** Extra fields of headers are ignored, except that none may change what the header means. */
import { ArchiveError } from './archive-error.ts';

/** Walks the fields; refuses those that replace sizes, names or contents, and lists that do not add up. */
export function checkExtraFields(fields: Buffer, name: string): void {
  let at = 0;
  while (at < fields.length) {
    if (at + 4 > fields.length) throw malformed(name);
    const id = fields.readUInt16LE(at);
    const end = at + 4 + fields.readUInt16LE(at + 2);
    if (end > fields.length) throw malformed(name);
    const refusal = refusals.get(id);
    if (refusal !== undefined) throw new ArchiveError(refusal[0], `'${name}' ${refusal[1]}.`);
    at = end;
  }
}

const refusals: ReadonlyMap<number, readonly ['Zip64' | 'NameEncoding' | 'Encrypted', string]> = new Map([
  [0x0001, ['Zip64', 'has a size in the 64-bit format']],
  [0x7075, ['NameEncoding', 'has a second name for readers that know Unicode']],
  [0x6375, ['NameEncoding', 'has a second comment for readers that know Unicode']],
  [0x9901, ['Encrypted', 'is encrypted with AES']],
  [0x0017, ['Encrypted', 'has a strong encryption header']],
]);

function malformed(name: string): ArchiveError {
  return new ArchiveError('DirectoryMalformed', `The extra fields of '${name}' do not add up.`);
}
