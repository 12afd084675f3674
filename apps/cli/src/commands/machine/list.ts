import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions, machineSchema } from '../../resources.ts';

export const machineList = buildCommand({
  docs: { brief: 'Lists the machines of the subscription' },
  parameters: { flags: apiFlags },
  async func(this: CliContext, flags: ApiFlags) {
    await withClient(this, flags, async (client) => {
      const path = `/subscriptions/${client.connection.subscriptionId}/providers/Microsoft.HybridCompute/machines`;
      const items = await client.list(path, apiVersions.hybridCompute);
      const rows = items.map((item) => {
        const { name, location, properties } = parseValue(machineSchema, item, 'A machine');
        return [
          name,
          location,
          properties.status,
          properties.agentVersion,
          properties.agentConfiguration?.configMode ?? '',
          properties.agentConfiguration?.extensionsEnabled ?? '',
        ];
      });
      answer(this, flags, items, ['NAME', 'LOCATION', 'STATUS', 'AGENT', 'MODE', 'EXTENSIONS ENABLED'], rows);
    });
  },
});
