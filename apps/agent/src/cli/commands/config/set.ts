/** `azcmagent config set <property> <value>` (S4.1, S4.12). */
import { formatValue, jsonValue, propertyOf, type PropertyName, type Refused } from '@sallyport/local-controls';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext, Invocation } from '../../command.ts';
import { changeOrThrow } from './change-command.ts';
import { propertyArgument } from './property-argument.ts';

export async function run(invocation: Invocation, context: CommandContext): Promise<void> {
  const [property = '', ...values] = invocation.arguments;
  const name = propertyArgument(property);
  const kind = kindOfChange(invocation, name);
  if (values.length > 1) throw severalValues(name, values);
  const text = values[0] ?? '';
  const { after } = changeOrThrow(context, name, { kind, text }, (refusal) => refusalError(name, refusal));
  context.voice.line(`Config property ${name} set to value ${formatValue(after, name)}`.trimEnd());
  context.voice.value({ status: 'success', key: name, value: jsonValue(after, name) });
}

function kindOfChange(invocation: Invocation, name: PropertyName): 'set' | 'add' | 'remove' {
  const add = invocation.flags.has('add');
  const remove = invocation.flags.has('remove');
  if (add && remove) throw new AzcmError('AZCM0023', '--add and --remove exclude each other. Nothing was stored.');
  if ((add || remove) && propertyOf(name).kind.list === undefined) {
    throw new AzcmError('AZCM0023', `--add and --remove are for lists; ${name} is not one. Nothing was stored.`);
  }
  if (add) return 'add';
  return remove ? 'remove' : 'set';
}

/** The value never appears here for `proxy.url`: it may hold a password. */
function refusalError(name: PropertyName, refusal: Refused): AzcmError {
  return new AzcmError('AZCM0023', `${name} was not changed: ${refusal.reason}. Nothing was stored.`, [
    ...(refusal.suggestion === undefined ? [] : [`Well-formed: ${setCommand(name, refusal.suggestion)}`]),
    `Supported values: ${propertyOf(name).supported}`,
  ]);
}

/**
 * A value in typographic quotes, as articles print them, reaches us in pieces: to a shell only plain quotes hold blanks
 * together (T06). What the pieces say is checked all the same, so that one run names every mistake.
 */
function severalValues(name: PropertyName, values: readonly string[]): AzcmError {
  const together = values.join(' ');
  const typographic = /[\u2018-\u201f\u00ab\u00bb]/.test(together);
  const checked = propertyOf(name).kind.list === undefined ? undefined : propertyOf(name).kind.parse(together);
  const spelling = checked === undefined ? undefined : checked.ok ? together : checked.suggestion;
  const problem = typographic
    ? `the value arrived in ${values.length} pieces, because its quotation marks are typographic ones, which mean nothing to a shell`
    : `the value arrived in ${values.length} pieces, because it is not in quotation marks`;
  const reason = checked === undefined || checked.ok ? '' : `; ${checked.reason}`;
  return new AzcmError('AZCM0023', `${name} was not changed: ${problem}${reason}. Nothing was stored.`, [
    spelling === undefined
      ? 'Put plain double quotes (") around the whole value.'
      : `Well-formed, in plain double quotes: ${setCommand(name, spelling)}`,
  ]);
}

function setCommand(name: PropertyName, value: string): string {
  return `azcmagent config set ${name} "${value}"`;
}
