/** A machine under a root of its own, for tests. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment } from '../platform/environment.ts';
import { agentPaths, type AgentPaths } from '../platform/paths.ts';

export interface TestMachine extends Disposable {
  readonly environment: Environment;
  readonly paths: AgentPaths;
  /** The directory above the root; it goes with the machine. */
  readonly above: string;
}

/** A fresh machine that others may read, as a real one. Its root is two directories below the temporary directory. */
export function testMachine(): TestMachine {
  const above = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-config-')));
  chmodSync(above, 0o755);
  const root = join(above, 'root');
  mkdirSync(root, { mode: 0o755 });
  return {
    environment: environmentOf(root),
    paths: agentPaths(root),
    above,
    [Symbol.dispose]: () => rmSync(above, { recursive: true, force: true }),
  };
}

/** The environment of this process with another root. */
export function environmentOf(root: string): Environment {
  return {
    root,
    uid: process.geteuid?.() ?? 0,
    variables: {},
    now: () => 0,
    monotonic: () => 0,
    guid: () => '00000000-0000-0000-0000-000000000000',
  };
}

/** Makes the directory a file lies in. */
export function makeParent(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
}
