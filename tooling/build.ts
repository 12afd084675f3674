/** `npm run build [-- agent | extensions ...]`: what is shipped, into `dist/`. Without a word, everything. */
import { join, relative } from 'node:path';
import { buildAgent, buildAgentInstallation, buildAgentPrograms } from './build/build-agent.ts';
import { buildExtensions } from './build/build-extensions.ts';

export { buildAgent, buildAgentInstallation, buildAgentPrograms, buildExtensions };

const parts: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  agent: () => buildAgentInstallation(),
  extensions: async () => (await buildExtensions()).map(({ file }) => file),
};

async function main(asked: readonly string[]): Promise<void> {
  const unknown = asked.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no part '${unknown}' to build; there are ${Object.keys(parts).join(' and ')}.\n`);
    process.exitCode = 1;
    return;
  }
  for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
    for (const file of (await parts[name]?.()) ?? []) {
      process.stdout.write(`${relative(join(import.meta.dirname, '..'), file)}\n`);
    }
  }
}

if (import.meta.main) await main(process.argv.slice(2));
