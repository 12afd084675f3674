import { buildCommand } from '@stricli/core';
import { CodedError } from '@sallyport/model';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { printable } from '../../output/table.ts';
import { apiVersions, extensionPath, machinePath } from '../../resources.ts';
import { machineFlag } from './machine-flag.ts';

export const extensionShow = buildCommand({
  docs: { brief: 'Shows an extension of a machine whole' },
  parameters: {
    flags: { connection: apiFlags.connection, ...machineFlag },
    positional: { kind: 'tuple', parameters: [{ brief: 'Name of the resource', parse: String, placeholder: 'name' }] },
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'> & { readonly machine?: string }, name: string) {
    await withClient(this, { ...flags, output: 'json' }, async (client) => {
      const found = await client.get(
        extensionPath(machinePath(client.connection, flags.machine), name),
        apiVersions.hybridCompute,
      );
      if (found === undefined)
        throw new CodedError(
          'ResourceNotFound',
          `There is no extension '${name}' on machine '${flags.machine ?? client.connection.machineName}'.`,
        );
      this.process.stdout.write(`${printable(JSON.stringify(found, undefined, 2))}\n`);
    });
  },
});
