/** The agent as it is shipped: `azcmagent.cjs`, and beside it a file for each process of it that has to be small. */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentPrograms, programSources } from '../../apps/agent/src/platform/agent-programs.ts';
import { bundle } from './bundle.ts';

const root = join(import.meta.dirname, '../..');

/** Builds them into the directory `output`. Gives their files, the one that people call first. */
export async function buildAgentPrograms(output = join(root, 'dist')): Promise<readonly string[]> {
  mkdirSync(output, { recursive: true });
  return Promise.all(
    agentPrograms.map(async (program) => {
      const input = join(root, 'apps/agent/src', programSources[program]);
      const file = join(output, `${program}.cjs`);
      writeFileSync(file, await bundle({ input, target: 'node26', minify: true }));
      return file;
    }),
  );
}

/** What stands beside the programs on a machine: how people and systemd start them, with the modes they have there. */
const beside = { azcmagent: 0o755, 'himdsd.service': 0o644 } as const;

/** All that is put into `/opt/azcmagent/bin`, apart from Node, and the unit. Gives the files. */
export async function buildAgentInstallation(output = join(root, 'dist')): Promise<readonly string[]> {
  const programs = await buildAgentPrograms(output);
  const more = Object.entries(beside).map(([name, mode]) => {
    const file = join(output, name);
    copyFileSync(join(root, 'apps/agent/service', name), file);
    chmodSync(file, mode);
    return file;
  });
  return [...programs, ...more];
}

/** The programs; gives the file that people call. */
export async function buildAgent(output?: string): Promise<string> {
  const [first = ''] = await buildAgentPrograms(output);
  return first;
}
