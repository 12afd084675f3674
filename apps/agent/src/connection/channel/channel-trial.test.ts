import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChannelTrial, type NoChannel } from './channel-trial.ts';

const minute = 60 * 1000;
const hour = 60 * minute;
const day = 24 * hour;

test.for([
  ['refused', ['refused'], false],
  ['silent', ['silent'], false],
  ['cut once, as by a control plane that ends', ['cut'], true],
  ['cut twice in a row', ['cut', 'cut'], false],
  ['away once, as behind a gateway while a control plane starts anew', ['away'], true],
  ['away, then cut', ['away', 'cut'], false],
  ['cut, passed, cut', ['cut', 'passed', 'cut'], true],
  ['cut, then refused', ['cut', 'refused'], false],
] as const)('a way on which a channel is %s: %j leaves %s', ([, events, mayTry]) => {
  const trial = new ChannelTrial();
  for (const event of events) {
    if (event === 'passed') trial.passed();
    else trial.failed(event, 1000);
  }
  expect(trial.mayTry(1000)).toBe(mayTry);
  expect(trial.mayTry(1000 + day)).toBe(true);
});

test.for([
  ['refused', ['refused', 'refused'], [day, day]],
  ['silent', ['silent', 'silent', 'silent', 'silent'], [5 * minute, hour, day, day]],
  ['cut', ['cut', 'cut', 'cut', 'cut', 'cut'], [0, 5 * minute, hour, day, day]],
  ['away', ['away', 'away', 'away', 'away'], [0, 5 * minute, hour, day]],
  ['silent, then cut', ['silent', 'cut'], [5 * minute, 5 * minute]],
  ['silent, and passes in between', ['silent', 'silent', 'passed', 'silent'], [5 * minute, hour, 5 * minute]],
] as const)('T19 a way on which channels fail in a row goes without for longer each time: %s', ([, events, pauses]) => {
  const trial = new ChannelTrial();
  let now = 0;
  const gone: number[] = [];
  for (const event of events) {
    if (event === 'passed') {
      trial.passed();
      continue;
    }
    const pause = trial.failed(event, now);
    gone.push(pause);
    expect([trial.mayTry(now), trial.mayTry(now + pause - 1), trial.mayTry(now + pause)]).toEqual([
      pause === 0,
      false,
      true,
    ]);
    now += pause;
  }
  expect(gone).toEqual(pauses);
});

test('what was found out before another start is gone on with', () => {
  const trial = new ChannelTrial({ until: 7, failures: 2 });
  expect([trial.mayTry(6), trial.mayTry(7), trial.failed('silent', 7)]).toEqual([false, true, day]);
  expect([trial.failures, trial.mayTry(7 + day - 1)]).toEqual([3, false]);
});

test('whatever happens, nobody goes without a channel for longer than a day after the last failure', () => {
  const failures = fc.array(fc.tuple(fc.constantFrom<NoChannel>('refused', 'silent', 'cut', 'away'), fc.nat(day)));
  fc.assert(
    fc.property(failures, (happened) => {
      const trial = new ChannelTrial();
      let now = 0;
      for (const [how, later] of happened) {
        now += later;
        const pause = trial.failed(how, now);
        expect([trial.mayTry(now), pause <= day]).toEqual([pause === 0, true]);
      }
      expect(trial.mayTry(now + day)).toBe(true);
    }),
  );
});
