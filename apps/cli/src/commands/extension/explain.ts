import { buildCommand } from '@stricli/core';
import { CodedError, parseValue } from '@sallyport/model';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, extensionPath, machinePath, operationExplanationSchema } from '../../resources.ts';
import { utc } from '../../upgrades.ts';
import { machineFlag } from './machine-flag.ts';

export const extensionExplain = buildCommand({
  docs: { brief: 'Says for each extension of a machine where its last operation stands, and why' },
  parameters: {
    flags: { ...apiFlags, ...machineFlag },
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'Name of the resource; by default all of them', parse: String, optional: true, placeholder: 'name' },
      ],
    },
  },
  async func(this: CliContext, flags: ApiFlags & { readonly machine?: string }, name?: string) {
    await withClient(this, flags, async (client) => {
      const machine = machinePath(client.connection, flags.machine);
      const about = name === undefined ? machine : extensionPath(machine, name);
      const items = await client.list(`${about}/providers/Sallyport.Explain/operations`, apiVersions.explain);
      if (name !== undefined && items.length === 0)
        throw new CodedError('ResourceNotFound', `Nothing is known of an operation on the extension '${name}'.`);
      const rows = items.map((item) => {
        const found = parseValue(operationExplanationSchema, item, 'An operation');
        const why = [found.message, found.explanation?.message, found.stranded?.message];
        return [
          found.extension,
          found.installed,
          found.state,
          found.step?.name ?? '',
          utc(found.step?.deadline ?? found.deadline),
          [...new Set(why)].filter((sentence) => sentence !== undefined).join(' '),
        ];
      });
      answer(this, flags, items, ['NAME', 'INSTALLED', 'STATE', 'STEP', 'ENDS BY', 'WHAT AND WHY'], rows);
    });
  },
});
