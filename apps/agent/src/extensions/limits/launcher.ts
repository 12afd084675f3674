/**
 * How a handler's command is started: a shell that enters the extension's group, sets what each process is limited by, waits at the gate
 * until a line comes over its input, and then becomes the command. Entering a group waits for all processors, which is done by the time it is
 * the command's turn. Nothing of the command runs outside, and nothing at all when the agent has gone before the line. Program and arguments are handed on as words, never as shell (T42).
 */
import type { ExtensionLimits } from './extension-limits.ts';

/** A program and its arguments. */
export type Words = readonly [string, ...string[]];

/** Units of `ulimit -f`, in every POSIX shell. */
const fileBlockBytes = 512;
/** Open files of one process: what programs expect, and as far as they may raise it themselves. */
const openFiles = { usual: 1024, most: 65_536 } as const;
/** The exit code when the group cannot be entered: the command has not begun. */
export const launchFailedExitCode = 125;

/**
 * $1 blocks of the largest file, $2 how many groups' files follow; then these, then the command. No core dump, and none of the
 * memory in one that is made all the same: protected settings are in there (T50).
 */
const script = `blocks=$1
groups=$2
shift 2
while [ "$groups" -gt 0 ]; do
  echo $$ > "$1" || { echo "azcmagent: the limits of this extension cannot be applied: $1" >&2; exit ${launchFailedExitCode}; }
  shift
  groups=$((groups - 1))
done
ulimit -c 0
ulimit -f "$blocks"
ulimit -Hn ${openFiles.most} 2>/dev/null
ulimit -Sn ${openFiles.usual} 2>/dev/null
echo 0 > /proc/self/coredump_filter 2>/dev/null
read -r go || exit ${launchFailedExitCode}
exec "$@" < /dev/null`;

/** The words that start a command within limits. `groupFiles` are `cgroup.procs` files; none where there are no groups. */
export function launchWords(limits: ExtensionLimits, groupFiles: readonly string[], command: Words): Words {
  const blocks = Math.floor(limits.diskBytes / fileBlockBytes);
  return ['/bin/sh', '-c', script, 'sh', String(blocks), String(groupFiles.length), ...groupFiles, ...command];
}
