import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChannelTrial, type NoChannel } from './channel-trial.ts';

const day = 24 * 60 * 60 * 1000;

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

test('whatever happens, nobody goes without a channel for longer than a day after the last failure', () => {
  const failures = fc.array(fc.tuple(fc.constantFrom<NoChannel>('refused', 'silent', 'cut', 'away'), fc.nat(day)));
  fc.assert(
    fc.property(failures, (happened) => {
      const trial = new ChannelTrial();
      let now = 0;
      for (const [how, later] of happened) {
        now += later;
        const settled = trial.failed(how, now);
        expect(trial.mayTry(now)).toBe(!settled && trial.mayTry(now));
      }
      expect(trial.mayTry(now + day)).toBe(true);
    }),
  );
});
