/** The manifest of an unpacked package or an installed handler. */
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  handlerManifestFile,
  manifestBounds,
  parseHandlerManifest,
  type HandlerManifest,
} from '@sallyport/handler-contract';
import { OperationFailure } from '@sallyport/model';
import { isMissing } from '@sallyport/durable-files';

/** Reads and checks it. Throws `ManifestMalformed`. `directory` is private to the agent. */
export function readManifest(directory: string): HandlerManifest {
  const path = join(directory, handlerManifestFile);
  try {
    // Characters are bytes at most, so a longer file cannot be within the bounds.
    if (statSync(path).size > 4 * manifestBounds.length) throw tooLarge();
    return parseHandlerManifest(readFileSync(path, 'utf8'));
  } catch (error) {
    if (isMissing(error)) {
      throw new OperationFailure('ManifestMalformed', `The package has no ${handlerManifestFile}.`, { cause: error });
    }
    throw error;
  }
}

/** A package may have its manifest further down; the host puts it where everybody looks (handler contract §1). `found` is relative. */
export function bringManifestToRoot(directory: string, found: string | undefined): void {
  if (found !== undefined && found !== handlerManifestFile) {
    copyFileSync(join(directory, found), join(directory, handlerManifestFile));
  }
}

function tooLarge(): OperationFailure {
  return new OperationFailure('ManifestMalformed', `${handlerManifestFile} is larger than any real one.`);
}
