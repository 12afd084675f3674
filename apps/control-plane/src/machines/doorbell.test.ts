import { describe, expect, test } from 'vitest';
import { noBells } from '../store/bells.ts';
import { createDoorbell } from './doorbell.ts';

const forever = 1_000_000;

describe('the doorbell', () => {
  test('a ring wakes those of its machine and nobody else', async () => {
    const doorbell = await createDoorbell(noBells);
    const one = doorbell.wait('a', forever);
    const two = doorbell.wait('a', forever);
    const other = doorbell.wait('b', forever);
    expect(doorbell.waiting('a')).toBe(2);
    doorbell.ring('a');
    await Promise.all([one.rung, two.rung]);
    expect([doorbell.waiting('a'), doorbell.waiting('b')]).toEqual([0, 1]);
    other.cancel();
    await other.rung;
    expect(doorbell.waiting('b')).toBe(0);
  });

  test('a wait ends by itself, when its client goes away, and when the doorbell is closed', async () => {
    const doorbell = await createDoorbell(noBells);
    await doorbell.wait('a', 1).rung;
    const left = doorbell.wait('a', forever);
    left.cancel();
    await left.rung;
    const held = doorbell.wait('a', forever);
    doorbell.close();
    await held.rung;
    await doorbell.wait('a', forever).rung;
    expect(doorbell.waiting('a')).toBe(0);
  });
});
