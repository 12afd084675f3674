/** What can go wrong at the gallery's own side of the catalog. */
import { CodedError } from '@sallyport/model';

/** The codes, with their meaning. */
export const repositoryCodes = {
  RepositoryMissing: 'There is no catalog in the directory.',
  RepositoryExists: 'There is a catalog in the directory already.',
  RepositoryDamaged: 'The files of the catalog are not what its keys signed. Nothing is signed on top of them.',
  RepositoryBusy: 'Another process is changing the catalog.',
  KeyMissing: 'Not enough of the keys that must sign are here, or no passphrase opens them.',
  KeyUnknown: 'The role has no such key.',
  KeyThreshold: 'A role needs at least one signature and at least as many keys as signatures.',
  RoleUnknown: 'There is no such role.',
  SignerFailed: 'The program that signs with a token did not sign.',
  SignerMalformed: 'The file does not describe a program that signs.',
  KeyExposed: 'The keys can be read by others than their owner.',
  PublisherMalformed: "The text is not a publisher's name.",
  PublisherExists: 'The publisher has been added before.',
  PublisherMissing: 'The publisher has not been added.',
  VersionMissing: 'The version is not published.',
  PackageYanked: 'The version was taken back by its publisher.',
  VersionPublished: 'Another package is published under that name and version.',
} as const;

export type RepositoryCode = keyof typeof repositoryCodes;

/** The catalog was not changed. */
export class RepositoryError extends CodedError<RepositoryCode> {
  override readonly name = 'RepositoryError';
}
