/** How values of one kind are read and written: as text on the command line, as JSON in the file and under `--json`. */
import type { Parsed } from './parsed.ts';

export type JsonValue = string | number | boolean | readonly JsonValue[];

export interface ValueKind<V> {
  /** A text of the command line. Refuses what is not exactly a value; never guesses. */
  parse(text: string): Parsed<V>;
  /** As `config list` and `config get` print it. */
  format(value: V): string;
  toJson(value: V): JsonValue;
  /** A value of the file. As strict as {@link parse}. */
  fromJson(json: unknown): Parsed<V>;
  /** Only lists have it: what `--add` and `--remove` do. */
  readonly list?: ListOperations<V>;
}

export interface ListOperations<V> {
  /** Both, in the order of the first; nothing twice. */
  union(value: V, more: V): V;
  difference(value: V, less: V): V;
}
