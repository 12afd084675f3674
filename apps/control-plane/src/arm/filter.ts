/** `$filter` as ARM clients write it: comparisons joined by `and` (arm-api §8.3). Anything else is refused, never ignored. */
import { ArmError } from './arm-error.ts';

export interface Comparison {
  /** Lower case. */
  readonly field: string;
  readonly operator: 'eq' | 'ne' | 'ge' | 'le' | 'gt' | 'lt';
  readonly value: string;
}

const comparison = /^\s*([A-Za-z][A-Za-z0-9/.]*)\s+(eq|ne|ge|le|gt|lt)\s+(?:'((?:[^']|'')*)'|([^\s']+))\s*/i;
const conjunction = /^and\s+/i;

/** The comparisons of a filter; none for an empty one. Throws {@link ArmError} `InvalidFilter` at the first thing it cannot read. */
export function parseFilter(text: string | undefined): readonly Comparison[] {
  const found: Comparison[] = [];
  let rest = (text ?? '').trim();
  if (rest.length > 4000) throw new ArmError('InvalidFilter', 'The $filter is longer than 4000 characters.');
  // PostgreSQL takes no zero character, and nothing that can be asked for has one.
  if (rest.includes('\0')) throw unreadable(rest.slice(rest.indexOf('\0') + 1));
  while (rest !== '') {
    const match = comparison.exec(rest);
    if (match === null) throw unreadable(rest);
    const [whole, field = '', operator = '', quoted, bare] = match;
    found.push({
      field: field.toLowerCase(),
      operator: operator.toLowerCase() as Comparison['operator'],
      value: quoted?.replaceAll("''", "'") ?? bare ?? '',
    });
    rest = rest.slice(whole.length);
    if (rest === '') break;
    const joined = conjunction.exec(rest);
    if (joined === null) throw unreadable(rest);
    rest = rest.slice(joined[0].length);
    if (rest === '') throw unreadable('and');
  }
  return found;
}

function unreadable(rest: string): ArmError {
  return new ArmError(
    'InvalidFilter',
    `The $filter cannot be read at '${rest.slice(0, 60)}'. It is made of comparisons such as name eq 'value', joined by and.`,
  );
}
