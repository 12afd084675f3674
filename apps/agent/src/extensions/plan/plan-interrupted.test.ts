/** The way from every state to every goal, however often it is interrupted. */
import type { HandlerVersion } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { describe, expect, test } from 'vitest';
import type { InstalledExtension, Phase } from '../state/installed-extension.ts';
import { allowAll, everyGoal, everyState, planned, record } from './plan.fixture.ts';
import type { Conclusion } from './plan.ts';
import type { Step } from './step.ts';

/** What each step means for the records, as the executors do it. Undefined for one that may not come in this state. */
function after(
  step: Step,
  records: readonly InstalledExtension[],
  wanted: GoalExtension,
): readonly InstalledExtension[] {
  const of = (version: HandlerVersion): InstalledExtension => {
    const found = records.find((one) => one.version === version);
    if (found === undefined) throw new Error(`${step.kind} ${version}: there is no such version`);
    return found;
  };
  const change = (
    version: HandlerVersion,
    to: Partial<InstalledExtension>,
    from: readonly Phase[],
  ): readonly InstalledExtension[] => {
    const found = of(version);
    if (!from.includes(found.phase)) throw new Error(`${step.kind} ${version} in phase ${found.phase}`);
    return records.map((one) => (one === found ? { ...one, ...to } : one));
  };
  const operation = { id: wanted.operationId, kind: 'install' } as const;
  switch (step.kind) {
    case 'fetch':
      if (records.some(({ version }) => version === step.version)) throw new Error('fetched over a record');
      return [...records, record('placed', step.version, { operation })];
    case 'configure':
      return change(step.version, {}, ['placed', 'updated', 'installed', 'enabled']);
    case 'disable-before':
      of(step.version);
      return change(step.before, { phase: 'installed' }, ['enabled']);
    case 'carry-over':
      of(step.before);
      return change(step.version, {}, ['placed']);
    case 'update':
      if (of(step.before).phase !== 'installed') throw new Error('updated from a version that was not disabled');
      return change(step.version, { phase: 'updated' }, ['placed']);
    case 'uninstall-before':
      if (of(step.version).phase !== 'updated') throw new Error('uninstalled before the new version had taken over');
      return change(step.before, { phase: 'uninstalled' }, ['installed', 'enabled']);
    case 'install':
      return change(step.version, { phase: 'installed' }, [step.afterUpdate ? 'updated' : 'placed']);
    case 'enable':
      return change(step.version, { phase: 'enabled', enabledSequence: wanted.sequence, operation }, [
        'installed',
        'enabled',
      ]);
    case 'await-status':
      return change(step.version, {}, ['enabled']);
    case 'disable':
      return change(step.version, { phase: 'installed' }, ['enabled']);
    case 'uninstall':
      return change(step.version, { phase: 'uninstalled' }, ['updated', 'installed']);
    case 'discard':
      return records.filter((one) => one !== of(step.version));
  }
  return records;
}

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
      if (work.kind !== 'perform') throw new Error(work.message);
      for (const step of work.steps.slice(0, room === 0 ? undefined : room)) records = after(step, records, wanted);
      if (room === 0 || room >= work.steps.length) heard = { operationId: wanted.operationId, state: 'Succeeded' };
      else room += 1;
    }
    throw new Error('no end');
  }
});
