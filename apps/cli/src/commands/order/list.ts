import { buildCommand } from '@stricli/core';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { listWaiting } from '../../orders/waiting-order.ts';
import { machinePath } from '../../resources.ts';
import { utc } from '../../upgrades.ts';
import { machineFlag } from '../extension/machine-flag.ts';

export const orderList = buildCommand({
  docs: { brief: 'Lists what is under way on a machine, and who has signed it' },
  parameters: { flags: { ...apiFlags, ...machineFlag } },
  async func(this: CliContext, flags: ApiFlags & { readonly machine?: string }) {
    await withClient(this, flags, async (client) => {
      const found = await listWaiting(client, machinePath(client.connection, flags.machine));
      const rows = found.map((one) => [
        one.resourceName,
        one.desired === 'absent' ? 'remove' : `${one.kind} ${one.publisher}/${one.type} ${one.version}`,
        String(one.signatures.length),
        utc(one.deadline),
        one.step?.message ?? one.state,
      ]);
      answer(this, flags, found, ['NAME', 'WHAT', 'SIGNATURES', 'ENDS BY', 'STATE'], rows);
    });
  },
});
