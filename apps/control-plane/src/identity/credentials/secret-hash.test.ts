import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashSecret, secretMatches } from './secret-hash.ts';

test('a secret matches its hash and nothing else does', async () => {
  const hash = await hashSecret('correct horse', randomBytes(16));
  expect(hash).not.toContain('horse');
  expect(await secretMatches('correct horse', hash)).toBe(true);
  expect(await secretMatches('correct horsf', hash)).toBe(false);
  expect(await secretMatches('', hash)).toBe(false);
  expect(await hashSecret('correct horse', randomBytes(16))).not.toBe(hash);
});

test('an unknown client or a damaged hash never matches', async () => {
  const nothing = Buffer.alloc(32).toString('base64url');
  for (const hash of [undefined, '', 'scrypt', `plain$16384$8$1$AA$${nothing}`, `scrypt$1$8$1$AAAA$${nothing}`]) {
    expect(await secretMatches('x', hash)).toBe(false);
  }
});
