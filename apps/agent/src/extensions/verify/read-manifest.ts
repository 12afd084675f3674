/** The manifest of an unpacked package or an installed handler. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  handlerManifestFile,
  manifestBounds,
  parseHandlerManifest,
  type HandlerManifest,
} from '@sallyport/handler-contract';
import { messageOf, OperationFailure } from '@sallyport/model';
import { readFileStart, type FileStart } from '../../platform/read-file-start.ts';

/** Characters are bytes at most, so a longer file cannot be within the bounds. */
const mostBytes = 4 * manifestBounds.length;

/** Reads and checks it. Throws `ManifestMalformed`. A handler may have put anything in its place: that must not hold up others (T57). */
export function readManifest(directory: string): HandlerManifest {
  const found = startOf(join(directory, handlerManifestFile));
  if (found === undefined) throw malformed(`The package has no ${handlerManifestFile}.`);
  if (found.size > mostBytes) throw malformed(`${handlerManifestFile} is larger than any real one.`);
  return parseHandlerManifest(found.text);
}

function startOf(path: string): FileStart | undefined {
  try {
    return readFileStart(path, mostBytes);
  } catch (error) {
    throw malformed(`${handlerManifestFile} cannot be read: ${messageOf(error)}.`);
  }
}

/** A package may have its manifest further down; the host puts it where everybody looks (handler contract §1). `found` is relative. */
export function bringManifestToRoot(directory: string, found: string | undefined): void {
  if (found !== undefined && found !== handlerManifestFile) {
    copyFileSync(join(directory, found), join(directory, handlerManifestFile));
  }
}

function malformed(message: string): OperationFailure {
  return new OperationFailure('ManifestMalformed', message);
}
