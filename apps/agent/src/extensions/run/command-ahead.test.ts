import { expect, test } from 'vitest';
import { CommandAhead } from './command-ahead.ts';
import type { LimitedAtGate } from './run-within-limits.ts';

function rig(): {
  ahead: CommandAhead;
  begun: string[];
  givenUp: string[];
  clock: { now: number };
  readonly offer: (key: string) => void;
} {
  const begun: string[] = [];
  const givenUp: string[] = [];
  const clock = { now: 0 };
  const ahead = new CommandAhead(() => clock.now);
  const start = (key: string): LimitedAtGate => {
    begun.push(key);
    return {
      run: () => Promise.reject(new Error('not here')),
      giveUp: () => {
        givenUp.push(key);
        return Promise.resolve();
      },
    };
  };
  const offer = (key: string): void => ahead.plan(() => ({ key, start: () => start(key) }));
  return { ahead, begun, givenUp, clock, offer };
}

test('the command that comes next is started once, when there is time, and taken when it is its turn', async () => {
  const { ahead, begun, givenUp, offer } = rig();
  offer('enable');
  expect(begun).toEqual([]);
  ahead.begin();
  ahead.begin();
  expect(begun).toEqual(['enable']);
  expect(await ahead.take('enable')).toBeDefined();
  await ahead.giveUp();
  expect(givenUp).toEqual([]);
});

test('one that is called with something else by now, or has waited for long, is given up', async () => {
  const { ahead, givenUp, clock, offer } = rig();
  offer('enable 1');
  ahead.begin();
  expect(await ahead.take('enable 2')).toBeUndefined();
  expect(givenUp).toEqual(['enable 1']);
  offer('enable 3');
  ahead.begin();
  clock.now = 10_001;
  expect(await ahead.take('enable 3')).toBeUndefined();
  expect(givenUp).toEqual(['enable 1', 'enable 3']);
});

test('one that cannot be started now stops nothing, and an operation that ends leaves none', async () => {
  const { ahead, givenUp, offer } = rig();
  ahead.plan(() => {
    throw new Error('no room');
  });
  ahead.begin();
  expect(await ahead.take('enable')).toBeUndefined();
  offer('enable');
  ahead.begin();
  await ahead.giveUp();
  expect(givenUp).toEqual(['enable']);
});
