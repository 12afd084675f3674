/**
 * What Node is told for the process of the agent that is always there: it runs little JavaScript and that seldom, so compilers that
 * optimize earn nothing and take 9 MB of memory. Whoever starts `azcmagent run` need not know.
 */
import { execve } from 'node:process';

const residentFlags = ['--no-opt', '--no-maglev', '--no-sparkplug', '--max-semi-space-size=1'] as const;

/** Becomes the same command under these flags, in the same process, unless it is that already. Call it before anything is held. */
export function becomeResident(): void {
  const missing = residentFlags.filter((flag) => !process.execArgv.includes(flag));
  if (missing.length === 0) return;
  execve?.(
    process.execPath,
    [process.execPath, ...missing, ...process.execArgv, ...process.argv.slice(1)],
    process.env,
  );
}

/** What Node is told for processes that the resident one starts and that work. */
export function workingFlags(): readonly string[] {
  return process.execArgv.filter((flag) => !residentFlags.some((one) => one === flag));
}
