/**
 * The agent is three programs in one folder, shipped together: the one that people call, and one for each process that has to be small,
 * because it is always there or is started again and again.
 */
import { dirname, extname, join } from 'node:path';

export const agentPrograms = ['azcmagent', 'azcmagent-resident', 'azcmagent-unpack'] as const;
export type AgentProgram = (typeof agentPrograms)[number];

/** Their sources, in the folder `src` of the agent. */
export const programSources: Readonly<Record<AgentProgram, string>> = {
  azcmagent: 'main.ts',
  'azcmagent-resident': 'resident-main.ts',
  'azcmagent-unpack': 'unpack-main.ts',
};

/** The file of one, beside `running`, which is the file of any of them: all bundled, or all sources. */
export function fileOfProgram(program: AgentProgram, running: string): string {
  const name = extname(running) === '.ts' ? programSources[program] : `${program}.cjs`;
  return join(dirname(running), name);
}
