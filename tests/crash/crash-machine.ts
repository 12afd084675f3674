/** A machine whose manager is started as a process of its own, again and again, on one disk. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { memoryDirectory } from '@sallyport/testkit';
import { createMachineKey } from '../../apps/agent/src/connection/machine-key.ts';
import { crashPackages } from './crash-packages.ts';
import type { Image } from './durable-image.ts';
import { diskState, type DiskState } from './invariants.ts';
import type { MachineRun, MachineRunResult } from './machine-process.ts';

/** The operations that are interrupted: from which version, to which, how that ends and what is there then. '' is none. */
export const crashOperations = {
  install: { from: '', to: '1.0.0', end: /^Succeeded$/, left: '1.0.0 enabled' },
  reconfigure: { from: '1.0.0', to: '1.0.0', end: /^Succeeded$/, left: '1.0.0 enabled' },
  upgrade: { from: '1.0.0', to: '2.0.0', end: /^Succeeded$/, left: '2.0.0 enabled' },
  rollback: { from: '1.0.0', to: '2.1.0', end: /^Failed: .*\nRolled back to 1\.0\.0/s, left: '1.0.0 enabled' },
  removal: { from: '1.0.0', to: '', end: /^Succeeded$/, left: '' },
} as const;
export type CrashOperation = keyof typeof crashOperations;

export interface CrashMachine extends Disposable {
  /** Puts the disk to where the operation begins. */
  reset(operation: CrashOperation): Promise<void>;
  /** Starts the manager towards the operation's goal; undefined when it was killed. */
  start(operation: CrashOperation, change?: Partial<MachineRun>): Promise<MachineRunResult | undefined>;
  /** What is on the disk. */
  look(): DiskState;
  /** Whatever should not be there: on its way, or half removed. */
  leftovers(): readonly string[];
}

/** On a disk in memory, where a start costs the least. */
export async function crashMachine(): Promise<CrashMachine> {
  const directory = memoryDirectory('crash');
  const root = join(directory.path, 'root');
  const machineKey = join(directory.path, 'machine.key');
  await createMachineKey(machineKey);
  const saved = (version: string): string => join(directory.path, `saved-${version}`);

  async function once(run: MachineRun): Promise<MachineRunResult | undefined> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'machine-process.ts'), JSON.stringify(run)], {
      env: { ...process.env, AZCMAGENT_ROOT: root },
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

  const look = (): DiskState => diskState(imageOf(root), crashPackages);

  return {
    async reset(operation) {
      const { from } = crashOperations[operation];
      rmSync(root, { recursive: true, force: true });
      mkdirSync(root);
      if (from === '') return;
      if (statSync(saved(from), { throwIfNoEntry: false }) === undefined) {
        await once({ version: from, sequence: 1, left: `${from} enabled`, machineKey });
        cpSync(root, saved(from), { recursive: true });
      } else cpSync(saved(from), root, { recursive: true });
    },
    start: (operation, change = {}) =>
      once({
        version: crashOperations[operation].to,
        sequence: 2,
        left: crashOperations[operation].left,
        machineKey,
        ...change,
      }),
    look,
    leftovers: () =>
      ['var/lib/waagent', 'var/lib/GuestConfig/downloads'].flatMap((folder) =>
        namesIn(join(root, folder)).filter((name) => name.startsWith('.') || folder.endsWith('downloads')),
      ),
    [Symbol.dispose]: directory.remove,
  };
}

function namesIn(folder: string): readonly string[] {
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder);
}

function imageOf(root: string): Image {
  const image = new Map<string, Buffer | undefined>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) image.set(path.slice(root.length + 1), readFileSync(path));
    else if (entry.isDirectory()) image.set(path.slice(root.length + 1), undefined);
  }
  return image;
}
