import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterEach, expect, test, vi } from 'vitest';
import { askedToWait } from '../connection/asked-to-wait.ts';
import { ServerRefusal } from '../connection/json-answer.ts';
import { callFailures } from './extension-calls.ts';
import { ExtensionService } from './extension-service.ts';

/**
 * A manager that gives its process number for a generation, dies of changed controls, and when the key has changed asks whether it may
 * end, saying that it has heard one call less, or all.
 */
const manager = (heardLess: number): string => `
let heard = 0;
process.on('message', ({ call, id, answer, value }) => {
  if (answer !== undefined) {
    if (value === true) process.exit(0);
    return;
  }
  heard += 1;
  if (call === 'controlsChanged') process.exit(1);
  if (call === 'stop') process.exit(0);
  process.send({ answer: id, value: call === 'cancel' ? ['one'] : process.pid });
  if (call === 'keyChanged') setInterval(() => process.send({ call: 'done', id: 1, args: [heard - ${heardLess}] }), 50);
});`;

interface Tried extends AsyncDisposable {
  readonly service: ExtensionService;
  begun(): number;
}

function tried(heardLess = 0, source = manager(heardLess)): Tried {
  const directory = temporaryDirectory('manager');
  const program = join(directory.path, 'manager.cjs');
  writeFileSync(program, source);
  let begun = 0;
  const service = new ExtensionService({
    program,
    log: () => undefined,
    exchanges: () => Promise.reject(new Error('none')),
    begun: () => {
      begun += 1;
    },
  });
  return {
    service,
    begun: () => begun,
    async [Symbol.asyncDispose]() {
      await service.stop();
      directory[Symbol.dispose]();
    },
  };
}

afterEach(() => vi.unstubAllEnvs());

const patience = { timeout: 20_000 };

test('it is started when there is work, and one is enough', async () => {
  await using here = tried();
  expect(await here.service.cancel(undefined)).toEqual([]);
  expect(here.begun()).toBe(0);
  const first = await here.service.goal();
  expect(await here.service.goal()).toBe(first);
  expect(await here.service.cancel('one')).toEqual(['one']);
  expect(here.begun()).toBe(1);
});

test('it is not told what keeps the resident process small, and is told all else', async () => {
  vi.stubEnv('MALLOC_ARENA_MAX', '1');
  vi.stubEnv('MALLOC_TRIM_THRESHOLD_', '1000000');
  await using here = tried();
  const told = readFileSync(`/proc/${await here.service.goal()}/environ`, 'utf8').split('\0');
  expect(told).not.toContain('MALLOC_ARENA_MAX=1');
  expect(told).toContain('MALLOC_TRIM_THRESHOLD_=1000000');
});

test('T84 one that dies is started again, and whoever waited for it is told', async () => {
  await using here = tried();
  const first = await here.service.goal();
  here.service.controlsChanged();
  await expect(here.service.goal()).rejects.toThrow('has ended');
  await expect.poll(() => here.begun(), patience).toBe(2);
  expect(await here.service.goal()).not.toBe(first);
});

test('one that has nothing left to do ends and is not started again by itself', async () => {
  await using here = tried();
  const first = await here.service.goal();
  here.service.keyChanged();
  const isThere = async (): Promise<number> => (await here.service.cancel('one')).length;
  await expect.poll(isThere, { ...patience, interval: 500 }).toBe(0);
  expect(here.begun()).toBe(1);
  expect(await here.service.goal()).not.toBe(first);
});

test('one that has not heard of everything stays', async () => {
  await using here = tried(1);
  const first = await here.service.goal();
  here.service.keyChanged();
  expect(await here.service.goal()).toBe(first);
  expect(await here.service.goal()).toBe(first);
});

test('T19 a centre that refuses the goal state and asks to be left alone for a while is, by the other process too', async () => {
  const refusal = callFailures.sent(new ServerRefusal(429, 'TooManyRequests', 'The goal state: HTTP 429.', 40));
  await using here = tried(
    0,
    `process.on('message', ({ call, id }) => {
      if (call === 'stop') process.exit(0);
      process.send({ answer: id, failure: ${JSON.stringify(refusal)} });
    });`,
  );
  const failure: unknown = await here.service.goal().catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'ServerRefusal', status: 429, code: 'TooManyRequests' });
  expect(askedToWait(failure, () => 0)).toBe(40_000);
});

test('what is no refusal of a server crosses as code and message', () => {
  const crossed = (error: unknown): Error => callFailures.thrown(callFailures.sent(error));
  expect(crossed(new Error('lost'))).toMatchObject({ name: 'CodedError', code: 'InternalError', message: 'lost' });
  expect(askedToWait(crossed(new ServerRefusal(503, 'Busy', 'no')), () => 0)).toBeUndefined();
});
