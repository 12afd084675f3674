import { buildCommand } from '@stricli/core';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, extensionPath, machinePath } from '../../resources.ts';
import { followOperation } from './follow-operation.ts';
import { machineFlag } from './machine-flag.ts';

export const extensionDelete = buildCommand({
  docs: { brief: 'Removes an extension from a machine. The server always lets one go (S4.6)' },
  parameters: {
    flags: {
      connection: apiFlags.connection,
      ...machineFlag,
      wait: { kind: 'boolean', brief: 'Wait for the outcome', default: true },
    },
    positional: { kind: 'tuple', parameters: [{ brief: 'Name of the resource', parse: String, placeholder: 'name' }] },
  },
  async func(
    this: CliContext,
    flags: Omit<ApiFlags, 'output'> & { readonly machine?: string; readonly wait: boolean },
    name: string,
  ) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      const path = extensionPath(machinePath(client.connection, flags.machine), name);
      await followOperation(
        this,
        client,
        path,
        await client.change('DELETE', path, apiVersions.hybridCompute),
        flags.wait,
      );
    });
  },
});
