/** `azcmagent config restore`: the way back from local controls that cannot be trusted. An addition of ours. */
import { formatValue, jsonValue, propertyNames } from '@sallyport/local-controls';
import { restoreControls } from '../../../config/restore-controls.ts';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(invocation: Invocation, { environment, voice }: CommandContext): Promise<void> {
  const outcome = restoreControls(environment, invocation.flags.has('allow-none'));
  switch (outcome.kind) {
    case 'in-order':
      voice.line(`Nothing to restore: ${outcome.file} is in order.`);
      voice.value({ status: 'success', restored: false });
      return;
    case 'refused':
      throw new AzcmError('AZCM0001', `Nothing was restored: ${outcome.reason}.`, [
        'To begin again with nothing allowed: azcmagent config restore --allow-none',
      ]);
    case 'restored':
      voice.line(
        outcome.source === 'last-good-copy'
          ? 'The last good copy of the local controls is in force again.'
          : 'There was no usable copy. All properties have their defaults and the allowlist is Allow/None.',
      );
      for (const name of ['config.mode', 'extensions.allowlist', 'extensions.blocklist'] as const) {
        voice.line(`  ${name}: ${formatValue(outcome.controls, name)}`);
      }
      voice.value({
        status: 'success',
        restored: true,
        source: outcome.source,
        localSettings: propertyNames.map((name) => ({ key: name, value: jsonValue(outcome.controls, name) })),
      });
  }
}
