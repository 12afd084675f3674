/** `azcmagent config clear <property>`: back to the default; prints what it was. */
import { formatValue, jsonValue } from '@sallyport/local-controls';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext, Invocation } from '../../command.ts';
import { changeOrThrow } from './change-command.ts';
import { propertyArgument } from './property-argument.ts';

export async function run(invocation: Invocation, context: CommandContext): Promise<void> {
  const name = propertyArgument(invocation.arguments[0] ?? '');
  const { before, after } = changeOrThrow(
    context,
    name,
    { kind: 'clear' },
    ({ reason }) => new AzcmError('AZCM0023', `${name} was not cleared: ${reason}. Nothing was stored.`),
  );
  context.voice.line(`Config property ${name} cleared. Previous value: ${formatValue(before, name)}`.trimEnd());
  context.voice.value({
    status: 'success',
    key: name,
    value: jsonValue(after, name),
    previousValue: jsonValue(before, name),
  });
}
