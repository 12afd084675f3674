/** The way from every state to every goal, however often it is interrupted. */
import type { GoalExtension } from '@sallyport/model/wire';
import { describe, expect, test } from 'vitest';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { allowAll, everyGoal, everyState, planned } from './plan.fixture.ts';
import type { Conclusion } from './conclusion.ts';
import { recordsAfter } from './records-after.fixture.ts';

describe('T84 from every state, interrupted anywhere', () => {
  test('the plan of what is left leads to what is wanted and to nothing else', () => {
    let walked = 0;
    for (const begin of everyState()) {
      for (const wanted of everyGoal) {
        // Interrupted after every number of steps, then again and again, a step later each time.
        for (let interruptedAfter = 0; interruptedAfter < 14; interruptedAfter += 1) {
          const end = walk(begin, wanted, interruptedAfter);
          walked += 1;
          const { version, sequence } = wanted;
          const settled = { version, phase: 'enabled', enabledSequence: sequence };
          expect(end).toMatchObject(wanted.desired === 'absent' ? [] : [settled]);
          expect(end).toHaveLength(wanted.desired === 'absent' ? 0 : 1);
        }
      }
    }
    expect(walked).toBeGreaterThan(10_000);
  });

  /** Plans, does some of it, "crashes", plans again; fails when that does not come to an end. */
  function walk(
    begin: readonly InstalledExtension[],
    wanted: GoalExtension,
    interruptedAfter: number,
  ): readonly InstalledExtension[] {
    let records = begin;
    let room = interruptedAfter;
    let heard: Conclusion | undefined;
    for (let round = 0; round < 40; round += 1) {
      const [work] = planned(wanted, records, allowAll, heard);
      if (work === undefined) return records;
      if (work.kind !== 'perform') throw new Error(work.kind);
      for (const step of work.steps.slice(0, room === 0 ? undefined : room))
        records = recordsAfter(step, records, wanted);
      if (room === 0 || room >= work.steps.length) heard = { operationId: wanted.operationId, state: 'Succeeded' };
      else room += 1;
    }
    throw new Error('no end');
  }
});
