import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { rolloutSchema, upgradesPath, utc } from '../../upgrades.ts';

export const upgradeList = buildCommand({
  docs: { brief: 'Lists the versions that go out by themselves, how far they are and what they wait for' },
  parameters: { flags: apiFlags },
  async func(this: CliContext, flags: ApiFlags) {
    await withClient(this, flags, async (client) => {
      const items = await client.list(upgradesPath(client.connection, 'rollouts'), apiVersions.upgrades);
      const rows = items.map((item) => {
        const { name, properties } = parseValue(rolloutSchema, item, 'A rollout');
        const { upgraded, upgrading, failed, refused, waiting, held } = properties.machines;
        const all = upgraded + upgrading + failed + refused + waiting + held;
        const done = `${upgraded} of ${all}`;
        return [name, properties.state, done, String(failed), properties.reason, utc(properties.goesOnAt)];
      });
      answer(this, flags, items, ['ROLLOUT', 'STATE', 'UPGRADED', 'FAILED', 'WHY', 'GOES ON'], rows);
    });
  },
});
