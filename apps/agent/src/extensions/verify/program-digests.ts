/**
 * What the agent itself starts of a handler: its manifest, and the programs that this names. They are remembered as they were verified,
 * or as the handler's own commands left them, and nothing else is started (T56): what somebody changed in between is not run as root.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from '@sallyport/archive/hash-file';
import { isMissing } from '@sallyport/durable-files';
import { handlerManifestFile } from '@sallyport/handler-contract';
import { readManifest } from './read-manifest.ts';

/** SHA-256 by path within the handler; '' for what is not there, and for what is no file. */
export type ProgramDigests = Readonly<Record<string, string>>;

/** As they are now. Throws `ManifestMalformed`. */
export function programDigests(directory: string): ProgramDigests {
  const programs = Object.values(readManifest(directory).commands).map(({ program }) => program);
  const files = [...new Set([handlerManifestFile, ...programs])].sort();
  return Object.fromEntries(files.map((file) => [file, digestOf(join(directory, file))]));
}

/** The first of them that is not as it was; undefined when all are. */
export function changedProgram(directory: string, digests: ProgramDigests): string | undefined {
  return Object.entries(digests).find(([file, digest]) => digestOf(join(directory, file)) !== digest)?.[0];
}

export function sameDigests(one: ProgramDigests, other: ProgramDigests): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A link in its place is not followed, a pipe not waited for (T57). */
function digestOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error) || isNoFile(error)) return '';
    throw error;
  }
  try {
    return fstatSync(file).isFile() ? hashFile(file).sha256 : '';
  } finally {
    closeSync(file);
  }
}

function isNoFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ELOOP', 'ENXIO', 'ENOTDIR'].includes(String(error.code));
}
