import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import * as z from 'zod/mini';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { signingKeyRows } from './rows.ts';

export const signingKeyRotate = buildCommand({
  docs: { brief: 'Takes a new key for signing tokens; tokens that are out stay good until they expire' },
  parameters: { flags: apiFlags },
  async func(this: CliContext, flags: ApiFlags) {
    await withClient(this, flags, async (client) => {
      const path = '/providers/Sallyport.Identity/rotateSigningKeys';
      const { body } = await client.change('POST', path, apiVersions.identity);
      const { value } = parseValue(z.object({ value: z.array(z.unknown()) }), body, 'The answer');
      answer(this, flags, value, ['KEY', 'SINCE', 'RETIRED'], signingKeyRows(value));
    });
  },
});
