/** Lists of simple values, written with commas: ports and bypass groups. */
import { parsed, refused, type Parsed } from './parsed.ts';
import type { ValueKind } from './value-kind.ts';

/** How every list is printed: `[]`, `[a]`, `[a, b]`. Without the brackets it can be given to `config set` again. */
export function formatList(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

/** A list of values of another kind. The whole is refused when one item is not well-formed; duplicates collapse. */
export function listKind<V>(item: ValueKind<V>, most: number): ValueKind<readonly V[]> {
  const union = (value: readonly V[], more: readonly V[]): readonly V[] => [...new Set([...value, ...more])];
  const collected = (items: readonly Parsed<V>[], shown: (index: number) => string): Parsed<readonly V[]> => {
    const values: V[] = [];
    for (const [index, result] of items.entries()) {
      if (!result.ok) return refused(`'${shown(index)}' cannot be on the list: ${result.reason}`);
      values.push(result.value);
    }
    return values.length > most ? refused(`it holds more than ${most} items`) : parsed(union([], values));
  };
  return {
    parse(text) {
      const items = text.split(',').map((part) => part.trim());
      return collected(
        items.map((part) => item.parse(part)),
        (index) => items[index] ?? '',
      );
    },
    format: (value) => formatList(value.map((entry) => item.format(entry))),
    toJson: (value) => value.map((entry) => item.toJson(entry)),
    fromJson(json) {
      if (!Array.isArray(json)) return refused('it must be a list');
      const items: readonly unknown[] = json;
      return collected(
        items.map((entry) => item.fromJson(entry)),
        (index) => String(items[index]),
      );
    },
    list: { union, difference: (value, less) => value.filter((entry) => !less.includes(entry)) },
  };
}
