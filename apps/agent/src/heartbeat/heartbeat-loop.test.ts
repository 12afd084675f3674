import { agentConfigurationOf, defaultControls } from '@sallyport/local-controls';
import type { HeartbeatRequest } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import { askedToWait } from '../connection/asked-to-wait.ts';
import { failureWaits } from '../connection/failure-waits.ts';
import { refusalOf, ServerRefusal } from '../connection/json-answer.ts';
import { systemFacts } from '../connection/system-facts.ts';
import { sleep } from '../platform/sleep.ts';
import { backoff } from '../platform/backoff.ts';
import { HeartbeatLoop, type HeartbeatOptions } from './heartbeat-loop.ts';

const agentConfiguration = agentConfigurationOf({
  kind: 'in-force',
  controls: defaultControls,
  file: '/controls.json',
  generation: 0,
});

function loop(options: Pick<HeartbeatOptions, 'send'> & Partial<HeartbeatOptions>): HeartbeatLoop {
  const service = { status: 'active', startupType: 'enabled' };
  return new HeartbeatLoop({
    log: () => undefined,
    holds: [50],
    content: (holdSeconds) => ({
      agentVersion: '0',
      generation: 0,
      holdSeconds,
      agentConfiguration,
      serviceStatuses: { extensionService: service, guestConfigurationService: service },
      system: systemFacts(),
    }),
    heard: () => Promise.resolve(),
    random: () => 0,
    monotonic: () => performance.now(),
    ...options,
  });
}

test('the first heartbeat asks for an answer at once, the following are held; each answer is handed on', async () => {
  const sent: HeartbeatRequest[] = [];
  const heard: number[] = [];
  const beating = loop({
    async send(request, signal) {
      sent.push(request);
      if (sent.length > 2) await sleep(60_000, signal);
      signal.throwIfAborted();
      return { generation: sent.length };
    },
    heard: async ({ generation }) => void heard.push(generation),
  });
  beating.start();
  await expect.poll(() => sent.length).toBe(3);
  await beating.stop();
  expect(sent.map(({ holdSeconds }) => holdSeconds)).toEqual([0, 50, 50]);
  expect(heard).toEqual([1, 2]);
});

test('woken, it ends the held request and sends what has changed', async () => {
  const holds: number[] = [];
  const beating = loop({
    async send(request, signal) {
      holds.push(request.holdSeconds);
      if (request.holdSeconds === 0) return { generation: 1 };
      await sleep(60_000, signal);
      signal.throwIfAborted();
      return { generation: 1 };
    },
  });
  beating.start();
  await expect.poll(() => holds.length).toBe(2);
  beating.wake();
  await expect.poll(() => holds).toEqual([0, 50, 0, 50]);
  await beating.stop();
});

test('a goal state that cannot be fetched counts as a failed heartbeat: no tight loop', async () => {
  const failures: string[] = [];
  const beating = loop({
    send: () => Promise.resolve({ generation: 2 }),
    heard: () => Promise.reject(new Error('no goal state')),
    log: (_level, message) => failures.push(message),
  });
  beating.start();
  await expect.poll(() => failures).toEqual(['heartbeat failed']);
  await beating.stop();
  expect(failures).toHaveLength(1);
});

test('waits double up to a ceiling, and are spread', () => {
  const most = backoff({ firstSeconds: 1, mostSeconds: 8, random: () => 1 });
  expect(Array.from({ length: 6 }, most)).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
  const least = backoff({ firstSeconds: 1, mostSeconds: 8, random: () => 0 });
  expect(Array.from({ length: 5 }, least)).toEqual([500, 1000, 2000, 4000, 4000]);
});

test('T19 a centre that asks to be left alone is: for as long as it says, never for hours, never not at all, and not all at once', () => {
  const asked = (seconds: number | undefined): ServerRefusal =>
    new ServerRefusal(429, 'TooManyRequests', 'Later.', seconds);
  expect(askedToWait(asked(20), () => 0)).toBe(20_000);
  expect(askedToWait(asked(20), () => 0.999)).toBeGreaterThan(24_900);
  expect(askedToWait(asked(999_999), () => 0)).toBe(300_000);
  expect(askedToWait(asked(0), () => 0)).toBe(1000);
  expect(askedToWait(asked(undefined), () => 0)).toBeUndefined();
  expect(askedToWait(new Error('no answer'), () => 0)).toBeUndefined();
  const answer = { status: 429, headers: { 'retry-after': '17' }, body: Buffer.from('') };
  expect(refusalOf(answer, 'The heartbeat').retryAfterSeconds).toBe(17);
  const date = { status: 503, headers: { 'retry-after': 'Fri, 27 Nov 2026 00:00:00 GMT' }, body: Buffer.from('') };
  expect(refusalOf(date, 'The heartbeat').retryAfterSeconds).toBeUndefined();
});

test('T19 a centre that says when to come again is believed, however often it was not there before, and waits begin anew after it', () => {
  const wait = failureWaits(() => 1);
  const nobody = new Error('connect ECONNREFUSED');
  const later = new ServerRefusal(429, 'TooManyRequests', 'Later.', 4);
  expect([nobody, nobody, nobody, nobody, nobody].map(wait)).toEqual([1000, 2000, 4000, 8000, 16_000]);
  expect([later, later, nobody, nobody, later].map(wait)).toEqual([5000, 5000, 1000, 2000, 5000]);
});

test('T19 one whose database is away asks for a moment, and is left alone for longer the longer that lasts', () => {
  const wait = failureWaits(() => 0);
  const away = new ServerRefusal(503, 'StoreUnavailable', 'The database is away.', 3);
  expect([away, away, away, away, away, away].map(wait)).toEqual([3000, 3000, 3000, 4000, 8000, 16_000]);
});

test('T19 after a refusal with a time the next heartbeat waits for it', async () => {
  const sent: number[] = [];
  const beating = loop({
    send: () => {
      sent.push(performance.now());
      return Promise.reject(new ServerRefusal(429, 'TooManyRequests', 'Later.', sent.length === 1 ? 2 : 300));
    },
  });
  beating.start();
  await expect.poll(() => sent.length, { timeout: 20_000 }).toBe(2);
  await beating.stop();
  // The own wait would have been half a second.
  expect((sent[1] ?? 0) - (sent[0] ?? 0)).toBeGreaterThanOrEqual(1990);
});
