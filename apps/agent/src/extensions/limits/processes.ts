/** Processes as `/proc` shows them. */
import { readdirSync, readFileSync } from 'node:fs';

/** Numbers of all processes whose file `/proc/<pid>/<file>` is as wanted. One that ends meanwhile is not. */
export function processesWith(file: 'cgroup' | 'environ', wanted: (text: string) => boolean): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => wanted(textOf(pid, file)));
}

/** The name of a process, as the kernel keeps it; '' when it has ended. */
export function processName(pid: number): string {
  return textOf(pid, 'comm').trim();
}

/** Ends a process at once. False when it is gone already. */
export function killProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    // It has ended by itself.
    return false;
  }
}

function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Ended between the listing and now.
    return '';
  }
}
