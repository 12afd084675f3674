/** The agent as a service: the unit that is shipped, under a real systemd as the first process of namespaces of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import {
  canHaveSystemd,
  ownUnits,
  startSystemd,
  type OwnSystemd,
} from '../../apps/agent/src/extensions/limits/own-systemd.fixture.ts';
import { buildAgentInstallation } from '../../tooling/build.ts';
import { readHandler } from '../handlers/read-handler.ts';
import { startSystem } from './harness.ts';

const patience = { timeout: 60_000 };

/** The agent's places are the machine's own; whatever else the host has there is reached where it was. */
function prepare(installation: string): string {
  return `
for place in /opt /var/lib /var/opt /var/log; do
  mkdir -p "/run/host$place"
  mount --bind "$place" "/run/host$place"
  mount -t tmpfs -o mode=755 tmpfs "$place"
  for one in "/run/host$place"/*; do
    case "$one" in */azcmagent | */waagent | */GuestConfig | */azure) ;; *) ln -s "$one" "$place/" ;; esac
  done
done
mkdir -p /opt/azcmagent
ln -s '${installation}' /opt/azcmagent/bin
cp '${join(installation, 'himdsd.service')}' ${ownUnits}
for unit in sysinit basic shutdown network-online multi-user; do echo '[Unit]' > "${ownUnits}/$unit.target"; done`;
}

test.runIf(canHaveSystemd())(
  'S1.3 S4.11 T84 the unit: verified, started again when the agent is killed, and what enable left behind lives on (needs root, namespaces, and systemd)',
  async () => {
    using installation = temporaryDirectory('installation');
    await buildAgentInstallation(installation.path);
    expect(spawnSync(join(installation.path, 'azcmagent'), ['version'], { encoding: 'utf8' })).toMatchObject({
      status: 127,
      stderr: expect.stringContaining('Put the program of Node 26 there'),
    });
    spawnSync('ln', ['-s', process.execPath, join(installation.path, 'node')]);
    await using systemd = await startSystemd(prepare(installation.path));
    const on = ranOn(systemd);

    const verified = on('systemd-analyze', 'verify', '--man=no', `${ownUnits}/himdsd.service`);
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    expect(links(installation.path)).toEqual(['extd.service', 'multi-user.target.wants/himdsd.service']);

    const system = await startSystem('unitgate', {
      truePaths: { enter: systemd.enter, seen: (path) => systemd.seen(path), stop: () => Promise.resolve() },
    });
    try {
      await system.publish('ShellHandler', '1.0.0', readHandler('shell'));
      // The documented port may be another test's.
      on('systemctl', 'set-environment', 'AZCMAGENT_METADATA_PORT=0');
      const unit = (property: string): string =>
        on('systemctl', 'show', '--value', `--property=${property}`, 'himdsd').stdout.trim();
      expect(on('systemctl', 'start', 'himdsd').status).toBe(0);
      expect(await system.install('shell', { type: 'ShellHandler', settings: { greeting: 'hail' } })).toMatchObject({
        status: 'Succeeded',
      });
      const extension = readFileSync(systemd.seen('/var/lib/waagent/shell-handler/pid'), 'utf8').trim();
      const groups = (pid: string): string => readFileSync(systemd.seen(`/proc/${pid}/cgroup`), 'utf8');
      expect(groups(extension)).toMatch(/azcmagent\.slice\/.*\.scope/);
      // As where systemd makes no scopes: what an extension leaves behind is in the unit's own group.
      const beside = await startedInGroupOf(unit('MainPID'), systemd);
      expect(groups(beside)).toContain('/himdsd.service');
      const live = (): readonly boolean[] =>
        [extension, beside].map((pid) => /^State:\s+[^Z]/m.test(textOf(systemd.seen(`/proc/${pid}/status`))));

      const before = unit('MainPID');
      on('kill', '-9', before);
      await expect.poll(() => [unit('NRestarts'), unit('ActiveState')], patience).toEqual(['1', 'active']);
      expect(unit('MainPID')).not.toBe(before);
      expect(live()).toEqual([true, true]);

      expect(on('systemctl', 'stop', 'himdsd').status).toBe(0);
      expect([unit('ActiveState'), unit('Result')]).toEqual(['inactive', 'success']);
      expect(agentsOn(systemd)).toEqual([]);
      expect(live()).toEqual([true, true]);

      on('systemctl', 'start', 'himdsd');
      expect(await system.remove('shell')).toMatchObject({ status: 'Succeeded' });
      expect(live()).toEqual([false, true]);
      expect(existsSync(systemd.seen('/var/lib/waagent/Contoso.Test.ShellHandler-1.0.0'))).toBe(false);
      expect(on('systemctl', 'stop', 'himdsd').status).toBe(0);
    } finally {
      await system.stop();
    }
  },
);

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function ranOn({ enter: [program = '', ...words] }: OwnSystemd): (...command: readonly string[]) => Ran {
  return (...command) => spawnSync(program, [...words, ...command], { encoding: 'utf8' });
}

/** A process that stays, in the control groups of another. Gives its number on the machine. */
async function startedInGroupOf(pid: string, { enter: [program = '', ...words] }: OwnSystemd): Promise<string> {
  const script = `
for point in /sys/fs/cgroup /sys/fs/cgroup/*; do
  group=$(grep himdsd.service /proc/${pid}/cgroup | head -n 1 | cut -d : -f 3)
  [ ! -e "$point$group/cgroup.procs" ] || echo $$ > "$point$group/cgroup.procs"
done
echo $$
exec sleep 1000`;
  const child = spawn(program, [...words, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of child.stdout) return String(chunk).trim();
  throw new Error('It did not start.');
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Processes of the agent that run there. */
function agentsOn(systemd: OwnSystemd): readonly string[] {
  const pids = readdirSync(systemd.seen('/proc')).filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => textOf(systemd.seen(`/proc/${pid}/cmdline`))).filter((line) => line.includes('azcmagent'));
}

/** What `systemctl enable` makes of the unit. */
function links(installation: string): readonly string[] {
  const root = join(installation, 'root');
  const units = join(root, 'etc/systemd/system');
  mkdirSync(units, { recursive: true });
  copyFileSync(join(installation, 'himdsd.service'), join(units, 'himdsd.service'));
  spawnSync('systemctl', [`--root=${root}`, 'enable', 'himdsd.service']);
  return readdirSync(units, { recursive: true, encoding: 'utf8' })
    .filter((path) => readlinkOf(join(units, path)) !== undefined)
    .sort();
}

function readlinkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // No link.
    return undefined;
  }
}
