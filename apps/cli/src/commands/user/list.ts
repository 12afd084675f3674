import { buildCommand } from '@stricli/core';
import { users } from '../../access/users.ts';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';

export const userList = buildCommand({
  docs: { brief: 'Lists the people who can sign in' },
  parameters: { flags: apiFlags },
  async func(this: CliContext, flags: ApiFlags) {
    await withClient(this, flags, async (client) => {
      const items = await users(client);
      const rows = items.map(({ name, properties }) => [
        name,
        properties.displayName,
        properties.hasPassword ? 'password' : '',
        properties.objectId,
        properties.createdOn,
      ]);
      answer(this, flags, items, ['USER', 'NAME', 'SIGNS IN WITH', 'OBJECT ID', 'CREATED'], rows);
    });
  },
});
