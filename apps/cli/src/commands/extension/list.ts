import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, extensionSchema, machinePath } from '../../resources.ts';
import { machineFlag } from './machine-flag.ts';

export const extensionList = buildCommand({
  docs: { brief: 'Lists the extensions of a machine' },
  parameters: { flags: { ...apiFlags, ...machineFlag } },
  async func(this: CliContext, flags: ApiFlags & { readonly machine?: string }) {
    await withClient(this, flags, async (client) => {
      const items = await client.list(
        `${machinePath(client.connection, flags.machine)}/extensions`,
        apiVersions.hybridCompute,
      );
      const rows = items.map((item) => {
        const { name, properties } = parseValue(extensionSchema, item, 'An extension');
        return [
          name,
          `${properties.publisher}/${properties.type}`,
          properties.typeHandlerVersion,
          properties.provisioningState,
          properties.instanceView?.status?.message ?? '',
        ];
      });
      answer(this, flags, items, ['NAME', 'EXTENSION', 'VERSION', 'STATE', 'MESSAGE'], rows);
    });
  },
});
