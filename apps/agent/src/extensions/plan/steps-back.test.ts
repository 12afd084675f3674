/** T85 the way back after an upgrade that failed: by hand for every phase of both versions, and walked from everywhere. */
import { describe, expect, test } from 'vitest';
import { phases, type InstalledExtension, type Phase } from '../state/installed-extension.ts';
import { allowAll, entry, failure, name, other, planned, record, told, v1, v2, v3 } from './plan.fixture.ts';
import { recordsAfter } from './records-after.fixture.ts';
import { begunUpgrade, failedVersion, stepsBack, wayBack, type FailedVersion } from './steps-back.ts';
import { planUpkeep } from './upkeep.ts';

const mine = { operation: { id: 'wanted', kind: 'upgrade' } } as const;

/** Version 2.0.0, to which the upgrade has failed. */
function failed(phase: Phase, change: Partial<FailedVersion['failure']> = {}): FailedVersion {
  return { ...record(phase, v2, mine), failure: { ...failure, ...change } };
}

/** The steps from 2.0.0 back to `before`, without the two that always end them. */
function back(from: FailedVersion, ...others: readonly InstalledExtension[]): readonly string[] {
  const steps = stepsBack(from, [...others, from]).map(told);
  expect(steps.slice(-2)).toEqual(['conclude 2.0.0', 'discard 2.0.0']);
  return steps.slice(0, -2);
}

const enabling = ['restore-settings 1.0.0', 'enable-again 1.0.0'];
const installing = ['restore-settings 1.0.0', 'install 1.0.0', 'enable-again 1.0.0'];
/** As it was when it was last enabled, whatever phase it is in now. */
const was = { enabledSequence: 7 } as const;

describe('from every phase of the failed one', () => {
  const undoing: Readonly<Record<Phase, readonly string[]>> = {
    fetching: [],
    placed: [],
    updated: ['uninstall 2.0.0'],
    installed: ['uninstall 2.0.0'],
    enabled: ['disable-failed 2.0.0', 'uninstall 2.0.0'],
    uninstalled: [],
    kept: [],
  };

  test.each(phases)('%s: what it has done is undone, then the version before is brought back', (phase) => {
    const before = record('kept', v1, was);
    expect(back(failed(phase), before)).toEqual([...undoing[phase], 'bring-back 1.0.0', ...installing]);
  });

  test.each(phases)('%s with nothing to go back to, or stuck: it is undone and told', (phase) => {
    expect(back(failed(phase))).toEqual(undoing[phase]);
    expect(back(failed(phase, { stuck: 'It would not.' }), record('kept', v1, was))).toEqual(undoing[phase]);
  });
});

describe('to every phase of the version before', () => {
  const table: readonly (readonly [string, FailedVersion, InstalledExtension, readonly string[]])[] = [
    ['not touched', failed('placed', { disabledBefore: false }), record('enabled'), []],
    ['maybe told to stop', failed('placed'), record('enabled'), enabling],
    ['stopped', failed('placed'), record('installed', v1, was), enabling],
    ['stopped, with certainty', failed('placed', { disabledBefore: false }), record('installed', v1, was), enabling],
    ['maybe uninstalled', failed('uninstalled'), record('installed', v1, was), installing],
    [
      'maybe uninstalled, still enabled',
      failed('uninstalled', { disabledBefore: false }),
      record('enabled'),
      installing,
    ],
    ['uninstalled', failed('uninstalled'), record('uninstalled', v1, was), installing],
    ['set aside', failed('uninstalled'), record('kept', v1, was), ['bring-back 1.0.0', ...installing]],
    ['back already', failed('uninstalled'), record('enabled', v1, mine), []],
    ['back already, nothing uninstalled', failed('placed'), record('enabled', v1, mine), []],
    ['never enabled', failed('uninstalled'), record('kept'), ['bring-back 1.0.0', ...installing.slice(0, -1)]],
    ['never enabled, nothing uninstalled', failed('placed'), record('installed'), ['restore-settings 1.0.0']],
  ];

  test.each(table)('%s', (_situation, from, before, steps) => {
    expect(back(from, before)).toEqual(steps);
  });

  test('one that works before one that lies aside, and nothing else', () => {
    const [aside, works] = [record('kept', v1), record('installed', v3)];
    expect(wayBack(failed('placed'), [aside, works, failed('placed')])).toBe(works);
    expect(wayBack(failed('placed'), [record('placed', v3), aside])).toBe(aside);
    for (const phase of ['fetching', 'placed', 'updated'] as const)
      expect(wayBack(failed('placed'), [record(phase, v1)])).toBeUndefined();
    expect(wayBack(failed('placed'), [{ ...failed('enabled'), version: v3 }])).toBeUndefined();
    expect(wayBack(record('enabled', v1), [record('enabled', v1)])).toBeUndefined();
  });
});

