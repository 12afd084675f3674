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
    expect(await doorbell.wait('a', 1).rung).toBe('over');
    const left = doorbell.wait('a', forever);
    left.cancel();
    await left.rung;
    const held = doorbell.wait('a', forever);
    doorbell.close();
    expect(await held.rung).toBe('rung');
    await doorbell.wait('a', forever).rung;
    expect(doorbell.waiting('a')).toBe(0);
  });

  test('what was read before a ring is read again; what was read after it is not', async () => {
    const doorbell = await createDoorbell(noBells);
    const before = doorbell.mark();
    expect(doorbell.mayHaveRung('a', before)).toBe(false);
    doorbell.ring('a');
    expect([doorbell.mayHaveRung('a', before), doorbell.mayHaveRung('b', before)]).toEqual([true, false]);
    expect(doorbell.mayHaveRung('a', doorbell.mark())).toBe(false);
    // More rings than are remembered: nobody can say for whom they were, so everybody looks again.
    for (let i = 0; i < 1_001; i += 1) doorbell.ring(`machine ${i}`);
    expect([doorbell.mayHaveRung('b', before), doorbell.mayHaveRung('b', doorbell.mark())]).toEqual([true, false]);
  });

  test('a ring that was lost between control planes counts for everybody', async () => {
    let hear: (vmId: string | undefined) => void = () => undefined;
    const doorbell = await createDoorbell({
      ...noBells,
      listen: (heard) => {
        hear = heard;
        return Promise.resolve();
      },
    });
    const before = doorbell.mark();
    const held = doorbell.wait('a', forever);
    hear(undefined);
    await held.rung;
    expect(doorbell.mayHaveRung('b', before)).toBe(true);
  });
});
