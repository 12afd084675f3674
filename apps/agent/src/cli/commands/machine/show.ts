/** `azcmagent show [property ...]`: anyone may run it; no secret is shown (arc-agent §1.5). */
import { machineFacts, type Fact } from '../../../service/machine-facts.ts';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext, Invocation } from '../../command.ts';

const nameColumn = 40;

export async function run(invocation: Invocation, { environment, voice }: CommandContext): Promise<void> {
  const facts = machineFacts(environment);
  const shown = invocation.arguments.length === 0 ? facts : chosen(facts, invocation.arguments);
  for (const { name, value, indent } of shown) {
    const left = `${indent === true ? '  ' : ''}${name}`;
    voice.line(value === undefined ? left : `${left.padEnd(nameColumn)}: ${value}`.trimEnd());
  }
  voice.value(Object.fromEntries(shown.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value]]))));
}

/** By display name or JSON key, in the order they were asked for. Case does not count. */
function chosen(facts: readonly Fact[], wanted: readonly string[]): readonly Fact[] {
  return wanted.map((text) => {
    const asked = text.toLowerCase();
    const found = facts.find(({ name, key }) => name.toLowerCase() === asked || key.toLowerCase() === asked);
    if (found !== undefined) return found;
    throw new AzcmError('AZCM0023', `There is no property '${text}' to show.`, [
      'See them all with: azcmagent show --json',
    ]);
  });
}
