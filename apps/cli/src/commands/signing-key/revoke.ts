import { buildCommand } from '@stricli/core';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';

export const signingKeyRevoke = buildCommand({
  docs: { brief: 'For a key in wrong hands: every token that it signed is refused' },
  parameters: {
    flags: { connection: apiFlags.connection },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'The key, as the list names it', parse: String, placeholder: 'key' }],
    },
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'>, key: string) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      const path = `/providers/Sallyport.Identity/signingKeys/${encodeURIComponent(key)}`;
      await client.change('DELETE', path, apiVersions.identity);
      this.process.stdout.write(`What ${key} signed is refused.\n`);
    });
  },
});
