/** One process at a time: a lock file that names its holder, so that one left by a crash is seen for what it is. */
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { ensureDirectory } from './directory.ts';
import { isMissing } from '@sallyport/durable-files';

const holderSchema = z.object({ pid: z.int(), started: z.string() });
type Holder = z.infer<typeof holderSchema>;

export type LockResult = { readonly taken: true; release(): void } | { readonly taken: false; readonly holder: number };

/**
 * Takes the lock or says which process has it. A lock whose holder is gone (or whose number belongs to another process by
 * now) is taken over. Never waits.
 */
export function takeProcessLock(path: string): LockResult {
  ensureDirectory(dirname(path), 0o755);
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? '' }), { mode: 0o644 });
  try {
    // Three rounds: take it, find a stale one and clear it away, take it.
    for (let round = 0; round < 3; round += 1) {
      if (linked(mine, path)) return { taken: true, release: () => release(path) };
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) return { taken: false, holder: holder.pid };
      clearStale(path, holder);
    }
    return { taken: false, holder: readHolder(path)?.pid ?? 0 };
  } finally {
    removeIfThere(mine);
  }
}

/** The process that holds the lock, or undefined when nobody does. */
export function lockHolder(path: string): number | undefined {
  const holder = readHolder(path);
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a stale lock aside before removing it, and puts it back when another process had just replaced it. */
function clearStale(path: string, seen: Holder | undefined): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && (moved.pid !== seen?.pid || moved.started !== seen.started)) linked(aside, path);
  removeIfThere(aside);
}

function release(path: string): void {
  if (readHolder(path)?.pid === process.pid) removeIfThere(path);
}

function readHolder(path: string): Holder | undefined {
  try {
    const result = holderSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return result.success ? result.data : undefined;
  } catch {
    // Missing or half written: nobody who could be asked holds it.
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  const started = startOf(holder.pid);
  return started !== undefined && started === holder.started;
}

/** When a process started, in the kernel's ticks and with the boot it belongs to: tells a reused number from the process meant. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (afterName[0] === 'Z') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${afterName[19] ?? ''}`;
  } catch {
    // No such process.
    return undefined;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
