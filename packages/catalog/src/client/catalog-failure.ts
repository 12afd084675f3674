/** What went wrong with the catalog, in the words of the failure catalogue: by the class of the error, never by its message. */
import { messageOf, OperationFailure } from '@sallyport/model';
import { timestampFile } from '../layout.ts';
import { BadVersionError, ExpiredMetadataError } from 'tuf-js/dist/error.js';

/** The failure that an error in fetching, checking or keeping `file` means. Failures stay what they are. */
export function catalogFailure(error: unknown, file: string): OperationFailure {
  if (error instanceof OperationFailure) return error;
  const detail = messageOf(error).replace(/\.$/, '');
  const code = codeOf(error, file);
  return new OperationFailure(code, sentences[code](file, detail), { cause: error });
}

/** A genuine file in the place of another one. Thrown by checks; it becomes `CatalogMixed`. */
export class MixedMetadataError extends Error {
  override readonly name = 'MixedMetadataError';
}

type CatalogCode =
  | 'CatalogExpired'
  | 'CatalogFrozen'
  | 'CatalogMixed'
  | 'CatalogRollback'
  | 'CatalogSignatureInvalid'
  | 'StorageFull'
  | 'InternalError';

function codeOf(error: unknown, file: string): CatalogCode {
  // The timestamp alone says that nothing is newer; whoever holds it back beyond its date freezes the catalog (T14).
  if (error instanceof ExpiredMetadataError) return file === timestampFile ? 'CatalogFrozen' : 'CatalogExpired';
  if (error instanceof MixedMetadataError) return 'CatalogMixed';
  if (error instanceof BadVersionError) return 'CatalogRollback';
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    return error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'StorageFull' : 'InternalError';
  }
  return 'CatalogSignatureInvalid';
}

const sentences: { readonly [code in CatalogCode]: (file: string, detail: string) => string } = {
  CatalogExpired: (file, detail) =>
    `The signed catalog is out of date (${file}: ${detail}): run 'sallyport-gallery refresh' where the gallery is, and check this machine's clock.`,
  CatalogFrozen: (file, detail) =>
    `Nobody has said lately that this catalog is the newest (${file}: ${detail}): run 'sallyport-gallery refresh' where the gallery is, look at whoever carries it, and check this machine's clock.`,
  CatalogMixed: (file, detail) =>
    `The catalog file ${file} is genuine, and is not the one that belongs to what is offered: ${detail}.`,
  CatalogRollback: (file, detail) =>
    `The catalog that was offered is older than one already seen (${file}: ${detail}).`,
  CatalogSignatureInvalid: (file, detail) => `The catalog file ${file} is not what its keys signed: ${detail}.`,
  StorageFull: (file, detail) => `There is no room to keep the catalog file ${file}: ${detail}.`,
  InternalError: (file, detail) => `The catalog file ${file} cannot be kept on this machine: ${detail}.`,
};

/** The catalog, or one file of it, cannot be had now. */
export function catalogUnavailable(file: string, detail: string, cause?: unknown): OperationFailure {
  return new OperationFailure('CatalogUnavailable', `The catalog file ${file} could not be fetched: ${detail}.`, {
    cause,
  });
}

/** What was offered lies below what this machine has accepted before. */
export function catalogRollback(what: string, offered: number, seen: number): OperationFailure {
  return new OperationFailure(
    'CatalogRollback',
    `The catalog that was offered is older than one already seen (${what}: version ${offered}, seen ${seen}).`,
  );
}

/** The catalog of another root: `file` is where that shows. */
export function catalogForeign(file: string): OperationFailure {
  return new OperationFailure(
    'CatalogForeign',
    `This is another gallery's catalog: its ${file} does not descend from the root that is pinned here. Compare the SHA-256 of both roots with the one on paper.`,
  );
}
