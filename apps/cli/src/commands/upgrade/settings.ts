import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import * as z from 'zod/mini';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, machinePath } from '../../resources.ts';
import { upgradesPath } from '../../upgrades.ts';
import { machineFlag } from '../extension/machine-flag.ts';
import { readSettings } from '../extension/settings-flag.ts';

const settingsSchema = z.object({ properties: z.record(z.string(), z.unknown()) });

interface Flags extends Omit<ApiFlags, 'output'> {
  readonly machine?: string;
  readonly set?: string;
}

export const upgradeSettings = buildCommand({
  docs: { brief: "Shows or sets how versions are rolled out, or with --machine a machine's windows and pins" },
  parameters: {
    flags: {
      connection: apiFlags.connection,
      machine: { ...machineFlag.machine, brief: 'The settings of this machine instead of those of the subscription' },
      set: {
        kind: 'parsed',
        parse: String,
        brief: "JSON file with the new settings, '-' for standard input",
        optional: true,
        placeholder: 'FILE',
      },
    },
  },
  async func(this: CliContext, flags: Flags) {
    await withClient(this, { ...flags, output: 'json' }, async (client) => {
      const path =
        flags.machine === undefined
          ? upgradesPath(client.connection, 'rolloutSettings/default')
          : `${machinePath(client.connection, flags.machine)}/providers/Sallyport.Upgrades/machineSettings/default`;
      const answered =
        flags.set === undefined
          ? await client.get(path, apiVersions.upgrades)
          : (await client.change('PUT', path, apiVersions.upgrades, { properties: readSettings(flags.set) })).body;
      const { properties } = parseValue(settingsSchema, answered, 'The settings');
      this.process.stdout.write(`${JSON.stringify(properties, undefined, 2)}\n`);
    });
  },
});
