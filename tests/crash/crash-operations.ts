/** The operations that are interrupted: where the machine stands before, what is asked of it, how that ends and what is there then. */
import type { CrashHandler } from './crash-packages.ts';

/** What the centre wants of one resource. */
export interface CrashResource {
  readonly name: string;
  /** '' to have it removed. */
  readonly version: string;
  readonly sequence: number;
  /** Whether its operation is over. */
  readonly done?: true;
}

/** One goal state, and whether the administrator lets the manager run. */
export interface CrashGoal {
  readonly handler: CrashHandler;
  readonly hosting: 'on' | 'off';
  /** The one whose operation is followed comes first. */
  readonly resources: readonly [CrashResource, ...CrashResource[]];
  /** Where the administrator wants what is asked for to be signed: whether it is. */
  readonly orders?: 'signed' | 'missing';
}

export interface CrashOperation {
  /** Reached one after the other on an empty machine. */
  readonly before: readonly CrashGoal[];
  readonly goal: CrashGoal;
  readonly end: RegExp;
  /** The records in the end, as `DiskState` says them. */
  readonly left: string;
  /** The same where a loss of power came in between, when that makes a difference. */
  readonly afterPowerLoss?: { readonly end: RegExp; readonly left: RegExp };
  /** Who shares the handler in the end, each with its sequence. */
  readonly sharing?: string;
}

const thing = (version: string, sequence: number): CrashGoal => ({
  handler: 'Thing',
  hosting: 'on',
  resources: [{ name: 'thing', version, sequence }],
});
/** The same on a machine where it has to be signed. */
export const ordered = (version: string, sequence: number, orders: 'signed' | 'missing' = 'signed'): CrashGoal => ({
  ...thing(version, sequence),
  orders,
});
const one = (version: string, sequence: number): CrashResource => ({ name: 'one', version, sequence });
const two = (version: string, sequence: number): CrashResource => ({ name: 'two', version, sequence });
const shared = (first: CrashResource, ...others: readonly CrashResource[]): CrashGoal => ({
  handler: 'Shared',
  hosting: 'on',
  resources: [first, ...others],
});
const over = (resource: CrashResource): CrashResource => ({ ...resource, done: true });
const sharedByBoth = [shared(one('1.0.0', 1)), shared(two('1.0.0', 2), over(one('1.0.0', 1)))];
const hosted = (hosting: CrashGoal['hosting'], done?: true): CrashGoal => ({
  handler: 'Hosted',
  hosting,
  resources: [{ name: 'hosted', version: '1.0.0', sequence: 1, ...(done === undefined ? {} : { done }) }],
});

export const crashOperations = {
  // The same as where nobody has to sign, and more.
  install: { before: [], goal: ordered('1.0.0', 2), end: /^Succeeded$/, left: '1.0.0 enabled' },
  reconfigure: { before: [thing('1.0.0', 1)], goal: thing('1.0.0', 2), end: /^Succeeded$/, left: '1.0.0 enabled' },
  upgrade: { before: [thing('1.0.0', 1)], goal: thing('2.0.0', 2), end: /^Succeeded$/, left: '2.0.0 enabled' },
  rollback: {
    before: [thing('1.0.0', 1)],
    goal: thing('2.1.0', 2),
    end: /^Failed: .*\nRolled back to 1\.0\.0/s,
    left: '1.0.0 enabled',
  },
  removal: { before: [thing('1.0.0', 1)], goal: thing('', 2), end: /^Succeeded$/, left: '' },
  suspend: {
    before: [hosted('on')],
    goal: hosted('off', true),
    end: /^Succeeded: Stopped$/,
    left: '1.0.0 installed suspended',
    // What ran is gone, and whether that was hosted or a service of its own nobody can tell any more: it is left as it is.
    afterPowerLoss: { end: /^Succeeded: /, left: /^1\.0\.0 (enabled|installed suspended)$/ },
  },
  resume: {
    before: [hosted('on'), hosted('off', true)],
    goal: hosted('on', true),
    end: /^Succeeded: Ready$/,
    left: '1.0.0 enabled',
  },
  'shared-addition': {
    before: [shared(one('1.0.0', 1))],
    goal: shared(two('1.0.0', 2), over(one('1.0.0', 1))),
    end: /^Succeeded$/,
    left: '1.0.0 enabled',
    sharing: 'one 1, two 2',
  },
  'shared-upgrade': {
    before: sharedByBoth,
    goal: shared(two('2.0.0', 3), over(one('2.0.0', 1))),
    end: /^Succeeded$/,
    left: '2.0.0 enabled',
    sharing: 'one 1, two 3',
  },
  'shared-rollback': {
    before: sharedByBoth,
    goal: shared(two('2.1.0', 3), over(one('2.1.0', 1))),
    end: /^Failed: .*\nRolled back to 1\.0\.0/s,
    left: '1.0.0 enabled',
    sharing: 'one 1, two 2',
  },
  'shared-removal': {
    before: sharedByBoth,
    goal: shared(two('', 3), over(one('1.0.0', 1))),
    end: /^Succeeded$/,
    left: '1.0.0 enabled',
    sharing: 'one 1',
  },
} as const satisfies Readonly<Record<string, CrashOperation>>;
export type CrashOperationName = keyof typeof crashOperations;

/** The row of a name. */
export function crashOperation(name: CrashOperationName): CrashOperation {
  return crashOperations[name];
}
