import { describe, expect, test } from 'vitest';
import { noBells } from '../store/bells.ts';
import { createDoorbell, createDoorbells } from './doorbell.ts';

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
    // Nobody rang: whoever is held is answered with what was known, without a look at the store for each.
    expect(await held.rung).toBe('over');
    expect(await doorbell.wait('a', forever).rung).toBe('over');
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

  test('goals and ends are rung apart, here and between control planes; a goal that changes may have ended something', async () => {
    const listeners: ((bell: string | undefined) => void)[] = [];
    const sent: string[] = [];
    const { doorbell, endBell } = await createDoorbells({
      ring: (bell) => void sent.push(bell),
      listen: (heard) => Promise.resolve(void listeners.push(heard)),
    });
    const hear = (bell: string): void => listeners.forEach((heard) => heard(bell));
    const rung: string[] = [];
    const wait = (): void => {
      void doorbell.wait('a', forever).rung.then(() => rung.push('goal'));
      void endBell.wait('a', forever).rung.then(() => rung.push('end'));
    };
    const rungBy = async (ring: () => void): Promise<readonly string[]> => {
      wait();
      ring();
      await new Promise<void>((resolve) => setImmediate(resolve));
      const heard = rung.splice(0);
      doorbell.ring('a');
      await new Promise<void>((resolve) => setImmediate(resolve));
      rung.length = 0;
      return heard;
    };
    expect(await rungBy(() => endBell.ring('a'))).toEqual(['end']);
    expect(await rungBy(() => doorbell.ring('a'))).toEqual(['goal', 'end']);
    expect(sent.slice(0, 3)).toEqual(['ended a', 'a', 'ended a']);
    expect(await rungBy(() => hear('ended a'))).toEqual(['end']);
    expect(await rungBy(() => hear('a'))).toEqual(['goal']);
    wait();
    expect([doorbell.held, endBell.held, endBell.closed]).toEqual([1, 1, false]);
    doorbell.close();
    expect([doorbell.held, endBell.held, endBell.closed]).toEqual([0, 0, true]);
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
