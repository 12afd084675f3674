import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { leaveTicketKeys, makeTicketKeys, millisecondsLeft, takeTicketKeys, ticketSeconds } from './ticket-keys.ts';

test('the next process takes the keys, and they are on no disk then; the one after it gets others', () => {
  using folder = temporaryDirectory('ticket-keys');
  const path = join(folder.path, 'keys');
  const environment = manualEnvironment();
  const keys = makeTicketKeys(environment);
  expect(keys.bytes).toHaveLength(48);
  leaveTicketKeys(path, keys);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(takeTicketKeys(environment, path)).toEqual(keys);
  expect(existsSync(path)).toBe(false);
  expect(takeTicketKeys(environment, path)).not.toEqual(keys);
});

test('keys that are half a day old, of a time to come, cut off or none are not taken, and do not stay', () => {
  using folder = temporaryDirectory('ticket-keys');
  const path = join(folder.path, 'keys');
  const environment = manualEnvironment();
  const now = environment.now();
  const fresh = makeTicketKeys(environment);
  const text = (madeAt: number, bytes = fresh.bytes): string => {
    leaveTicketKeys(path, { bytes, madeAt });
    return readFileSync(path, 'utf8');
  };
  const none = [
    text(now - ticketSeconds * 1000),
    text(now + 1),
    text(now, fresh.bytes.subarray(1)),
    text(now).slice(0, 20),
    '',
    '[]',
  ];
  for (const left of none) {
    writeFileSync(path, left);
    const taken = takeTicketKeys(environment, path);
    expect([taken.bytes.equals(fresh.bytes), taken.madeAt, existsSync(path)]).toEqual([false, now, false]);
  }
  expect(millisecondsLeft({ bytes: fresh.bytes, madeAt: now - 1_000 }, now)).toBe((ticketSeconds - 1) * 1000);
});
