/**
 * Programs of the system that tests and benchmarks use. On a fresh machine root gets what is missing from Debian; an ordinary
 * user is told by name, and what needs them is left out.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export interface SystemProgram {
  readonly command: string;
  /** Debian's package that holds it. */
  readonly package: string;
  readonly reason: string;
  /** The file that it is, when it is no program on the PATH. */
  readonly file?: string;
  /** Where Debian keeps it when that is not on the PATH: a folder with a folder for each version. */
  readonly versions?: string;
  /** A file that is written before the package is installed, so that it does not do more than bring the program. */
  readonly before?: { readonly file: string; readonly content: string };
}

/** What `npm test` uses. */
export const testPrograms: readonly SystemProgram[] = [
  {
    command: 'openssl',
    package: 'openssl',
    reason: 'handlers open their protected settings with it, and tests check our sealing against it',
  },
  { command: 'python3', package: 'python3', reason: 'a handler written in Python, as most of those of Azure VMs are' },
  { command: 'softhsm2-util', package: 'softhsm2', reason: 'a token that signs for a publisher (PKCS #11)' },
  { command: 'ip', package: 'iproute2', reason: 'a network of its own, without any way out, for offline bundles' },
  {
    command: 'systemd-run',
    package: 'systemd',
    reason: 'a machine that systemd manages, in namespaces, for the limits of extensions and the unit of the agent',
  },
  { command: 'clamd', package: 'clamav-daemon', reason: 'the malware scanner of the gallery' },
  {
    command: 'initdb',
    package: 'postgresql',
    reason: 'the second database that the control plane can keep its state in',
    versions: '/usr/lib/postgresql',
    // Tests start servers of their own, and leave none behind.
    before: { file: '/etc/postgresql-common/createcluster.d/no-server.conf', content: 'create_main_cluster = false\n' },
  },
  { command: 'haproxy', package: 'haproxy', reason: 'a proxy that ends TLS in front of the control plane' },
  { command: 'pkcs11-tool', package: 'opensc', reason: 'the program that makes keys on a token' },
  {
    command: 'PyKCS11',
    package: 'python3-pykcs11',
    reason: 'the library that signs with a token',
    file: '/usr/lib/python3/dist-packages/PyKCS11/__init__.py',
  },
  {
    command: 'az',
    package: 'azure-cli',
    reason: 'the stock client that operators know (19 MB to fetch, 670 MB on disk)',
  },
];

/** What `npm run bench` uses besides. */
export const benchPrograms: readonly SystemProgram[] = [
  { command: 'unzip', package: 'unzip', reason: 'the peer that unpacking is measured against' },
  { command: 'curl', package: 'curl', reason: 'the peer that downloading is measured against' },
];

function isThere({ command, versions, file }: SystemProgram): boolean {
  return file === undefined ? isInstalled(command, versions) : existsSync(file);
}

/** Whether a program is on the PATH, or in a folder of its versions. */
export function isInstalled(command: string, versions?: string): boolean {
  const apart =
    versions === undefined || !existsSync(versions)
      ? []
      : readdirSync(versions).map((version) => join(versions, version, 'bin'));
  return [...(process.env['PATH'] ?? '').split(delimiter), ...apart].some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      // Not in this directory; the next one may have it.
      return false;
    }
  });
}

/** Installs what is missing where that is possible, and says what stays missing. */
export function provideSystemPrograms(programs: readonly SystemProgram[]): void {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && isInstalled('apt-get')) {
    process.stdout.write(`Installing from Debian: ${missing.map((program) => program.package).join(', ')}\n`);
    for (const { before } of missing) {
      if (before === undefined || existsSync(before.file)) continue;
      mkdirSync(dirname(before.file), { recursive: true });
      writeFileSync(before.file, before.content);
    }
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // An old package list makes the installation fail; a new one costs a few seconds, once.
    spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env: environment });
    spawnSync(
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', ...missing.map((program) => program.package)],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: environment,
      },
    );
  }
  for (const program of missing.filter((one) => !isThere(one))) {
    process.stdout.write(
      `Missing: ${program.command} (Debian: ${program.package}): ${program.reason}. What needs it is left out.\n`,
    );
  }
}
