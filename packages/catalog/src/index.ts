/**
 * The signed catalog, a repository of The Update Framework: what runs is what a publisher signed (S1.6).
 *
 * `client/` is for everyone who trusts it: agents and the control plane begin with a pinned root and believe nothing else; storage,
 * mirrors, proxies and TLS interceptors only carry the files. `repository/` is for the gallery alone: it holds keys and signs.
 * Neither half opens a package; the client says which length and SHA-256 it must have.
 */
export * from './client/index.ts';
export { isCatalogFile } from './layout.ts';
export { copyCatalog, type CatalogCopy, type CopyOptions } from './client/copy-catalog.ts';
export { createRepository, type CreateOptions } from './repository/create-repository.ts';
export type { ReleaseChange } from './repository/add-target.ts';
export type { NewTarget } from './repository/new-target.ts';
export { openRepository, type RepositoryOptions } from './repository/open-repository.ts';
export { keyPassphrases, type KeyPassphrases } from './repository/key-passphrases.ts';
export type { RefreshReport } from './repository/refresh-roles.ts';
export type { KeyRequest, KeysChangeReport, Publisher, Repository, RoleOverview } from './repository/repository.ts';
export { parseTokenSigner, type TokenSigner } from './repository/token-key.ts';
export { repositoryCodes, RepositoryError, type RepositoryCode } from './repository/repository-error.ts';
export { withLock } from './repository/repository-lock.ts';
export type { RepositoryPlace } from './repository/repository-state.ts';
