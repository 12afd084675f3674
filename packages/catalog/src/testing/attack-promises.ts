/** What The Update Framework promises: ten goals of an attacker, and for each set of stolen keys what becomes of the attack. */
import { stealable, type Stealable } from './forger.ts';

/** `refused`: the client does not take it. `recovers`: taken, and over once keys are replaced or the gallery goes on. `succeeds`. */
export type Outcome = 'refused' | 'recovers' | 'succeeds';

export interface Goal {
  readonly name: string;
  /** What the attacker wants a machine to believe. */
  readonly wants: string;
  readonly threats: string;
  readonly promise: (has: (...keys: readonly Stealable[]) => boolean) => Outcome;
}

const succeedsWith =
  (...keys: readonly Stealable[]): Goal['promise'] =>
  (has) =>
    has('root') || has(...keys) ? 'succeeds' : 'refused';

/** Needs every key on the way from a package to the timestamp. */
const wholeChain = succeedsWith('targets', 'snapshot', 'timestamp');

export const goals = {
  arbitrary: {
    name: 'arbitrary installation',
    wants: 'a package that nobody published',
    threats: 'T27 T28',
    promise: wholeChain,
  },
  rollback: {
    name: 'rollback',
    wants: 'the catalog as it was before a version it has seen',
    threats: 'T21',
    promise: wholeChain,
  },
  freeze: {
    name: 'indefinite freeze',
    wants: 'that nothing is new, after the timestamp has expired',
    threats: 'T14',
    promise: succeedsWith('timestamp'),
  },
  mix: {
    name: 'mix-and-match',
    wants: "one publisher's newest state beside another's old one",
    threats: 'T22',
    promise: succeedsWith('snapshot', 'timestamp'),
  },
  endless: {
    name: 'endless data',
    wants: 'a file longer than any may be',
    threats: 'T23',
    promise: () => 'refused',
  },
  forward: {
    name: 'fast-forward',
    wants: 'versions so high that the gallery cannot reach them',
    threats: 'T29',
    promise: (has) => (has('root') ? 'succeeds' : has('timestamp') ? 'recovers' : 'refused'),
  },
  wrong: {
    name: 'wrong software',
    wants: "another package's bytes under a published name",
    threats: 'T26',
    promise: wholeChain,
  },
  extraneous: {
    name: 'extraneous dependencies',
    wants: 'a publisher that nobody let in',
    threats: 'T27',
    promise: wholeChain,
  },
  mirror: {
    name: 'malicious mirror',
    wants: 'that good mirrors are refused afterwards',
    threats: 'T25',
    promise: (has) => (has('root') ? 'succeeds' : has('timestamp') ? 'recovers' : 'refused'),
  },
  threshold: {
    name: 'fewer keys than the threshold',
    wants: 'anything at all, with one key of two of each role',
    threats: 'T27 T28',
    promise: () => 'refused',
  },
} as const satisfies Readonly<Record<string, Goal>>;

export type GoalName = keyof typeof goals;

/** The fifteen sets of stolen keys. */
export const thefts: readonly (readonly Stealable[])[] = Array.from({ length: 15 }, (_, i) =>
  stealable.filter((__, bit) => ((i + 1) & (1 << bit)) !== 0),
);

/** One cell of the grid. */
export function promised(goal: GoalName, stolen: readonly Stealable[]): Outcome {
  return goals[goal].promise((...keys) => keys.every((key) => stolen.includes(key)));
}

const marks: { readonly [outcome in Outcome]: string } = {
  refused: '–',
  recovers: 'recovers',
  succeeds: '**succeeds**',
};

/** The grid as Markdown, for the documentation. */
export function gridAsMarkdown(): string {
  const names = Object.keys(goals) as GoalName[];
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(['stolen keys', ...names.map((name) => goals[name].name)]),
    row(['---', ...names.map(() => '---')]),
    ...thefts.map((stolen) => row([stolen.join(', '), ...names.map((name) => marks[promised(name, stolen)])])),
  ].join('\n');
}
