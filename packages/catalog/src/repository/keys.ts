/** Keys as files, for whoever signs something else than the catalog with them: operators' orders (T10). */
export { keyPassphrases, type KeyPassphrases } from './key-passphrases.ts';
export { readPassphrases } from './read-passphrases.ts';
export { keysOfRole, makeKey, makeKeysDirectory, registerSigner, type SigningKey } from './signing-key.ts';
export { parseTokenSigner, triedSigner } from './token-key.ts';
