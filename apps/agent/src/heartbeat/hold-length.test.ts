import { expect, test } from 'vitest';
import { HoldLength } from './hold-length.ts';

const day = 24 * 3_600_000;

function hold(): {
  readonly length: HoldLength;
  pass: () => void;
  cut: (after?: number) => void;
  later: (milliseconds: number) => void;
} {
  let now = 0;
  const length = new HoldLength({ lengths: [50, 100, 200], monotonic: () => now });
  return {
    length,
    pass: () => length.answered(length.seconds, length.seconds),
    cut: (after = length.seconds - 5) => length.failed(length.seconds, after),
    later: (milliseconds) => void (now += milliseconds),
  };
}

test('a heartbeat is held longer each time that one was held its whole way, up to the longest', () => {
  const { length, pass } = hold();
  const seen = [length.seconds];
  for (let i = 0; i < 3; i += 1) {
    pass();
    seen.push(length.seconds);
  }
  expect(seen).toEqual([50, 100, 200, 200]);
});

test('one that was answered early, and one of another length, says nothing', () => {
  const { length } = hold();
  length.answered(50, 3);
  length.answered(0, 60);
  expect(length.seconds).toBe(50);
});

test('one that is cut goes back to the shortest; a length that is cut twice is not tried again before a day is over', () => {
  const { length, pass, cut, later } = hold();
  pass();
  cut();
  expect(length.seconds).toBe(50);
  // It may have been a restart: once more.
  pass();
  expect(length.seconds).toBe(100);
  cut();
  pass();
  pass();
  expect(length.seconds).toBe(50);
  later(day);
  pass();
  expect(length.seconds).toBe(100);
});

test('a length that passes after it was cut once counts from the beginning', () => {
  const { length, pass, cut } = hold();
  pass();
  cut();
  pass();
  pass();
  expect(length.seconds).toBe(200);
  cut();
  pass();
  pass();
  expect(length.seconds).toBe(200);
});

test('what fails sooner than the shortest hold was no cut', () => {
  const { length, pass, cut } = hold();
  pass();
  cut(20);
  expect(length.seconds).toBe(100);
});
