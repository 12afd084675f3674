import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planRollout, type Rollout, type RolloutMember, type RolloutPlan, type Situation } from './plan-rollout.ts';
import { defaultRolloutSettings } from './rollout-settings.ts';

const minute = 60_000;
const settings = { delayMinutes: 60, waves: [10, 50, 100], soakMinutes: 30, mostFailedPercent: 20 };
const now = 1_000 * minute;
const place = (i: number): string => String(i).padStart(3, '0');
const ready: Situation = { kind: 'ready' };
const well = (minutesAgo: number): Situation => ({ kind: 'upgraded', at: now - minutesAgo * minute });
const failed = (minutesAgo: number): Situation => ({
  kind: 'failed',
  at: now - minutesAgo * minute,
  reason: 'exit code 1',
});

/** Ten machines, or what is given, in the order of their places. */
function rollout(situations: readonly Situation[], over: Partial<Rollout> = {}): Rollout {
  return {
    settings,
    knownSince: 0,
    order: undefined,
    members: situations.map((situation, i): RolloutMember => ({
      id: `m${i}`,
      machine: `server${i}`,
      place: place(i),
      situation,
    })),
    ...over,
  };
}
const plan = (situations: readonly Situation[], over: Partial<Rollout> = {}): RolloutPlan =>
  planRollout(rollout(situations, over), now);
const ten = (...first: readonly Situation[]): readonly Situation[] => [
  ...first,
  ...Array.from({ length: 10 - first.length }, () => ready),
];

describe('S2.1 waves', () => {
  test('a version that is too new waits, and says until when', () => {
    expect(plan(ten(), { knownSince: now - 10 * minute })).toMatchObject({
      state: 'waiting',
      begin: [],
      goesOnAt: now + 50 * minute,
    });
  });

  test('the first wave begins with its share, rounded up', () => {
    expect(plan(ten())).toMatchObject({ state: 'running', wave: 1, begin: ['m0'] });
    expect(plan([ready, ready])).toMatchObject({ wave: 1, begin: ['m0'] });
  });

  test('the next wave waits until the one before is through and was watched', () => {
    expect(plan(ten({ kind: 'upgrading' }))).toMatchObject({ state: 'running', wave: 1, begin: [] });
    expect(plan(ten(well(10)))).toMatchObject({ state: 'waiting', begin: [], goesOnAt: now + 20 * minute });
    expect(plan(ten(well(30)))).toMatchObject({ state: 'running', wave: 2, begin: ['m1', 'm2', 'm3', 'm4'] });
  });

  test('a machine that refused is over with, and does not keep the others waiting', () => {
    expect(plan(ten({ kind: 'refused', reason: 'its lists' })).begin).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  test('a machine that is held is in no wave', () => {
    const away: Situation = { kind: 'held', reason: 'is not connected' };
    const planned = plan(ten(away));
    expect(planned.begin).toEqual(['m1']);
    expect(planned.waveOf.get('m0')).toBeUndefined();
    expect(plan([away])).toMatchObject({ state: 'waiting', begin: [] });
  });

  test('a wave whose machines are outside their windows waits for the first that opens', () => {
    const night = { kind: 'outside-window', opensAt: now + 90 * minute } as const;
    const planned = plan(ten(night));
    expect(planned).toMatchObject({ state: 'waiting', begin: [], goesOnAt: now + 90 * minute });
    expect(planned.reason).toContain('windows');
  });

  test('when all had their turn it is completed', () => {
    expect(plan([well(1), { kind: 'refused', reason: '' }])).toMatchObject({ state: 'completed', begin: [] });
    expect(plan([])).toMatchObject({ state: 'completed', begin: [] });
  });
});

describe('health', () => {
  test('a failure in the first wave halts, and says which machine and why', () => {
    const planned = plan(ten(failed(1)));
    expect(planned).toMatchObject({ state: 'halted', begin: [] });
    expect(planned.reason).toContain('server0: exit code 1');
  });

  test('failures within the tolerance do not', () => {
    const some = [well(90), well(80), well(80), well(80), failed(70)];
    expect(plan(ten(...some)).state).toBe('running');
    expect(plan(ten(...some, failed(60))).state).toBe('halted');
  });

  test('an operator halts and resumes; what failed before that is forgiven, what fails after is not', () => {
    expect(plan(ten(well(90)), { order: { kind: 'halt', at: now } })).toMatchObject({ state: 'halted', begin: [] });
    const order = { kind: 'resume', at: now - 40 * minute } as const;
    expect(plan(ten(failed(50)), { order }).state).toBe('running');
    expect(plan(ten(failed(30)), { order }).state).toBe('halted');
  });
});

test('whatever the rollout: never more machines than its wave reaches, none that is not ready, none while it is halted', () => {
  const situation = fc.oneof(
    fc.constant(ready),
    fc.constant<Situation>({ kind: 'upgrading' }),
    fc.constant<Situation>({ kind: 'refused', reason: '' }),
    fc.constant<Situation>({ kind: 'held', reason: '' }),
    fc.nat(200).map(well),
    fc.nat(200).map(failed),
    fc.nat(200).map((minutes): Situation => ({ kind: 'outside-window', opensAt: now + minutes * minute })),
  );
  const rollouts = fc.record({
    situations: fc.array(situation, { maxLength: 40 }),
    knownSince: fc.nat(now),
    order: fc.option(fc.record({ kind: fc.constantFrom<'halt' | 'resume'>('halt', 'resume'), at: fc.nat(now) }), {
      nil: undefined,
    }),
  });
  fc.assert(
    fc.property(rollouts, ({ situations, ...over }) => {
      const given = rollout(situations, over);
      const { begin, state, wave, waveOf, reason } = planRollout({ ...given, settings: defaultRolloutSettings }, now);
      const counted = [...waveOf.keys()].length;
      const reached = Math.ceil((counted * (defaultRolloutSettings.waves[wave - 1] ?? 0)) / 100);
      const begun = given.members.filter(({ situation: { kind } }) => kind === 'upgrading').length;
      expect(begin.every((id) => given.members.find((member) => member.id === id)?.situation.kind === 'ready')).toBe(
        true,
      );
      if (begin.length > 0) expect(begin.length).toBeLessThanOrEqual(reached);
      if (begin.length > 0 || (begun > 0 && state === 'running')) expect(state).toBe('running');
      if (state !== 'running') expect(begin).toEqual([]);
      expect(reason).not.toBe('');
    }),
    { numRuns: 500 },
  );
});
