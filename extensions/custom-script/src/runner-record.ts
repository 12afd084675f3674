/** Who runs the script of a sequence: kept on disk so that a later command can tell a running one from a dead one. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownNames } from './file-name.ts';
import { isObject } from './json.ts';
import { replaceFile } from './replace-file.ts';

export interface Runner {
  /** The process that waits for the script. */
  readonly pid: number;
  /** When that process started, in the kernel's ticks: a process id alone may belong to another by now. */
  readonly started: string;
  /** The script's process group; undefined while files are downloaded. */
  readonly group: number | undefined;
}

export function recordRunner(folder: string, group: number | undefined): void {
  const runner = { pid: process.pid, started: startOf(process.pid), group };
  replaceFile(join(folder, ownNames.runner), JSON.stringify(runner), 0o600);
}

/** The run is over; what is reported after this is final. */
export function forgetRunner(folder: string): void {
  rmSync(join(folder, ownNames.runner), { force: true });
}

/** The runner of a folder while it is alive. */
export function liveRunner(folder: string): Runner | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, ownNames.runner), 'utf8'));
    if (!isObject(parsed)) return undefined;
    const { pid, started, group } = parsed;
    if (typeof pid !== 'number' || typeof started !== 'string' || started === '' || startOf(pid) !== started)
      return undefined;
    return { pid, started, group: typeof group === 'number' ? group : undefined };
  } catch {
    // No record: nobody runs it.
    return undefined;
  }
}

/** Field 22 of the process's stat; '' when there is no such process, or one that has ended and was not collected yet. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name in brackets that may hold anything; count behind the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}
