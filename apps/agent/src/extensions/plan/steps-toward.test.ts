/** From what is there to what is wanted, written down by hand: every phase, every kind of change (handler contract §3, §4). */
import { describe, expect, test } from 'vitest';
import { phases, type InstalledExtension, type Phase } from '../state/installed-extension.ts';
import { entry, failure, record, told, v1, v2, v3 } from './plan.fixture.ts';
import { stepsToAbsent, stepsToPresent } from './steps-toward.ts';

const mine = { operation: { id: 'wanted', kind: 'upgrade' } } as const;

describe('S4.6 until nothing is left', () => {
  const table: Readonly<Record<Phase, readonly string[]>> = {
    fetching: ['discard 1.0.0'],
    placed: ['discard 1.0.0'],
    updated: ['uninstall 1.0.0', 'discard 1.0.0'],
    installed: ['uninstall 1.0.0', 'discard 1.0.0'],
    enabled: ['disable 1.0.0', 'uninstall 1.0.0', 'discard 1.0.0'],
    uninstalled: ['discard 1.0.0'],
    kept: ['discard 1.0.0'],
  };

  test.each(phases)('%s', (phase) => {
    expect(stepsToAbsent([record(phase)]).map(told)).toEqual(table[phase]);
  });

  test('of several versions each goes its own way', () => {
    expect(stepsToAbsent([]).map(told)).toEqual([]);
    expect(stepsToAbsent([record('enabled', v2), record('placed', v1)]).map(told)).toEqual([
      'disable 2.0.0',
      'uninstall 2.0.0',
      'discard 2.0.0',
      'discard 1.0.0',
    ]);
  });
});

/** The steps to version 2.0.0. */
function toTwo(...records: readonly InstalledExtension[]): readonly string[] {
  return stepsToPresent(entry({ version: v2 }), v2, records, false).map(told);
}

const starting = ['enable 2.0.0', 'await-status 2.0.0'];
const enabling = ['configure 2.0.0', ...starting];
const installing = ['configure 2.0.0', 'install 2.0.0', ...starting];
const installed = ['install 2.0.0 after update', ...enabling];
const handingOver = (before: string): readonly string[] => [
  `carry-over ${before} > 2.0.0`,
  `update ${before} > 2.0.0`,
  `uninstall-before ${before} > 2.0.0`,
  `set-aside ${before}`,
  ...installed,
  `discard ${before}`,
];

