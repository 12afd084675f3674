/** The passphrases that somebody brought to open sealed keys. What is derived from them is remembered while the object lives. */
import { createHash, scryptSync } from 'node:crypto';

/** How a passphrase becomes a key. `cost` is scrypt's N. */
export interface Derivation {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Buffer;
}

export interface KeyPassphrases {
  /** In the order in which they are tried; new keys are sealed with the first. */
  readonly texts: readonly string[];
  /** A 256-bit key. It takes a large part of a second, once per passphrase and salt: guessing is to be slow. */
  derive(text: string, derivation: Derivation): Buffer;
}

export function keyPassphrases(texts: readonly string[]): KeyPassphrases {
  const derived = new Map<string, Buffer>();
  return {
    texts,
    derive(text, { cost, blockSize, parallelization, salt }) {
      const name = createHash('sha256')
        .update(JSON.stringify([text, cost, blockSize, parallelization, salt.toString('hex')]))
        .digest('hex');
      const known = derived.get(name);
      if (known !== undefined) return known;
      const options = { N: cost, r: blockSize, p: parallelization, maxmem: 256 * cost * blockSize };
      const key = scryptSync(text.normalize('NFC'), salt, 32, options);
      derived.set(name, key);
      return key;
    },
  };
}
