/** A machine whose manager is started as a process of its own, again and again, on one disk. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { memoryDirectory } from '@sallyport/testkit';
import { createMachineKey } from '../../apps/agent/src/connection/machine-key.ts';
import { groupMechanism } from '../../apps/agent/src/extensions/limits/group-mechanism.ts';
import { machineGroups } from '../../apps/agent/src/extensions/limits/machine-groups.ts';
import { readGroupFacts } from '../../apps/agent/src/extensions/limits/read-group-facts.ts';
import { buildAgent } from '../../tooling/build/build-agent.ts';
import { bundle } from '../../tooling/build/bundle.ts';
import { crashOperation, type CrashGoal, type CrashOperationName } from './crash-operations.ts';
import { imageOf } from './durable-image.ts';
import { diskState, type DiskState } from './invariants.ts';
import { startMachine } from './machine-start.ts';
import type { KeptDisk, MachineRun, MachineRunResult } from './machine-process.ts';

export interface CrashMachine extends Disposable {
  /** Puts the disk to where the operation begins. */
  reset(operation: CrashOperationName): Promise<void>;
  /** Starts the manager towards the operation's goal, by these words where there are any; undefined when it was killed. */
  start(
    operation: CrashOperationName,
    change?: Partial<MachineRun>,
    by?: readonly string[],
  ): Promise<MachineRunResult | undefined>;
  /** A fresh folder for disks (`MachineRun.keepDisks`). */
  folderForDisks(): string;
  /** The manager was cut off, and this is what the disk holds. After a loss of power nothing runs any more, and the machine lives anew. */
  startOver(disk: string, operation: CrashOperationName, by: KeptDisk['by']): Promise<string>;
  /** What is on the disk. */
  look(): DiskState;
  /** How many orders it has accepted. */
  acceptedOrders(): number;
  /** The commands of the handler `Thing` in version 1.0.0 that were run, in their order. */
  commands(): readonly string[];
  /** Whatever should not be there: on its way, half removed, or running. */
  leftovers(): readonly string[];
}

/** On a disk in memory, where a start costs the least. */
export async function crashMachine(): Promise<CrashMachine> {
  const directory = memoryDirectory('crash');
  const root = join(directory.path, 'root');
  const machineKey = join(directory.path, 'machine.key');
  await createMachineKey(machineKey);
  const program = await buildAgent(directory.path);
  const source = join(import.meta.dirname, 'machine-process.ts');
  const machine = join(directory.path, 'machine-process.cjs');
  writeFileSync(machine, await bundle({ input: source, target: 'node26', minify: false }));
  const saved = (operation: CrashOperationName): string => join(directory.path, `saved-${operation}`);
  let folders = 0;

  const disk = { root, machineKey, program };

  async function once(run: MachineRun, by: readonly string[]): Promise<MachineRunResult | undefined> {
    const [file, ...words] = [...by, process.execPath, machine, JSON.stringify(run)];
    const child = spawn(file, words, {
      env: { ...process.env, NODE_COMPILE_CACHE: join(directory.path, 'compiled') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err, signal] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<NodeJS.Signals | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (_code, name) => resolve(name));
      }),
    ]);
    if (signal === 'SIGKILL') return undefined;
    if (out === '') throw new Error(`the manager ended without an answer: ${err}`);
    return JSON.parse(out) as MachineRunResult;
  }

  function start(
    operation: CrashOperationName,
    change: Partial<MachineRun> = {},
    by: readonly string[] = [],
  ): Promise<MachineRunResult | undefined> {
    const { goal, left } = crashOperation(operation);
    return once({ ...disk, goal, left, machineLife: 'one', ...change }, by);
  }

  function clear(): void {
    for (const pid of hostedProcesses(root)) process.kill(pid, 'SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }

  return {
    async reset(operation) {
      const { before } = crashOperation(operation);
      clear();
      if (existsSync(saved(operation))) {
        cpSync(saved(operation), root, { recursive: true });
        return;
      }
      mkdirSync(root);
      for (const goal of before) await startMachine({ ...disk, goal, machineLife: 'one' });
      // What runs is no part of a disk.
      if (!before.some(isHosting)) cpSync(root, saved(operation), { recursive: true });
    },
    start,
    folderForDisks() {
      folders += 1;
      const folder = join(directory.path, `disks-${folders}`);
      mkdirSync(folder);
      return folder;
    },
    startOver(from, operation, by) {
      clear();
      renameSync(from, root);
      const { goal } = crashOperation(operation);
      // In this process: what is started on is the disk, and thousands of starts are quick that way.
      return startMachine({ ...disk, goal, machineLife: by === 'kill' ? 'one' : 'another' });
    },
    look: () => diskState(imageOf(root)),
    acceptedOrders() {
      const orders = JSON.parse(readFileSync(join(root, 'var/lib/GuestConfig/orders.json'), 'utf8')) as {
        readonly accepted: object;
      };
      return Object.keys(orders.accepted).length;
    },
    commands() {
      const log = join(root, 'var/lib/waagent/Contoso.Test.Thing-1.0.0/commands.log');
      return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
    },
    leftovers: () => [
      ...['var/lib/waagent', 'var/lib/GuestConfig/downloads'].flatMap((folder) =>
        namesIn(join(root, folder)).filter((name) => name.startsWith('.') || folder.endsWith('downloads')),
      ),
      // Of what is hosted nothing runs that is not meant to.
      ...(diskState(imageOf(root)).states.some((state) => state.endsWith(' enabled')) ? [] : hostedProcesses(root)).map(
        (pid) => `process ${pid} runs`,
      ),
    ],
    [Symbol.dispose]() {
      clear();
      machineGroups(groupMechanism(readGroupFacts(process.getuid?.() ?? -1)), root).sweep();
      directory.remove();
    },
  };
}

/** Whether it leaves processes running, which are no part of a disk: such an operation has to be killed really. */
export function leavesProcesses(operation: CrashOperationName): boolean {
  const { before, goal } = crashOperation(operation);
  return [...before, goal].some(isHosting);
}

function isHosting({ handler }: CrashGoal): boolean {
  return handler === 'Hosted';
}

/** What the handler `Hosted` has left running, as it noted it, as far as it still runs. */
function hostedProcesses(root: string): readonly number[] {
  const file = join(root, 'var/lib/waagent/hosted');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\d+$/.test(line) && commandOf(line) === 'sleep\x0086399\0')
    .map(Number);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    // It has ended.
    return '';
  }
}

function namesIn(folder: string): readonly string[] {
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder);
}
