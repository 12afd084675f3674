/** `sallyport order key create` (T10): a token is tried before anything is written. The program as it is run, and SoftHSM. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasSoftwareTokens, makeSoftwareToken, temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../../main.ts');
const signingProgram = join(import.meta.dirname, '../../../../../../packages/catalog/bin/sallyport-token-sign');

interface Created {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function create(keys: string, description: string, folder: string): Created {
  const file = join(folder, 'signer.json');
  writeFileSync(file, description);
  const words = [program, 'order', 'key', 'create', '--keys', keys, '--signer', file];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

const somebodysKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });

test.each([
  ['does not sign', ['/bin/sh', '-c', 'echo "The token is away." >&2; exit 1'], 'did not sign: The token is away.'],
  ['is not there', ['/nowhere/signer'], 'did not sign: spawnSync /nowhere/signer ENOENT'],
  [
    'signs with another key',
    ['/usr/bin/head', '-c', '64', '/dev/zero'],
    'what it answered is no signature of its key.',
  ],
])('T10 a signer that %s is refused with one sentence, and nothing is written', (_what, command, sentence) => {
  using directory = temporaryDirectory('signer');
  const keys = join(directory.path, 'keys');
  const { code, out, err } = create(keys, JSON.stringify({ publicKey: somebodysKey, command }), directory.path);
  expect([code === 0, out]).toEqual([false, '']);
  expect(err).toContain('SignerFailed');
  expect(err).toContain(sentence);
  expect(existsSync(keys)).toBe(false);
});

test.skipIf(!hasSoftwareTokens())('T10 a token that is there is taken, and one that is away is not', () => {
  using directory = temporaryDirectory('signer');
  const keys = join(directory.path, 'keys');
  const token = makeSoftwareToken(directory.path, signingProgram);
  token.takeAway();
  expect(create(keys, token.description, directory.path).err).toContain('SignerFailed');
  expect(existsSync(keys)).toBe(false);
  token.bringBack();
  // A folder that is there is one to write into.
  mkdirSync(keys, { mode: 0o700 });
  expect(create(keys, token.description, directory.path)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^[\w-]{43}\n$/) as string,
  });
  expect(create(keys, token.description, directory.path).err).toContain('KeyExists');
});
