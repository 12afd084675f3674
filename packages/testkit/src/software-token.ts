/** A token in software (SoftHSM, PKCS #11) with one Ed25519 key that does not leave it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const library = '/usr/lib/softhsm/libsofthsm2.so';
const pin = '482913';

export interface SoftwareToken {
  /** What `--signer` takes: the public key, and how `program` is called to sign with it. */
  readonly description: string;
  /** Pulls it out. */
  takeAway(): void;
  bringBack(): void;
}

/** Whether this machine has what tokens in software need. */
export function hasSoftwareTokens(): boolean {
  return (
    ['softhsm2-util', 'pkcs11-tool'].every(
      (program) => spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined,
    ) && spawnSync('/usr/bin/python3', ['-c', 'import PyKCS11'], { stdio: 'ignore' }).status === 0
  );
}

/** Makes one in a folder that is there. `program` is where `sallyport-token-sign` is. */
export function makeSoftwareToken(folder: string, program: string): SoftwareToken {
  const tokens = join(folder, 'tokens');
  mkdirSync(tokens);
  const configuration = join(folder, 'softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${tokens}\n`);
  const run = (name: string, ...args: readonly string[]): void => {
    const env = { ...process.env, SOFTHSM2_CONF: configuration, TOKEN_PIN: pin };
    const { status, stderr } = spawnSync(name, args, { env });
    if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr.toString('utf8')}`);
  };
  const label = ['--token-label', 'publisher'];
  run('softhsm2-util', '--init-token', '--free', '--label', 'publisher', '--pin', pin, '--so-pin', '719364');
  const use = ['--module', library, ...label, '--login', '--pin', 'env:TOKEN_PIN'];
  run('pkcs11-tool', ...use, '--keypairgen', '--key-type', 'EC:edwards25519', '--id', '01', '--label', 'contoso');
  const publicKey = join(folder, 'public.pem');
  run('pkcs11-tool', ...use, '--read-object', '--type', 'pubkey', '--id', '01', '--output-file', publicKey);
  const variables = [`SOFTHSM2_CONF=${configuration}`, `TOKEN_PIN=${pin}`];
  const key = ['--module', library, ...label, '--id', '01', '--pin-variable', 'TOKEN_PIN'];
  return {
    description: JSON.stringify({
      publicKey: readFileSync(publicKey, 'utf8'),
      command: ['/usr/bin/env', ...variables, program, ...key],
    }),
    takeAway: () => renameSync(tokens, `${tokens}-away`),
    bringBack: () => renameSync(`${tokens}-away`, tokens),
  };
}
