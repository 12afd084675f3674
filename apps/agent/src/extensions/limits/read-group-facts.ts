/** Reads what `groupMechanism` decides by. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupFacts, SystemdPrograms } from './group-mechanism.ts';

/** Nothing of it changes while the machine runs: read once. */
export function readGroupFacts(uid: number): GroupFacts {
  return {
    uid,
    mountInfo: textOf('/proc/self/mountinfo'),
    ownGroups: textOf('/proc/self/cgroup'),
    systemd: existsSync('/run/systemd/system'),
    systemdPrograms: systemdPrograms(),
    writable,
    v2Controllers: (root) => textOf(join(root, 'cgroup.controllers')).trim().split(/\s+/),
  };
}

function systemdPrograms(): SystemdPrograms | undefined {
  const find = (name: string): string | undefined =>
    ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find((path) => existsSync(path));
  const run = find('systemd-run');
  const control = find('systemctl');
  return run === undefined || control === undefined ? undefined : { run, control };
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    // Not there, not ours, or mounted read-only: all the same to whoever asks.
    return false;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A kernel without it has no groups.
    return '';
  }
}
