import { buildCommand } from '@stricli/core';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, machinePath } from '../../resources.ts';
import { machineArgument } from './machine-argument.ts';

/** The way out of a quarantine when only one copy of a machine is left (T73). */
export const machineRelease = buildCommand({
  docs: { brief: 'Releases a machine from quarantine; its key is renewed at once' },
  parameters: {
    flags: { connection: apiFlags.connection },
    positional: machineArgument,
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'>, machine?: string) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      const path = `${machinePath(client.connection, machine)}/providers/Sallyport.Identity/releaseQuarantine`;
      await client.change('POST', path, apiVersions.identity);
      this.process.stdout.write(
        `The machine '${machine ?? client.connection.machineName}' is released. Its agent renews its key with its next heartbeat; a copy that comes later is noticed by the key it has.\n`,
      );
    });
  },
});
