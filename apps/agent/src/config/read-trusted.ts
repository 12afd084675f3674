/** Reads a small file that only the administrator can have written. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf } from '@sallyport/model';
import { isMissing } from '@sallyport/durable-files';
import { isAdministrator, type Environment } from '../platform/environment.ts';
import { distrustOfDirectories, distrustOfFile } from './trusted-path.ts';

export type TrustedBytes =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  /** `reason` is a sentence without its full stop that says what to do; `closed`: only that this user may not read it. */
  | { readonly kind: 'distrusted'; readonly reason: string; readonly closed?: true };

/**
 * The content of a file of at most `mostBytes` bytes. What is examined is what is read: the checks are made on the open file,
 * never on its name. A missing file in a directory that others may write to is not "missing": they may have removed it.
 */
export function readTrusted(environment: Environment, path: string, mostBytes: number): TrustedBytes {
  const distrust = distrustOfDirectories(environment, path);
  if (distrust !== undefined) return { kind: 'distrusted', reason: distrust };
  let file: number;
  try {
    // Not blocking: a pipe in its place must not hold up the decision.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return { kind: 'missing' };
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const link = code === 'ELOOP';
    if (code === 'EACCES' && !isAdministrator(environment)) {
      return { kind: 'distrusted', reason: `${path} may not be read by user ${environment.uid}`, closed: true };
    }
    return {
      kind: 'distrusted',
      reason: link
        ? `${path} is a symbolic link; remove it, then run: azcmagent config restore`
        : `${path} cannot be read (${messageOf(error)})`,
    };
  }
  try {
    const stats = fstatSync(file);
    const reason = distrustOfFile(environment, path, stats);
    if (reason !== undefined) return { kind: 'distrusted', reason };
    if (stats.size > mostBytes) return { kind: 'distrusted', reason: `${path} is larger than ${mostBytes} bytes` };
    return { kind: 'bytes', bytes: readUpTo(file, mostBytes + 1) };
  } finally {
    closeSync(file);
  }
}

/** Bounded even if the file grows meanwhile; the caller refuses what is longer than it allowed. */
function readUpTo(file: number, most: number): Uint8Array {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(65_536, most - total));
    const length = readSync(file, chunk, 0, chunk.length, null);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
    total += length;
  }
}