describe('T85 what counts as begun', () => {
  const before = record('enabled');
  test.each(phases)('%s', (phase) => {
    const begun = record(phase, v2, mine);
    const counts = phase !== 'fetching' && phase !== 'kept';
    expect(begunUpgrade([before, begun], 'wanted')).toBe(counts ? begun : undefined);
    expect(begunUpgrade([begun], 'wanted')).toBeUndefined();
    expect(begunUpgrade([before, begun], 'another')).toBeUndefined();
    expect(begunUpgrade([before, failed(phase)], 'wanted')).toBeUndefined();
  });

  test('a failed one is found among others', () => {
    expect(failedVersion([before, failed('placed')])).toEqual(failed('placed'));
    expect(failedVersion([before])).toBeUndefined();
  });
});

describe('as upkeep', () => {
  const records = [record('kept', v1, was), failed('updated')];
  const input = {
    installed: records,
    concluded: new Map<string, never>(),
    hosting: 'on',
    machineLife: 'this life',
    isHosted: () => false,
  } as const;
  const steps = stepsBack(failed('updated'), records);
  const work = { kind: 'upkeep', purpose: 'go-back', name, subject: failed('updated'), steps };

  test('it needs no goal state, and is left to a removal', () => {
    expect(planUpkeep(input, new Set())).toEqual([work]);
    expect(planUpkeep(input, new Set(['contoso.test/thing']))).toEqual([]);
    expect(planUpkeep(input, new Set(['contoso.test/else']))).toEqual([work]);
    expect(planUpkeep({ ...input, installed: [record('enabled')] }, new Set())).toEqual([]);
  });

  test('each extension goes its own way', () => {
    const beside = { ...failed('placed'), name: other, resourceName: 'else' };
    const works = planUpkeep({ ...input, installed: [...records, beside] }, new Set());
    expect(works.map((one) => one.subject)).toEqual([failed('updated'), beside]);
    expect(works[1]?.steps.map(told)).toEqual(['conclude 2.0.0', 'discard 2.0.0']);
  });

  test.each(['off', 'unknown'] as const)(
    'S4.11 while nothing may be run (%s) its end is told once, no more',
    (hosting) => {
      const conclude = { ...work, steps: [{ kind: 'conclude', version: v2 }] };
      expect(planUpkeep({ ...input, hosting }, new Set())).toEqual([conclude]);
      const concluded = (operationId: string, state: 'Failed' | 'Installing'): Map<string, never> =>
        new Map([['thing', { operationId, state } as never]]);
      expect(planUpkeep({ ...input, hosting, concluded: concluded('wanted', 'Failed') }, new Set())).toEqual([]);
      expect(planUpkeep({ ...input, hosting, concluded: concluded('older', 'Failed') }, new Set())).toEqual([conclude]);
      expect(planUpkeep({ ...input, hosting, concluded: concluded('wanted', 'Installing') }, new Set())).toEqual([
        conclude,
      ]);
      expect(planUpkeep({ ...input, concluded: concluded('wanted', 'Failed') }, new Set())).toEqual([work]);
    },
  );
});

