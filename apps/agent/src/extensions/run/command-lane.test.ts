import { expect, test } from 'vitest';
import { commandLane, type CommandLane } from './command-lane.ts';

const never = new AbortController().signal;

interface Held {
  readonly ended: Promise<string>;
  release(): void;
}

/** A task that goes on until it is released. */
function hold(lane: CommandLane, name: string, begun: string[], signal: AbortSignal = never): Held {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const ended = lane(async () => {
    begun.push(name);
    await released;
    return name;
  }, signal);
  ended.catch(() => undefined);
  return { ended, release };
}

test('one at a time, in the order they came; one that fails does not stop the next', async () => {
  const begun: string[] = [];
  const lane = commandLane(() => 1);
  const a = hold(lane, 'a', begun);
  const failing = lane(() => Promise.reject(new Error('failed')), never);
  const b = hold(lane, 'b', begun);
  failing.catch(() => undefined);
  await Promise.resolve();
  expect(begun).toEqual(['a']);
  a.release();
  await expect(failing).rejects.toThrow('failed');
  await expect.poll(() => begun).toEqual(['a', 'b']);
  b.release();
  expect(await b.ended).toBe('b');
});

test('as many as the administrator says, asked anew for every turn', async () => {
  let most = 2;
  const begun: string[] = [];
  const lane = commandLane(() => most);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => hold(lane, name, begun)) as [Held, Held, Held, Held];
  await expect.poll(() => begun).toEqual(['a', 'b']);
  most = 1;
  a.release();
  await a.ended;
  expect(begun).toEqual(['a', 'b']);
  most = 3;
  b.release();
  await expect.poll(() => begun).toEqual(['a', 'b', 'c', 'd']);
  c.release();
  d.release();
  await Promise.all([c.ended, d.ended]);
});

test('whoever is called off waits no longer, and takes no turn from the others', async () => {
  const begun: string[] = [];
  const lane = commandLane(() => 1);
  const a = hold(lane, 'a', begun);
  const off = new AbortController();
  const b = hold(lane, 'b', begun, off.signal);
  const c = hold(lane, 'c', begun);
  off.abort(new Error('called off'));
  await expect(b.ended).rejects.toThrow('called off');
  a.release();
  await expect.poll(() => begun).toEqual(['a', 'c']);
  c.release();
  await expect(hold(lane, 'd', begun, off.signal).ended).rejects.toThrow('called off');
});
