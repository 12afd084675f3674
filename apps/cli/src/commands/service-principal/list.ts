import { buildCommand } from '@stricli/core';
import { servicePrincipals } from '../../access/service-principals.ts';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';

export const servicePrincipalList = buildCommand({
  docs: { brief: 'Lists the applications that can sign in' },
  parameters: { flags: apiFlags },
  async func(this: CliContext, flags: ApiFlags) {
    await withClient(this, flags, async (client) => {
      const items = await servicePrincipals(client);
      const rows = items.map(({ properties }) => [
        properties.displayName,
        properties.clientId,
        properties.objectId,
        properties.createdOn,
      ]);
      answer(this, flags, items, ['NAME', 'CLIENT ID', 'OBJECT ID', 'CREATED'], rows);
    });
  },
});
