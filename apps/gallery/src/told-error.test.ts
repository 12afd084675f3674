import { mkdirSync, readFileSync, writeSync } from 'node:fs';
import { GalleryError } from './gallery-error.ts';
import { expect, test } from 'vitest';
import { toldError } from './told-error.ts';

/** What `run` throws. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('It did not throw.');
}

/** As Node throws it for a disk that is full: without the file's name. */
function full(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
    errno: -28,
  });
}

test('errors are one sentence with a code, those of the file system too', () => {
  const missing = thrownBy(() => readFileSync('/nowhere/x'));
  const cases: readonly (readonly [unknown, string])[] = [
    [new GalleryError('RootMissing', 'Name it.'), 'RootMissing: Name it.'],
    [missing, "FileRefused: The file system refuses '/nowhere/x': ENOENT: no such file or directory."],
    [
      thrownBy(() => mkdirSync('/proc/1/x')),
      "FileRefused: The file system refuses '/proc/1/x': ENOENT: no such file or directory.",
    ],
    [thrownBy(() => writeSync(999_999, 'x')), 'FileRefused: The file system refuses: EBADF: bad file descriptor.'],
    [full(), 'StorageFull: There is no room left on the disk: make room, then run the command again.'],
    [
      new AggregateError([full(), missing]),
      'StorageFull: There is no room left on the disk: make room, then run the command again.',
    ],
  ];
  for (const [error, told] of cases) expect(toldError(error)).toBe(told);
});
