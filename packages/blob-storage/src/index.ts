/**
 * Where packages lie: blobs under content-addressed names, so that hosts and mirrors may change at will (S1.4).
 * Storage is an untrusted carrier: it keeps a blob whole across crashes and checks what it is given, but nobody trusts what it
 * hands out; whoever opens a package compares it with the signed catalog first (S1.6).
 */
export * from './blob-name.ts';
export * from './blob-storage.ts';
export * from './byte-range.ts';
export * from './collect-garbage.ts';
export * from './folder-storage.ts';
export * from './rotating-storage.ts';
