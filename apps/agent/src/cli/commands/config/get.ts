/** `azcmagent config get <property>`: the value in force and nothing else. */
import { formatValue, jsonValue } from '@sallyport/local-controls';
import type { CommandContext, Invocation } from '../../command.ts';
import { controlsInForce } from './controls-in-force.ts';
import { propertyArgument } from './property-argument.ts';

export async function run(invocation: Invocation, { environment, voice }: CommandContext): Promise<void> {
  const name = propertyArgument(invocation.arguments[0] ?? '');
  const { applied } = controlsInForce(environment);
  voice.line(formatValue(applied, name));
  voice.value({ key: name, value: jsonValue(applied, name) });
}
