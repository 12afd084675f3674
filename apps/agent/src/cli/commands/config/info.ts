/** `azcmagent config info [property]`: what properties there are and what they may be set to. */
import {
  defaultControls,
  displayName,
  formatValue,
  propertyNames,
  propertyOf,
  type PropertyName,
} from '@sallyport/local-controls';
import type { CommandContext, Invocation } from '../../command.ts';
import { propertyArgument } from './property-argument.ts';

export async function run(invocation: Invocation, { voice }: CommandContext): Promise<void> {
  const asked = invocation.arguments[0];
  const names = asked === undefined ? propertyNames : [propertyArgument(asked)];
  for (const [index, name] of names.entries()) {
    if (index > 0) voice.line('');
    for (const line of described(name)) voice.line(line);
  }
  voice.value(
    names.map((name) => ({
      DisplayName: name,
      Description: propertyOf(name).description,
      SupportedValues: propertyOf(name).supported,
      DefaultValue: formatValue(defaultControls, name),
      Preview: propertyOf(name).preview,
    })),
  );
}

function described(name: PropertyName): readonly string[] {
  return [
    displayName(name),
    `  Description      : ${propertyOf(name).description}`,
    `  Supported values : ${propertyOf(name).supported}`,
    `  Default          : ${formatValue(defaultControls, name)}`.trimEnd(),
  ];
}
