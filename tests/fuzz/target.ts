/** Something that reads hostile bytes, and what must hold whatever they are. */
export interface FuzzTarget {
  /** What the name on the command line stands for. */
  readonly reads: string;
  /** Honest inputs to begin from. */
  readonly seeds: readonly Buffer[];
  /** Words that mean something in the format. */
  readonly words: readonly Buffer[];
  /** Most bytes of an input. */
  readonly most: number;
  /** Mends what makes most mutated inputs fall at the first hurdle; done to half of them, so that the rest is reached too. */
  mend?(input: Buffer): Buffer;
  /** Reads the input; throws when something that must hold does not. Says whether the input was taken or refused. */
  execute(input: Buffer): FuzzOutcome | Promise<FuzzOutcome>;
}

export type FuzzOutcome = 'accepted' | 'refused';

/** What every target holds: nothing has reached the prototype of objects (T41). */
export function requireCleanPrototype(): void {
  const stray = Object.keys(Object.prototype);
  if (stray.length > 0) throw new Error(`the prototype of all objects now has ${stray.join(', ')}`);
}

/** Throws with words that say what did not hold. */
export function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** Words as bytes. */
export function words(...texts: readonly string[]): readonly Buffer[] {
  return texts.map((text) => Buffer.from(text));
}

/** What means something in every JSON text, and what readers of JSON stumble over. */
export const jsonWords = words(
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\ufeff',
  'null',
  'true',
  'false',
  '0',
  '-1',
  '1e999',
  '9007199254740993',
  '""',
  '[]',
  '{}',
  '"__proto__":',
  '"constructor":',
  '"toString":',
  '{"__proto__":{"polluted":1}}',
  '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[',
  '\u2028',
  '\u202e',
);
