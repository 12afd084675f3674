/** The property a command was given. */
import { findProperty, propertyNames, type PropertyName } from '@sallyport/local-controls';
import { AzcmError } from '../../azcm-error.ts';
import { nearest } from '../../nearest.ts';

/** The property that an argument names. Throws AZCM0023, with the nearest name, for one that does not exist. */
export function propertyArgument(text: string): PropertyName {
  const name = findProperty(text);
  if (name !== undefined) return name;
  const suggestion = nearest(text, propertyNames);
  throw new AzcmError('AZCM0023', `'${text}' is not a configuration property.`, [
    ...(suggestion === undefined ? [] : [`Did you mean: ${suggestion}`]),
    `Properties: ${propertyNames.join(', ')}`,
  ]);
}
