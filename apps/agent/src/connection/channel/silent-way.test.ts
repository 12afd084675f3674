import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { SilentWay } from './silent-way.ts';

const day = 24 * 60 * 60 * 1000;
const start = Date.parse('2026-11-28T00:00:00Z');

test('a way is known to be silent for a day, whatever the clock does', () => {
  using folder = temporaryDirectory('silent');
  const path = join(folder.path, 'channel.json');
  const log: string[] = [];
  let now = start;
  const at = (time: number): SilentWay => {
    now = time;
    return new SilentWay({ path, log: (_level, message) => log.push(message), now: () => now });
  };
  expect(at(start).left('one')).toBe(0);
  at(start).keep('one');
  for (const [time, left] of [
    [start, day],
    [start + day - 1, 1],
    [start + day, 0],
    [start + 400 * day, 0],
    // Set back since.
    [start - 1, 0],
  ] as const)
    expect([time, at(time).left('one')]).toEqual([time, left]);
  expect(at(start).left('another')).toBe(0);
  at(start).keep('another');
  expect(at(start).left('one')).toBe(0);
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([
    expect.stringContaining('another'),
    0o644,
  ]);
  expect(log).toEqual([]);
});

test('what cannot be read or kept is said, and is as if nothing were known', () => {
  using folder = temporaryDirectory('silent');
  const path = join(folder.path, 'channel.json');
  const log: string[] = [];
  const way = new SilentWay({ path, log: (_level, message) => log.push(message), now: () => start });
  for (const text of ['', 'null', '{"format":1,"way":"one","until":"tomorrow"}', '{"format":2}']) {
    writeFileSync(path, text);
    expect([text, way.left('one')]).toEqual([text, 0]);
  }
  const noPlace = join(path, 'x');
  const nowhere = new SilentWay({ path: noPlace, log: (_level, message) => log.push(message), now: () => start });
  nowhere.keep('one');
  expect(log).toHaveLength(5);
});
