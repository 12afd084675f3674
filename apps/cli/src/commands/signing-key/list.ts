import { buildCommand } from '@stricli/core';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { signingKeyRows } from './rows.ts';

export const signingKeyList = buildCommand({
  docs: { brief: 'Lists the keys that tokens are signed with' },
  parameters: { flags: apiFlags },
  async func(this: CliContext, flags: ApiFlags) {
    await withClient(this, flags, async (client) => {
      const items = await client.list('/providers/Sallyport.Identity/signingKeys', apiVersions.identity);
      answer(this, flags, items, ['KEY', 'SINCE', 'RETIRED'], signingKeyRows(items));
    });
  },
});
