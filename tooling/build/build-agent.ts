/** The agent as it is shipped: `azcmagent.cjs`, and beside it a file for each process of it that has to be small. */
import { mkdirSync, writeFileSync } from 'node:fs';
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

/** The same; gives the file that people call. */
export async function buildAgent(output?: string): Promise<string> {
  const [first = ''] = await buildAgentPrograms(output);
  return first;
}
