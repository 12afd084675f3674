import { createHash, randomBytes } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import { expect, test } from 'vitest';
import { keyIdentifierOf } from './canonical-metadata.ts';

test('T30 the name of a key is the hash of its canonical form', () => {
  for (let i = 0; i < 20; i += 1) {
    const keyval = { public: randomBytes(32).toString('hex') };
    const key = { scheme: 'ed25519', keytype: 'ed25519', keyval } as const;
    expect(keyIdentifierOf(key)).toBe(createHash('sha256').update(canonicalize(key)).digest('hex'));
  }
});
