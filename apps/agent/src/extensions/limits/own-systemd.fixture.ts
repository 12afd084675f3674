/**
 * A systemd of one's own: the real program as the first process of namespaces, below control groups of its own, with nothing to start
 * but itself. What it sets, the kernel of this machine enforces.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const program = '/usr/lib/systemd/systemd';

export interface OwnSystemd extends AsyncDisposable {
  /** Words that start a program on its machine: they stand in front of the program's own. */
  readonly enter: readonly string[];
  /** Where the test finds a path of the machine while it lives. */
  seen(path: string): string;
}

/** Where its units are. */
export const ownUnits = '/run/units';

interface Tree {
  readonly point: string;
  /** As `mount -t … -o …` wants it. */
  readonly type: string;
  readonly options: string;
}

/** Whether this user and machine can have one: root, allowed to make namespaces and control groups, with Debian's `systemd`. */
export function canHaveSystemd(): boolean {
  if (process.geteuid?.() !== 0 || !existsSync(program) || trees().length === 0) return false;
  const asked = ['--cgroup', '--mount', '--pid', '--fork', 'true'];
  return spawnSync('unshare', asked, { stdio: 'ignore' }).status === 0;
}

/** $1 what else is to be done, as shell; then for each tree its point, type and options. Units come from one folder, and there is nothing in it to start. */
const firstProcess = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p ${ownUnits} /run/systemd
echo '[Unit]' > ${ownUnits}/alone.target
eval "$1"
shift
umount -R /sys/fs/cgroup
mount -t tmpfs tmpfs /sys/fs/cgroup
while [ $# -gt 0 ]; do
  mkdir -p "$1"
  mount -t "$2" -o "$3" cgroup "$1"
  shift 3
done
export container=sallyport SYSTEMD_UNIT_PATH=/run/systemd/system.control:/run/systemd/transient:${ownUnits}
exec ${program} --system --unit=alone.target --show-status=0 --log-target=null`;

/** Enters the groups given as arguments until `--` and starts the rest, which lives as long as the input is open: a test that is killed takes it along. */
const entering = `while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs"; shift; done
shift
"$@" & echo $!
cat > /dev/null
kill -9 $!
wait`;

/** Starts it and waits until it answers. `prepare` is shell that is run before, with the machine's mounts already its own. */
export async function startSystemd(prepare = ''): Promise<OwnSystemd> {
  const name = `sallyport-systemd-${process.pid}`;
  const here = trees();
  const groups = here.map(({ point }) => join(point, name));
  for (const group of groups) makeGroup(group);
  const namespaces = ['unshare', '--cgroup', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
  const mounts = here.flatMap(({ point, type, options }) => [point, type, options]);
  const words = [...namespaces, '/bin/sh', '-c', firstProcess, 'sh', prepare, ...mounts];
  const holder = spawn('/bin/sh', ['-c', entering, 'sh', ...groups, '--', ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  const [said] = (await Promise.race([once(holder.stdout, 'data'), ended])) as readonly unknown[];
  const outer = Number(String(said).trim());
  const into = ['--mount', '--pid', '--cgroup', '--wd=/'];
  const enter = (): readonly string[] => ['nsenter', '--target', String(childOf(outer)), ...into];
  const seen = (path: string): string => `/proc/${childOf(outer)}/root${path}`;
  const stop = async (): Promise<void> => {
    holder.stdin.end();
    await ended;
    for (const group of groups) await removeGroup(group);
  };
  for (let look = 0; look < 300 && holder.exitCode === null; look += 1) {
    const [file = '', ...rest] = enter();
    const asked = spawnSync(file, [...rest, 'systemctl', 'is-active', 'alone.target'], { encoding: 'utf8' });
    if (asked.stdout.trim() === 'active') return { enter: enter(), seen, [Symbol.asyncDispose]: stop };
    await pause(100);
  }
  await stop();
  throw new Error('systemd does not start here');
}

/** The trees of control groups that are mounted, as systemd expects them. */
function trees(): readonly Tree[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return mounts.flatMap((line): Tree[] => {
    const [left = '', right = ''] = line.split(' - ');
    const point = left.split(' ')[4] ?? '';
    const [type = '', , options = ''] = right.split(' ');
    if (type === 'cgroup2') return [{ point, type, options: 'rw' }];
    if (type !== 'cgroup') return [];
    const controllers = options.split(',').filter((one) => !['rw', 'ro', 'xattr', 'noprefix'].includes(one));
    const named = controllers.some((one) => one.startsWith('name='));
    return [{ point, type, options: [...(named ? ['none'] : []), ...controllers].join(',') }];
  });
}

/** A group of processors has none of its own until it is told. */
function makeGroup(group: string): void {
  mkdirSync(group);
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const path = join(group, file);
    if (existsSync(path)) writeFileSync(path, readFileSync(join(group, '..', file)));
  }
}

/** With the groups that were made in it. What has just been killed may be in it for a moment. */
async function removeGroup(group: string): Promise<void> {
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) await removeGroup(join(group, entry.name));
  for (let look = 0; ; look += 1) {
    try {
      rmdirSync(group);
      return;
    } catch (error) {
      if (look > 500) throw error;
      await pause(10);
    }
  }
}

/** The one process that another has started; itself while there is none. */
function childOf(parent: number): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim();
  return children === '' ? parent : Number(children);
}
