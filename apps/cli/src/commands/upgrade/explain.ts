import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, machinePath } from '../../resources.ts';
import { explanationSchema, utc } from '../../upgrades.ts';
import { machineArgument } from '../machine/machine-argument.ts';

export const upgradeExplain = buildCommand({
  docs: { brief: 'Says for each extension of a machine what will happen by itself, and why it waits' },
  parameters: {
    flags: apiFlags,
    positional: machineArgument,
  },
  async func(this: CliContext, flags: ApiFlags, machine?: string) {
    await withClient(this, flags, async (client) => {
      const path = `${machinePath(client.connection, machine)}/providers/Sallyport.Explain/automaticUpgrades`;
      const items = await client.list(path, apiVersions.upgrades);
      const rows = items.map((item) => {
        const found = parseValue(explanationSchema, item, 'An explanation');
        return [found.name, found.installed, found.version ?? '', found.explanation, utc(found.goesOnAt)];
      });
      answer(this, flags, items, ['EXTENSION', 'INSTALLED', 'NEXT', 'WHAT AND WHY', 'GOES ON'], rows);
    });
  },
});
