import { join } from 'node:path';

/** Words that start a program for which the kernel makes no files without a name, whatever the file system can do. Need python3. */
export const withoutNamelessFiles: readonly [string, ...string[]] = [
  '/usr/bin/python3',
  join(import.meta.dirname, 'without-nameless-files.py'),
];
