/**
 * The signed catalog for those who trust it, without anything that can sign: what the agent bundles. Everything begins with a pinned
 * root; whoever carries the files is not believed.
 */
export * from './catalog.ts';
export * from './catalog-fetch.ts';
export * from './open-catalog.ts';
export type { SignedPackage } from './signed-package.ts';
export { isCatalogFile } from '../layout.ts';
export * from '../expiry-warning.ts';