describe('in the plan', () => {
  const records = [record('kept', v1, was), failed('updated')];
  const upgrade = entry({ version: v2 });

  test('the failed operation is not begun, refused or canceled anew: its end comes with the way back', () => {
    for (const wanted of [upgrade, entry({ version: v2, cancel: true }), entry({ version: 'none' })])
      expect(planned(wanted, records, allowAll)).toMatchObject([{ kind: 'upkeep' }]);
  });

  test('another request waits for the way back, a refusal does not', () => {
    const next = entry({ version: v3, operationId: 'next' });
    expect(planned(next, records, allowAll)).toMatchObject([{ kind: 'upkeep' }]);
    const explanation = { outcome: 'block', rule: 'test', message: 'The list says no.' } as const;
    const refusing = (): { allowed: false; code: 'ExtensionNotAllowed'; explanation: typeof explanation } => ({
      allowed: false,
      code: 'ExtensionNotAllowed',
      explanation,
    });
    expect(planned(next, records, refusing)).toMatchObject([{ kind: 'upkeep' }, { kind: 'refuse', entry: next }]);
  });

  test('S4.6 a removal takes its place', () => {
    const absent = entry({ desired: 'absent', version: '', operationId: 'next' });
    const [work, ...more] = planned(absent, records, allowAll);
    expect(more).toEqual([]);
    expect(work?.kind === 'perform' ? work.steps.map(told) : work).toEqual([
      'discard 1.0.0',
      'uninstall 2.0.0',
      'discard 2.0.0',
    ]);
  });

  describe('an upgrade that was begun and may not go on', () => {
    const begun = [record('installed', v1, was), record('placed', v2, mine)];
    const explanation = { outcome: 'block', rule: 'test', message: 'The list says no.' } as const;
    const refuse = (): { allowed: false; code: 'ExtensionNotAllowed'; explanation: typeof explanation } => ({
      allowed: false,
      code: 'ExtensionNotAllowed',
      explanation,
    });

    test('S4.5 refused after a restart: it goes back, and that is told with the reason', () => {
      const because = {
        kind: 'refuse',
        entry: upgrade,
        code: 'ExtensionNotAllowed',
        message: 'The list says no.',
        explanation,
      };
      expect(planned(upgrade, begun, refuse)).toEqual([
        { kind: 'retreat', entry: upgrade, name, version: v2, because },
      ]);
    });

    test('canceled meanwhile: the same', () => {
      const wanted = entry({ version: v2, cancel: true });
      const [work] = planned(wanted, begun, allowAll);
      expect(work).toMatchObject({
        kind: 'retreat',
        version: v2,
        because: {
          code: 'OperationCanceled',
          state: 'Canceled',
          message: expect.stringContaining('canceled') as string,
        },
      });
    });

    test('one that is over, or had nothing to take the place of, is refused as ever', () => {
      const over = entry({ version: v2, operationDone: true });
      expect(planned(over, begun, refuse)).toMatchObject([{ kind: 'refuse' }]);
      const concluded = { operationId: 'wanted', state: 'Succeeded' } as const;
      expect(planned(upgrade, begun, refuse, concluded)).toMatchObject([{ kind: 'refuse' }]);
      expect(planned(upgrade, begun.slice(1), refuse)).toMatchObject([{ kind: 'refuse' }]);
      expect(planned(entry({ version: v2, operationDone: true, cancel: true }), begun, allowAll)).toEqual([]);
    });
  });
});

describe('T84 T85 from everywhere, interrupted anywhere', () => {
  test('the version before works again and nothing of the failed one is left', () => {
    let walked = 0;
    for (const phase of phases) {
      for (const before of ['enabled', 'installed', 'uninstalled', 'kept'] as const) {
        for (const disabledBefore of [true, false]) {
          for (let interruptedAfter = 0; interruptedAfter < 10; interruptedAfter += 1) {
            const begin = [record(before, v1, was), failed(phase, { disabledBefore })];
            expect(walk(begin, interruptedAfter)).toMatchObject([{ version: v1, phase: 'enabled' }]);
            walked += 1;
          }
        }
      }
    }
    expect(walked).toBe(560);
  });

  /** Plans, does some of it, "crashes", plans again; fails when that does not come to an end. */
  function walk(begin: readonly InstalledExtension[], interruptedAfter: number): readonly InstalledExtension[] {
    let records = begin;
    let room = interruptedAfter;
    for (let round = 0; round < 40; round += 1) {
      const [work] = planUpkeep(
        { installed: records, concluded: new Map(), hosting: 'on', machineLife: 'this life', isHosted: () => false },
        new Set(),
      );
      if (work === undefined) return records;
      for (const step of work.steps.slice(0, room === 0 ? undefined : room))
        records = recordsAfter(step, records, { operationId: 'wanted', sequence: 7 });
      if (room > 0) room += 1;
    }
    throw new Error('no end');
  }
});

test('a way back that was interrupted before the version before was enabled again goes on, whoever changed it last', () => {
  expect(back(failed('placed', { disabledBefore: true }), record('installed', v1, { ...was, ...mine }))).toEqual(
    enabling,
  );
  expect(back(failed('placed', { disabledBefore: true }), record('enabled', v1, was))).toEqual(enabling);
  expect(back(failed('placed', { disabledBefore: true }), record('enabled', v1, mine))).toEqual([]);
});

test('nothing goes back to a version that has failed itself', () => {
  const begun = record('placed', v3, mine);
  expect(
    begunUpgrade([begun, { ...failed('uninstalled'), operation: { id: 'another', kind: 'upgrade' } }], 'wanted'),
  ).toBeUndefined();
  expect(begunUpgrade([begun, record('uninstalled', v1)], 'wanted')).toBe(begun);
});
