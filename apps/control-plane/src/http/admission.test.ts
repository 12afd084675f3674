import { describe, expect, test } from 'vitest';
import { comeAgainAfter, createAdmission, letIn, nextLoad, noLoad, type Load } from './admission.ts';

const limit = 1000;

function after(looks: readonly number[], from: Load = noLoad): Load {
  return looks.reduce((load, late) => nextLoad(load, late, limit), from);
}

describe('T19 admission while the event loop is late', () => {
  test('one pause is no overload, one that goes on is, and it ends', () => {
    expect(after([1900, 0, 0]).share).toBe(1);
    const overloaded = after([3000, 3000, 3000, 3000]);
    expect(overloaded.share).toBeLessThan(0.3);
    expect(after(Array.from({ length: 200 }, () => 60_000)).share).toBe(0.05);
    expect(
      after(
        Array.from({ length: 20 }, () => 0),
        overloaded,
      ).share,
    ).toBe(1);
  });

  test('those that can wait wait first, operators next, checks and work that is being finished never', () => {
    const some: Load = { lateMilliseconds: 1500, share: 0.6 };
    expect(letIn('heartbeat', some, 0.59)).toBe(true);
    expect(letIn('heartbeat', some, 0.61)).toBe(false);
    expect(letIn('arm', some, 0.99)).toBe(true);
    const much: Load = { lateMilliseconds: 5000, share: 0.05 };
    expect(letIn('arm', much, 0.11)).toBe(false);
    expect(letIn('token', much, 0.09)).toBe(true);
    for (const kind of ['health', 'reports', 'goal-state', 'discovery'] as const)
      expect([kind, letIn(kind, much, 0.999)]).toEqual([kind, true]);
  });

  test.each([
    // Who is refused at all is refused while not everybody is let in.
    [0.95, 5, 7],
    [0.7, 5, 13],
    [0.3, 5, 23],
    [0.05, 5, 29],
  ])('where a share of %d is let in, the others come again after %d to %d seconds', (share, soonest, latest) => {
    const load: Load = { lateMilliseconds: 2000, share };
    expect([comeAgainAfter(load, 0), comeAgainAfter(load, 0.999_999)]).toEqual([soonest, latest]);
    const seconds = new Set(Array.from({ length: 1000 }, (_, i) => comeAgainAfter(load, i / 1000)));
    expect(seconds.size).toBe(latest - soonest + 1);
  });

  test('without a limit everybody is let in', () => {
    const admission = createAdmission(0, () => 0.999);
    expect(admission.refusal('heartbeat')).toBeUndefined();
    expect(admission.share()).toBe(1);
    admission.end();
  });
});
