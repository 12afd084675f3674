/**
 * One start of the extension manager as a process of its own, which can be killed just before any of its calls. One JSON line
 * says how it went. Argument: {@link MachineRun} as JSON. Bundled before it is run, since it is started so often.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ExtensionReport } from '@sallyport/model/wire';
import { DurableImage, imageOf, writeImage, type Image } from './durable-image.ts';
import { watchFileOperations } from './file-operations.ts';
import { begunUnaccepted, diskState } from './invariants.ts';
import { startMachine, type MachineStart } from './machine-start.ts';

export interface MachineRun extends MachineStart {
  /** What is on the disk in the end, as `DiskState` says it. */
  readonly left: string;
  /** The call, from 1, before which the process kills itself. */
  readonly dieAt?: number;
  /** Whether a loss of power is imagined after every call. */
  readonly imagine?: boolean;
  /** A folder for the disks that a kill before, or a loss of power after, each call would leave, each once: `1`, `2`, …. */
  readonly keepDisks?: string;
  /** Calls, such as `renameSync of /a`, after each of which the kernel has written everything out by itself, as it may at any time. */
  readonly writtenOut?: string;
  /** An fsync that is left out: who asks for it. The run is over as soon as that does harm. */
  readonly leaveOut?: string;
}

export interface MachineRunResult {
  /** How many calls there were. */
  readonly calls: number;
  /** See {@link startMachine}. */
  readonly end: string;
  /** Who asked for an fsync, each once. */
  readonly syncs: readonly string[];
  /** What did not hold of an imagined disk, with the call after which the power went. */
  readonly violations: readonly string[];
  readonly disks: readonly KeptDisk[];
}

export interface KeptDisk {
  /** By what the manager would be cut off. */
  readonly by: 'kill' | 'loss of power';
  /** Before or after which call. */
  readonly when: string;
}

async function main(run: MachineRun): Promise<never> {
  const { root } = run;
  const image = run.imagine === true ? new DurableImage(root) : undefined;
  const violations = new Set<string>();
  const syncs = new Set<string>();
  const disks = new Map<string, KeptDisk>();
  let calls = 0;
  let ended: ExtensionReport | undefined;

  function over(end: string): never {
    const result: MachineRunResult = {
      calls,
      end,
      syncs: [...syncs],
      violations: [...violations],
      disks: [...disks.values()],
    };
    // Written before the process ends, also into a pipe.
    writeSync(1, `${JSON.stringify(result)}\n`);
    process.exit();
  }

  /** Everything a machine must hold, also after the power went at this very moment. */
  function imagine(when: string): void {
    if (image === undefined) return;
    for (const [kind, disk] of [
      ['nothing unsynced', image.worst()],
      ['names only', image.namesOnly()],
    ] as const) {
      keep(disk, { by: 'loss of power', when: `${when} (${kind})` });
      const { states, violations: found } = diskState(disk);
      const unaccepted = run.goal.orders === undefined ? [] : begunUnaccepted(disk);
      for (const violation of [...found, ...unaccepted]) violations.add(`${when} (${kind}): ${violation}`);
      if (run.leaveOut !== undefined && violations.size > 0) over('it does harm');
      if (ended === undefined || kind === 'names only') continue;
      // Files of a version that has failed go when its end was told.
      const is = states.filter((state) => !state.endsWith(' uninstalled')).join(', ');
      if (is !== run.left) violations.add(`${when}: told to be '${run.left}', and is '${is}'`);
      if (!disk.get('var/lib/GuestConfig/operations.json')?.content?.includes(ended.operationId))
        violations.add(`${when}: the end was told and is forgotten`);
    }
  }

  function keep(disk: Image, kept: KeptDisk): void {
    if (run.keepDisks === undefined) return;
    const hash = createHash('sha256').update(kept.by);
    for (const [path, { content, mode }] of disk) hash.update(`${path}\0${mode}\0`).update(content ?? '/');
    const digest = hash.digest('hex');
    if (disks.has(digest)) return;
    disks.set(digest, kept);
    const folder = join(run.keepDisks, String(disks.size));
    mkdirSync(folder);
    writeImage(disk, folder);
  }

  function keepAsItIs(call: string): void {
    keep(imageOf(root), { by: 'kill', when: `before call ${calls}, ${call}` });
  }

  let watching = true;
  /** What the test itself does to the disk is none of the calls. */
  function asOneStep(what: () => void): void {
    watching = false;
    try {
      what();
    } finally {
      watching = true;
    }
  }
  watchFileOperations({
    before({ call }) {
      if (!watching) return;
      calls += 1;
      if (run.keepDisks !== undefined) asOneStep(() => keepAsItIs(call));
      if (calls === run.dieAt) process.kill(process.pid, 'SIGKILL');
    },
    after({ call, subject }) {
      if (!watching) return;
      if (image !== undefined && call.startsWith('fsync')) image.synced(String(subject));
      const what = `${call} of ${String(subject).replace(root, '')}`;
      if (what === run.writtenOut) image?.writtenOut();
      asOneStep(() => imagine(`after call ${calls}, ${what}`));
    },
    syncs(where) {
      syncs.add(where);
      return where !== run.leaveOut;
    },
  });

  const end = await startMachine(run, (report) => {
    ended = report;
    asOneStep(() => imagine('when the end is told'));
  });
  over(end);
}

void main(JSON.parse(process.argv[2] ?? '') as MachineRun).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
