/** Running the script: a session of its own, output into files, a time limit, and nothing of it on a command line (T52). */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownNames } from './file-name.ts';
import type { ScriptSource } from './settings.ts';
import { decodeScript, dos2unix } from './script-text.ts';

export type ScriptEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout' };

/** Bytes of the end of each stream that are reported. */
const tailBytes = 4096;

/** Writes what is to run to a file that only its owner can read; gives its path. */
export function writeScript(source: ScriptSource, folder: string, skipDos2Unix: boolean): string {
  if (source.kind === 'command') {
    const path = join(folder, ownNames.command);
    writeFileSync(path, `${source.text}\n`, { mode: 0o700 });
    return path;
  }
  const content = decodeScript(source.encoded);
  const path = join(folder, ownNames.script);
  writeFileSync(path, skipDos2Unix ? content : dos2unix(content), { mode: 0o700 });
  return path;
}

/** Whether the file names its own interpreter; everything else is read by `/bin/sh`. */
function namesInterpreter(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(2);
    readSync(file, start, 0, 2, 0);
    return start.toString('latin1') === '#!';
  } finally {
    closeSync(file);
  }
}

/**
 * Starts the script and waits for the script itself, not for what it leaves running. `started` gets its process group.
 * After `limit` milliseconds the whole group is killed.
 */
export function runScript(
  path: string,
  folder: string,
  limit: number,
  started: (group: number) => void,
): Promise<ScriptEnd> {
  const stdout = openSync(join(folder, ownNames.stdout), 'w', 0o600);
  const stderr = openSync(join(folder, ownNames.stderr), 'w', 0o600);
  const [program, args] = namesInterpreter(path) ? [path, []] : ['/bin/sh', [path]];
  // Node's own settings of this process are not the script's business.
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', stdout, stderr],
    env: environment,
  });
  closeSync(stdout);
  closeSync(stderr);
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, limit);
    child.on('spawn', () => started(child.pid ?? 0));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (timedOut) resolve({ kind: 'timeout' });
      else if (signal !== null) resolve({ kind: 'signal', signal });
      else resolve({ kind: 'exit', code: code ?? 0 });
    });
  });
}

/** Kills a process group. One that is gone already is fine. */
export function killGroup(group: number | undefined): void {
  if (group === undefined || group <= 1) return;
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** `[stdout]\n…\n[stderr]\n…`, the last 4 KB of each. */
export function outputOf(folder: string): string {
  return `[stdout]\n${tail(join(folder, ownNames.stdout))}\n[stderr]\n${tail(join(folder, ownNames.stderr))}`;
}

function tail(path: string): string {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    let start = 0;
    // When the cut goes through a character, its rest is dropped.
    if (size > tailBytes) while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
    return bytes.subarray(start, read).toString('utf8').replace(/\n$/, '');
  } finally {
    closeSync(file);
  }
}
