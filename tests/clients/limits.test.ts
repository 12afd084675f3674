/** T19: limits of requests and admission, on a control plane with small ones. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { httpClient, type Answer } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { runScript } from './run-script.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-limits-'));
const small = ['--reads-per-second', '0.5', '--writes-per-second', '0.5', '--overload-milliseconds', '50'];
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let subscription: string;

beforeAll(async () => {
  plane = await startControlPlaneProcess(join(folder, 'state'), ...small);
  arm = await signIn(plane.operator);
  subscription = `/subscriptions/${plane.operator.subscriptionId}`;
});
afterAll(async () => {
  arm?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

const group = (): string => `${subscription}/resourceGroups/Fleet?api-version=2021-04-01`;

function put(): Promise<Answer> {
  return arm.arm('PUT', group(), { location: 'here' });
}

/** Asks until it is one too many. */
async function useUp(ask: () => Promise<Answer>): Promise<Answer> {
  for (let i = 0; i < 500; i += 1) {
    const answer = await ask();
    if (answer.status === 429) return answer;
  }
  throw new Error('There is no limit.');
}

test('T19 a caller that asks too much is told when to come again, once on record, and nothing is done', async () => {
  const first = await put();
  expect(first.status).toBe(201);
  expect(Number(first.headers['x-ms-ratelimit-remaining-subscription-writes'])).toBe(49);
  expect(Number(first.headers['x-ms-ratelimit-remaining-subscription-global-writes'])).toBe(499);
  const refused = await useUp(put);
  expect(refused.json()).toMatchObject({ error: { code: 'TooManyRequests' } });
  expect(String(refused.headers['retry-after'])).toMatch(/^[1-9][0-9]*$/);
  expect(refused.headers['x-ms-ratelimit-remaining-subscription-writes']).toBe('0');
  for (let i = 0; i < 20; i += 1) await put();
  // Whoever reads or deletes is not held up by writes, and what was refused was not done.
  expect((await arm.arm('GET', group())).status).toBe(200);
  const filter = encodeURIComponent(`eventTimestamp ge 2020-01-01 and status eq 'Failed'`);
  const log = await arm.arm(
    'GET',
    `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${filter}`,
  );
  const { value } = log.json() as { readonly value: readonly { readonly subStatus: { readonly value: string } }[] };
  expect(value.filter(({ subStatus }) => subStatus.value === 'TooManyRequests')).toHaveLength(1);
});

test('T19 the stock client of @azure/arm-hybridcompute waits and comes again by itself', async () => {
  const done = await runScript<Record<'reads' | 'writes', readonly number[]>>('throttled.ts', plane.operator);
  for (const statuses of [done.reads, done.writes]) {
    expect(statuses).toContain(429);
    expect([200, 201]).toContain(statuses.at(-1));
  }
});

test('T19 a process that is late asks those that can wait to come again, each at another time; checks are answered', async () => {
  const client = httpClient(plane.operator.endpoint, plane.operator.caFile);
  const told: Answer[] = [];
  for (let attempt = 0; attempt < 10 && told.length < 3; attempt += 1) {
    process.kill(plane.pid, 'SIGSTOP');
    await pause(1500);
    process.kill(plane.pid, 'SIGCONT');
    for (let i = 0; i < 60; i += 1) {
      const answer = await client.send('POST', '/agent/v1/machines/x/heartbeat', { body: {} });
      if (answer.status === 429) told.push(answer);
      else expect(answer.status).toBe(401);
      expect((await client.send('GET', '/healthz')).status).toBe(200);
      await pause(10);
    }
  }
  expect(told.length).toBeGreaterThanOrEqual(3);
  for (const answer of told) {
    expect(answer.json()).toMatchObject({ error: { code: 'TooManyRequests' } });
    const seconds = Number(answer.headers['retry-after']);
    expect(seconds >= 5 && seconds <= 30).toBe(true);
  }
  client.close();
});