describe('until 2.0.0 works', () => {
  const disabling = ['configure 2.0.0', 'disable-before 1.0.0 > 2.0.0', ...handingOver('1.0.0')];
  const disabled = ['configure 2.0.0', ...handingOver('1.0.0')];
  const table: readonly (readonly [string, readonly InstalledExtension[], readonly string[]])[] = [
    ['an install', [], ['fetch 2.0.0', ...installing]],
    ['an install over a leftover', [record('placed')], ['discard 1.0.0', 'fetch 2.0.0', ...installing]],
    ['an upgrade', [record('enabled')], ['fetch 2.0.0', ...disabling]],
    ['an upgrade of one that is disabled', [record('installed')], ['fetch 2.0.0', ...disabled]],
    [
      'a downgrade',
      [record('enabled', v3)],
      ['fetch 2.0.0', 'configure 2.0.0', 'disable-before 3.0.0 > 2.0.0', ...handingOver('3.0.0')],
    ],
    [
      'an upgrade with a leftover beside it',
      [record('uninstalled', v3), record('enabled')],
      ['discard 3.0.0', 'fetch 2.0.0', ...disabling],
    ],
    [
      'an upgrade of two that both work: the first hands over',
      [record('installed'), record('enabled', v3)],
      ['discard 3.0.0', 'fetch 2.0.0', ...disabled],
    ],

    [
      'interrupted while it was put in its place',
      [record('fetching', v2, mine)],
      ['discard 2.0.0', 'fetch 2.0.0', ...installing],
    ],
    [
      'interrupted there in an upgrade',
      [record('enabled'), record('fetching', v2, mine)],
      ['discard 2.0.0', 'fetch 2.0.0', ...disabling],
    ],
    ['interrupted once it was in its place', [record('placed', v2, mine)], installing],
    ['interrupted there in an upgrade', [record('enabled'), record('placed', v2, mine)], disabling],
    ['interrupted after the other was disabled', [record('installed'), record('placed', v2, mine)], disabled],
    [
      'interrupted there, a leftover beside it',
      [record('fetching', v3), record('installed'), record('placed', v2, mine)],
      ['discard 3.0.0', ...disabled],
    ],
    [
      'interrupted there, only a leftover beside it',
      [record('updated'), record('placed', v2, mine)],
      ['discard 1.0.0', ...installing],
    ],
    [
      'interrupted after the update',
      [record('installed'), record('updated', v2, mine)],
      ['uninstall-before 1.0.0 > 2.0.0', 'set-aside 1.0.0', ...installed, 'discard 1.0.0'],
    ],
    [
      'interrupted there with the other still enabled',
      [record('enabled'), record('updated', v2, mine)],
      ['uninstall-before 1.0.0 > 2.0.0', 'set-aside 1.0.0', ...installed, 'discard 1.0.0'],
    ],
    [
      'interrupted after the other was uninstalled',
      [record('uninstalled'), record('updated', v2, mine)],
      ['set-aside 1.0.0', ...installed, 'discard 1.0.0'],
    ],
    [
      'interrupted after it was set aside',
      [record('kept'), record('updated', v2, mine)],
      [...installed, 'discard 1.0.0'],
    ],
    [
      'interrupted there, a leftover beside it',
      [record('kept'), record('placed', v3), record('updated', v2, mine)],
      ['discard 3.0.0', ...installed, 'discard 1.0.0'],
    ],
    ['interrupted after the other was removed', [record('updated', v2, mine)], installed],
    ['interrupted before it was enabled', [record('installed', v2, mine)], enabling],
    [
      'interrupted there, the other set aside',
      [record('kept'), record('installed', v2, mine)],
      [...enabling, 'discard 1.0.0'],
    ],
    [
      'one that was set aside and is wanted again',
      [record('kept', v2)],
      ['discard 2.0.0', 'fetch 2.0.0', ...installing],
    ],
    [
      'one whose upgrade has failed and is wanted again',
      [record('enabled', v2, { ...mine, failure })],
      ['discard 2.0.0', 'fetch 2.0.0', ...installing],
    ],
    [
      'a failed one is no version to hand over',
      [record('enabled', v3, { failure })],
      ['discard 3.0.0', 'fetch 2.0.0', ...installing],
    ],
    [
      'interrupted there, a leftover beside it',
      [record('installed', v2, mine), record('uninstalled')],
      ['discard 1.0.0', ...enabling],
    ],
    ['interrupted in a delete', [record('uninstalled', v2)], ['discard 2.0.0', 'fetch 2.0.0', ...installing]],

    [
      'T56 a tree that an earlier operation left is fetched again',
      [record('placed', v2)],
      ['discard 2.0.0', 'fetch 2.0.0', ...installing],
    ],
    [
      'T56 the same in an upgrade',
      [record('enabled'), record('placed', v2)],
      ['discard 2.0.0', 'fetch 2.0.0', ...disabling],
    ],
  ];

  test.each(table)('%s', (_situation, records, steps) => {
    expect(toTwo(...records)).toEqual(steps);
  });
});

describe('when it is enabled', () => {
  const steps = (sequence: number, heard: boolean, ...others: readonly InstalledExtension[]): readonly string[] =>
    stepsToPresent(entry({ sequence, version: v2 }), v2, [...others, record('enabled', v2)], heard).map(told);

  test('with these settings, and has said how that went: nothing', () => {
    expect(steps(7, true)).toEqual([]);
  });

  test('with these settings, but has not said it: that is waited for', () => {
    expect(steps(7, false)).toEqual(['await-status 2.0.0']);
  });

  test('with other settings: it is enabled with these', () => {
    expect(steps(8, true)).toEqual(enabling);
    expect(steps(8, false)).toEqual(enabling);
  });

  test('what was set aside goes last, once it has proven itself', () => {
    expect(steps(7, true, record('kept'))).toEqual(['discard 1.0.0']);
    expect(steps(7, false, record('kept'))).toEqual(['await-status 2.0.0', 'discard 1.0.0']);
    expect(steps(8, true, record('kept'))).toEqual([...enabling, 'discard 1.0.0']);
  });

  test('leftovers of other versions go first', () => {
    expect(steps(7, true, record('placed'))).toEqual(['discard 1.0.0']);
    expect(steps(8, true, record('placed'))).toEqual(['discard 1.0.0', ...enabling]);
  });
});

test('S4.11 one that was stopped with the manager is left to come back with it; one that is only installed is enabled', () => {
  const wanted = entry({ version: v2 });
  const installed = record('installed', v2, { enabledSequence: 7 });
  const all = ['configure 2.0.0', ...starting];
  expect(stepsToPresent(wanted, v2, [{ ...installed, suspended: true }], true)).toEqual([]);
  expect(stepsToPresent(wanted, v2, [installed], true).map(told)).toEqual(all);
  expect(stepsToPresent(wanted, v2, [{ ...installed, suspended: true }], false).map(told)).toEqual(all);
  expect(stepsToPresent({ ...wanted, sequence: 8 }, v2, [{ ...installed, suspended: true }], true).map(told)).toEqual(
    all,
  );
});
