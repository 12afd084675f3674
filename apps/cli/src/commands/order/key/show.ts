import { buildCommand } from '@stricli/core';
import type { CliContext } from '../../../context.ts';
import { keyFlags, operatorKey, signerTextOf, type KeyFlags } from '../../../orders/operator-key.ts';

export const orderKeyShow = buildCommand({
  docs: { brief: 'Prints what servers know your key by' },
  parameters: { flags: keyFlags },
  async func(this: CliContext, flags: KeyFlags) {
    this.process.stdout.write(`${signerTextOf(await operatorKey(flags))}\n`);
  },
});
