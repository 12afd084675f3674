/** What kind of file an entry is. Links and special files are refused, whatever system packed them (T33, T34, T36). */
import { ArchiveError } from './archive-error.ts';

const format = 0o170000;
const regular = 0o100000;
const directory = 0o040000;
const link = 0o120000;
const dosVolume = 0x08;
const dosDirectory = 0x10;
const dosReparsePoint = 0x400;

/** Checks the external attributes against the name; gives whether the file is executable. Set-uid and its like are dropped. */
export function checkAttributes(
  attributes: number,
  path: string,
  isDirectory: boolean,
): { readonly isExecutable: boolean } {
  const mode = attributes >>> 16;
  const kind = mode & format;
  if (kind === link || (attributes & dosReparsePoint) !== 0) throw new ArchiveError('Link', `'${path}' is a link.`);
  if ((attributes & dosVolume) !== 0 || (kind !== 0 && kind !== regular && kind !== directory)) {
    throw new ArchiveError('SpecialFile', `'${path}' is neither a file nor a directory.`);
  }
  const saysDirectory = kind === directory || (kind === 0 && (attributes & dosDirectory) !== 0);
  const saysFile = kind === regular;
  if ((saysDirectory && !isDirectory) || (saysFile && isDirectory)) {
    throw new ArchiveError(
      'TypeMismatch',
      `'${path}' is a ${isDirectory ? 'directory' : 'file'} by its name and not by its attributes.`,
    );
  }
  return { isExecutable: !isDirectory && (mode & 0o111) !== 0 };
}
