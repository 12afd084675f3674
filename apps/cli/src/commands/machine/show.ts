import { buildCommand } from '@stricli/core';
import { CodedError } from '@sallyport/model';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, machinePath } from '../../resources.ts';
import { printable } from '../../output/table.ts';
import { machineArgument } from './machine-argument.ts';

export const machineShow = buildCommand({
  docs: { brief: 'Shows a machine whole, with the local controls in force on it (read-only here)' },
  parameters: {
    flags: { connection: apiFlags.connection },
    positional: machineArgument,
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'>, machine?: string) {
    await withClient(this, { ...flags, output: 'json' }, async (client) => {
      const found = await client.get(machinePath(client.connection, machine), apiVersions.hybridCompute);
      if (found === undefined)
        throw new CodedError(
          'ResourceNotFound',
          `There is no machine '${machine ?? client.connection.machineName}' in resource group '${client.connection.resourceGroup}'.`,
        );
      this.process.stdout.write(`${printable(JSON.stringify(found, undefined, 2))}\n`);
    });
  },
});
