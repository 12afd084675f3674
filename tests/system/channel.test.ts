/** A real agent and what lies between it and its control plane: with a channel, and where none passes (decision 0214). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noopHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSystem, type TestSystem } from './harness.ts';

const patience = { timeout: 60_000 };
let system: TestSystem;

beforeAll(async () => {
  system = await startSystem();
  await system.publish('Noop', '1.0.0', noopHandler);
});
afterAll(async () => system.stop());

const log = (): string => readFileSync(join(system.root, 'var/opt/azcmagent/log/himds.log'), 'utf8');
const openings = (): number => system.carrier.requests.filter((line) => line.endsWith('/channel')).length;

test('S1.1 everything that is small goes over one channel: heartbeats, the goal state, reports; and so it does after a cut', async () => {
  const agent = await system.startAgent();
  try {
    expect(await system.install('first', { type: 'Noop' })).toMatchObject({ status: 'Succeeded' });
    const small = system.carrier.requests.filter((line) => /(?:heartbeat|goal-state|reports)$/.test(line));
    expect(new Set(small.map((line) => line.split('/').at(-1)))).toEqual(
      new Set(['heartbeat', 'goal-state', 'reports']),
    );
    expect(openings()).toBe(1);
    expect(log()).toContain('go over a channel');
    system.carrier.cutChannels();
    await expect.poll(openings, patience).toBe(2);
    const again = { type: 'Noop', settings: { again: true } };
    expect(await system.install('first', again)).toMatchObject({ status: 'Succeeded' });
  } finally {
    await agent.stop();
  }
});

test('S1.1 where no channel passes an extension is installed all the same, and the log says what is in use', async () => {
  system.carrier.channels = 'refused';
  const before = openings();
  const agent = await system.startAgent();
  try {
    const other = { type: 'Noop', settings: { other: true } };
    expect(await system.install('first', other)).toMatchObject({ status: 'Succeeded' });
    expect(openings()).toBe(before + 1);
    expect(log()).toContain('no channel passes on the way');
  } finally {
    await agent.stop();
    system.carrier.channels = 'carried';
  }
});
