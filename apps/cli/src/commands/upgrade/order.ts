/** The brake, and letting it go: two commands that differ in a word. */
import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { rolloutSchema, upgradesPath } from '../../upgrades.ts';

const order = (word: 'halt' | 'resume', brief: string) =>
  buildCommand({
    docs: { brief },
    parameters: {
      flags: { connection: apiFlags.connection },
      positional: {
        kind: 'tuple',
        parameters: [{ brief: 'Its name, as `upgrade list` shows it', parse: String, placeholder: 'rollout' }],
      },
    },
    async func(this: CliContext, flags: Omit<ApiFlags, 'output'>, rollout: string) {
      await withClient(this, { ...flags, output: 'table' }, async (client) => {
        const path = upgradesPath(client.connection, `rollouts/${encodeURIComponent(rollout)}/${word}`);
        const { body } = await client.change('POST', path, apiVersions.upgrades);
        const { name, properties } = parseValue(rolloutSchema, body, 'A rollout');
        this.process.stdout.write(`${name} is ${properties.state}. ${properties.reason}\n`);
      });
    },
  });

export const upgradeHalt = order('halt', 'Halts a rollout: no further machine gets the version until it is resumed');
export const upgradeResume = order('resume', 'Resumes a rollout; what failed until now no longer halts it');
