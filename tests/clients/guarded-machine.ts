/** A machine with the real agent, whose administrator wants what is asked of it signed (T10). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../apps/agent/src/cli/run-cli.ts';
import { processEnvironment } from '../../apps/agent/src/platform/environment.ts';
import { connectArguments } from '../system/harness.ts';
import { startService } from '../system/processes.ts';
import type { Operator } from './control-plane-process.ts';
import type { TestGallery } from './test-gallery.ts';

export interface GuardedMachine {
  readonly resourceId: string;
  /** As the server itself says it. */
  readonly vmId: string;
  stop(): Promise<void>;
}

/** Connects `guarded` in the group `Fleet`, sets `extensions.signers` on it and starts its agent. */
export async function startGuardedMachine(
  operator: Operator,
  gallery: TestGallery,
  folder: string,
  signers: string,
): Promise<GuardedMachine> {
  const root = join(folder, 'guarded');
  mkdirSync(root, { mode: 0o755 });
  async function azcmagent(...args: readonly string[]): Promise<string> {
    let output = '';
    const write = (text: string): void => void (output += text);
    const environment = { ...processEnvironment(), root };
    const code = await runCli(args, environment, { out: write, err: write }, new AbortController().signal);
    if (code !== 0) throw new Error(`azcmagent ${args.join(' ')}: ${output}`);
    return output;
  }
  const catalogRoot = join(gallery.directory, 'metadata/1.root.json');
  await azcmagent(...connectArguments({ operator, machine: 'guarded' }, catalogRoot, 'Fleet'));
  await azcmagent('config', 'set', 'extensions.signers', signers);
  const { resourceId, vmId } = JSON.parse(await azcmagent('show', '--json')) as Pick<
    GuardedMachine,
    'resourceId' | 'vmId'
  >;
  const agent = await startService('agent', ['run'], 'Connected as', { AZCMAGENT_ROOT: root });
  return { resourceId, vmId, stop: async () => void (await agent.stop()) };
}
