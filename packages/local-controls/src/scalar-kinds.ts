/** Values that are one word or one number. */
import { parsed, refused, type Parsed } from './parsed.ts';
import type { ValueKind } from './value-kind.ts';

/** `true` or `false`, in any case. */
export const booleanKind: ValueKind<boolean> = {
  parse(text) {
    const word = text.trim().toLowerCase();
    return word === 'true' || word === 'false' ? parsed(word === 'true') : refused('it must be true or false');
  },
  format: String,
  toJson: (value) => value,
  fromJson: (json) => (typeof json === 'boolean' ? parsed(json) : refused('it must be true or false')),
};

/** A whole number within bounds, both included. */
export function integerKind(least: number, most: number): ValueKind<number> {
  const reason = `it must be a whole number from ${least} to ${most}`;
  const within = (value: number): Parsed<number> =>
    Number.isInteger(value) && value >= least && value <= most ? parsed(value) : refused(reason);
  return {
    parse: (text) => (/^[0-9]{1,9}$/.test(text.trim()) ? within(Number(text)) : refused(reason)),
    format: String,
    toJson: (value) => value,
    fromJson: (json) => (typeof json === 'number' ? within(json) : refused(reason)),
  };
}

/** One of a few words, in any case; kept in the spelling of the table. */
export function wordKind<W extends string>(words: readonly W[]): ValueKind<W> {
  const reason = `it must be one of ${words.join(', ')}`;
  return {
    parse(text) {
      const wanted = text.trim().toLowerCase();
      const word = words.find((candidate) => candidate.toLowerCase() === wanted);
      return word === undefined ? refused(reason) : parsed(word);
    },
    format: (value) => value,
    toJson: (value) => value,
    fromJson(json) {
      const word = words.find((candidate) => candidate === json);
      return word === undefined ? refused(reason) : parsed(word);
    },
  };
}

/** Values of a kind, or none set: shown as `shown`, as if that were set, and different from setting it. */
export function unsettableKind<V>(kind: ValueKind<V>, shown: V): ValueKind<V | 'unset'> {
  const told = (value: V | 'unset'): V => (value === 'unset' ? shown : value);
  return {
    parse: (text) => kind.parse(text),
    format: (value) => kind.format(told(value)),
    toJson: (value) => kind.toJson(told(value)),
    fromJson: (json) => kind.fromJson(json),
  };
}
