import { digestOfOperation } from '@sallyport/local-controls';
import { buildCommand } from '@stricli/core';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { describeOrder } from '../../orders/describe-order.ts';
import { findWaiting, operationOf } from '../../orders/waiting-order.ts';
import { machinePath } from '../../resources.ts';
import { machineFlag } from '../extension/machine-flag.ts';
import { nameArgument } from './name-argument.ts';

export const orderShow = buildCommand({
  docs: { brief: 'Shows in full what is to be signed of an extension on a machine' },
  parameters: { flags: { ...apiFlags, ...machineFlag }, positional: nameArgument },
  async func(this: CliContext, flags: ApiFlags & { readonly machine?: string }, name: string) {
    await withClient(this, flags, async (client) => {
      const waiting = await findWaiting(client, machinePath(client.connection, flags.machine), name);
      const text =
        flags.output === 'json'
          ? JSON.stringify({ ...waiting, digest: digestOfOperation(operationOf(waiting)) }, undefined, 2)
          : describeOrder(waiting).join('\n');
      this.process.stdout.write(`${text}\n`);
    });
  },
});
