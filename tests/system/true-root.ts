/**
 * A machine on which every path is the true one: the agent's `/var/lib/waagent` is `/var/lib/waagent` to whoever runs there. It
 * is a folder as the root of mount and process namespaces of its own. The system's directories are in it read-only; the host's
 * `/var`, `/opt` and `/run` are not there at all, and with the machine's first process everything in it ends.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Whether this user and machine can have one: root, allowed to make namespaces. */
export function canHaveTrueRoot(): boolean {
  const asked = ['--mount', '--pid', '--fork', 'true'];
  return process.getuid?.() === 0 && spawnSync('unshare', asked, { stdio: 'ignore' }).status === 0;
}

export interface TrueRoot {
  /** Words that start a program there: they stand in front of the program's own. */
  readonly enter: readonly string[];
  /** Where the test finds a path of the machine, such as `/proc/7`, while it lives. */
  seen(path: string): string;
  /** Ends every process of the machine. */
  stop(): Promise<void>;
}

/** Seen there as they are. `/sys` comes without the control groups, which are the host's. */
const systemDirectories = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'usr', 'etc', 'dev', 'sys'];
const ownDirectories = ['var/lib', 'var/log', 'var/opt', 'opt', 'run', 'root', 'home', 'tmp', 'proc'];

/** Lives as long as its input is open, so that a test that is killed takes its machine along; `wait` buries the orphans. */
const firstProcess = `set -e
root=$1
shift
for path; do
  mkdir -p "$root$path"
  mount --bind "$path" "$root$path"
  mount -o remount,bind,ro "$root$path"
done
mount -t proc proc "$root/proc"
exec chroot "$root" /bin/sh -c 'exec 3<&0; echo up; cat <&3 & wait $!'`;

/** Makes the folder the root of a machine. `visible` are more paths of the host that can be read there. */
export async function startTrueRoot(folder: string, visible: readonly string[]): Promise<TrueRoot> {
  const mounted: string[] = [];
  for (const name of systemDirectories.filter((one) => existsSync(join('/', one)))) {
    const host = join('/', name);
    // `/bin` is a link to `usr/bin` on most systems.
    if (lstatSync(host).isSymbolicLink()) symlinkSync(readlinkSync(host), join(folder, name));
    else mounted.push(host);
  }
  for (const name of ownDirectories) mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  chmodSync(join(folder, 'tmp'), 0o1777);
  const workspace = realpathSync(join(import.meta.dirname, '../..'));
  const more = [workspace, realpathSync(join(workspace, 'node_modules')), dirname(process.execPath), ...visible];
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
  const words = [...namespaces, '/bin/sh', '-c', firstProcess, 'sh', folder, ...mounted, ...more];
  const holder = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'close');
  const [said] = (await Promise.race([once(holder.stdout, 'data'), ended])) as readonly unknown[];
  if (!Buffer.isBuffer(said)) throw new Error('The namespaces of the machine could not be made.');
  const first = childOf(holder.pid);
  return {
    enter: ['nsenter', '--target', String(first), '--mount', '--pid', '--root', '--wd=/'],
    seen: (path) => `/proc/${first}/root${path}`,
    async stop() {
      holder.stdin.end();
      await ended;
    },
  };
}

/** The one process that another has started. */
export function childOf(parent: number | undefined): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8');
  return Number(children.trim());
}
