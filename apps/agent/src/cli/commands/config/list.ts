/** `azcmagent config list`: everything that is in force (S4.10, arc-agent §1.6). */
import { displayName, formatValue, jsonValue, propertyNames } from '@sallyport/local-controls';
import type { CommandContext, Invocation } from '../../command.ts';
import { controlsInForce } from './controls-in-force.ts';

/** Scripts read this layout: two blanks, the name padded to 54 columns, a colon, the value. */
const nameColumn = 54;

export async function run(_invocation: Invocation, { environment, voice }: CommandContext): Promise<void> {
  const { own, applied } = controlsInForce(environment);
  voice.line('Local Configuration Settings');
  for (const name of propertyNames) {
    voice.line(`  ${displayName(name).padEnd(nameColumn)}: ${formatValue(applied, name)}`.trimEnd());
  }
  const kept = [own['extensions.allowlist'], own['extensions.blocklist']].some((list) => list.entries.length > 0);
  if (own['config.mode'] === 'monitor' && kept) {
    voice.info('Monitor mode has set your own lists aside. They come back with: azcmagent config set config.mode full');
  }
  voice.value({ localSettings: propertyNames.map((name) => ({ key: name, value: jsonValue(applied, name) })) });
}
