import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { SilentWay } from './silent-way.ts';

const day = 24 * 60 * 60 * 1000;
const start = Date.parse('2026-11-28T00:00:00Z');

test('a way is known to be silent for as long as was said, whatever the clock does, and how often it was', () => {
  using folder = temporaryDirectory('silent');
  const path = join(folder.path, 'channel.json');
  const log: string[] = [];
  let now = start;
  const at = (time: number): SilentWay => {
    now = time;
    return new SilentWay({ path, log: (_level, message) => log.push(message), now: () => now });
  };
  const nothing = { left: 0, failures: 0 };
  expect(at(start).known('one')).toEqual(nothing);
  at(start).keep('one', day, 3);
  for (const [time, known] of [
    [start, { left: day, failures: 3 }],
    [start + day - 1, { left: 1, failures: 3 }],
    [start + day, { left: 0, failures: 3 }],
    [start + 2 * day, { left: 0, failures: 3 }],
    // Long ago.
    [start + 2 * day + 1, nothing],
    [start + 400 * day, nothing],
    // Set back since.
    [start - 1, nothing],
  ] as const)
    expect([time, at(time).known('one')]).toEqual([time, known]);
  expect(at(start).known('another')).toEqual(nothing);
  at(start).keep('another', 5, 1);
  expect(at(start).known('one')).toEqual(nothing);
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([
    expect.stringContaining('another'),
    0o644,
  ]);
  at(start).forget('one');
  expect(at(start).known('another')).toEqual({ left: 5, failures: 1 });
  at(start).forget('another');
  expect([at(start).known('another'), existsSync(path)]).toEqual([nothing, false]);
  expect(log).toEqual([]);
});

test('T84 a file from before it was counted says that it was silent once', () => {
  using folder = temporaryDirectory('silent');
  const path = join(folder.path, 'channel.json');
  writeFileSync(path, JSON.stringify({ format: 1, way: 'one', until: new Date(start + 7).toISOString() }));
  const way = new SilentWay({ path, log: () => undefined, now: () => start });
  expect(way.known('one')).toEqual({ left: 7, failures: 1 });
});

test('what cannot be read or kept is said, and is as if nothing were known', () => {
  using folder = temporaryDirectory('silent');
  const path = join(folder.path, 'channel.json');
  const log: string[] = [];
  const way = new SilentWay({ path, log: (_level, message) => log.push(message), now: () => start });
  const late = new Date(start + 7).toISOString();
  for (const text of [
    '',
    'null',
    '{"format":1,"way":"one","until":"tomorrow"}',
    '{"format":2}',
    `{"format":1,"way":"one","until":"${late}","failures":0}`,
    `{"format":1,"way":"one","until":"${late}","failures":1.5}`,
  ]) {
    writeFileSync(path, text);
    expect([text, way.known('one')]).toEqual([text, { left: 0, failures: 0 }]);
  }
  const noPlace = join(path, 'x');
  const nowhere = new SilentWay({ path: noPlace, log: (_level, message) => log.push(message), now: () => start });
  nowhere.keep('one', day, 1);
  expect(log).toHaveLength(7);
});
