/** Entries that are not plain files and directories (T33–T36). */
import { one, type Row } from './material.ts';

/** One row for each. Made anew at each call. */
export function kinds(): readonly Row[] {
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
