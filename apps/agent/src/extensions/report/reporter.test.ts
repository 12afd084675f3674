import { join } from 'node:path';
import type { OperationState } from '@sallyport/model';
import type { ExtensionReport, ReportRequest } from '@sallyport/model/wire';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { ServerRefusal } from '../../connection/json-answer.ts';
import { Journal } from '../state/journal.ts';
import { Reporter } from './reporter.ts';

function report(state: OperationState, resourceName = 'one', operationId = 'op'): ExtensionReport {
  const time = new Date(0).toISOString();
  return { resourceName, operationId, state, time, version: '', protectedSettingsStored: false };
}

/** A centre that takes reports while it is up. */
function centre(): { up: boolean; readonly heard: ReportRequest[]; send(request: ReportRequest): Promise<void> } {
  return {
    up: true,
    heard: [],
    async send(request) {
      await Promise.resolve();
      if (!this.up) throw new Error('down');
      this.heard.push(request);
    },
  };
}

const states = (heard: readonly ReportRequest[]): readonly string[] =>
  heard.flatMap(({ extensions }) => extensions.map(({ resourceName, state }) => `${resourceName} ${state}`));

test('T84 an end that could not be told is told by the next agent', async () => {
  using directory = temporaryDirectory('report');
  const path = join(directory.path, 'state/operations.json');
  const there = centre();
  there.up = false;
  const first = new Reporter({
    journal: new Journal(path),
    log: () => undefined,
    send: (request) => there.send(request),
  });
  first.report(report('Succeeded'));
  await first.stop();
  expect(there.heard).toEqual([]);
  there.up = true;
  const second = new Reporter({
    journal: new Journal(path),
    log: () => undefined,
    send: (request) => there.send(request),
  });
  second.flush();
  await expect.poll(() => states(there.heard)).toEqual(['one Succeeded']);
  await second.stop();
  const third = new Journal(path);
  await expect.poll(() => new Journal(path).unsent()).toEqual([]);
  expect(third.conclusions().get('one')).toEqual({ operationId: 'op', state: 'Succeeded' });
});

test('what moves is told newest only, an end is never overtaken by what came before it', async () => {
  using directory = temporaryDirectory('report');
  const there = centre();
  const journal = new Journal(join(directory.path, 'operations.json'));
  const reporter = new Reporter({ journal, log: () => undefined, send: (request) => there.send(request) });
  reporter.flush();
  reporter.report(report('Downloading'));
  reporter.report(report('Verifying'));
  reporter.report(report('Installing'));
  reporter.report(report('Enabling', 'two', 'op2'));
  reporter.report(report('Succeeded'));
  await expect.poll(() => states(there.heard).includes('one Succeeded')).toBe(true);
  await expect.poll(() => states(there.heard).includes('two Enabling')).toBe(true);
  const told = states(there.heard);
  expect(told).not.toContain('one Verifying');
  expect(told.indexOf('one Succeeded')).toBe(told.lastIndexOf('one Succeeded'));
  expect(told.filter((line) => line.startsWith('one')).at(-1)).toBe('one Succeeded');
  await reporter.stop();
});

test('a quick operation is told by its end alone, with the states it went through; what was told is not told again', async () => {
  using directory = temporaryDirectory('report');
  const there = centre();
  const journal = new Journal(join(directory.path, 'operations.json'));
  const reporter = new Reporter({ journal, log: () => undefined, send: (request) => there.send(request) });
  reporter.report(report('Failed', 'one', 'op before'));
  await expect.poll(() => journal.unsent()).toEqual([]);
  for (const state of ['Downloading', 'Downloading', 'Verifying', 'Enabling', 'Succeeded'] as const)
    reporter.report(report(state));
  await expect.poll(() => states(there.heard)).toEqual(['one Failed', 'one Succeeded']);
  const passed = there.heard.at(-1)?.extensions[0]?.passed?.map(({ state }) => state);
  expect(passed).toEqual(['Downloading', 'Verifying', 'Enabling']);
  reporter.report(report('Downloading', 'one', 'op after'));
  reporter.flush();
  await expect.poll(() => states(there.heard).at(-1)).toBe('one Downloading');
  reporter.report(report('Succeeded', 'one', 'op after'));
  await expect.poll(() => states(there.heard).at(-1)).toBe('one Succeeded');
  expect(there.heard.at(-1)?.extensions[0]).not.toHaveProperty('passed');
  await reporter.stop();
});

test('states that could not be told are told with the next, in their order and at most sixteen', async () => {
  using directory = temporaryDirectory('report');
  const there = centre();
  there.up = false;
  const failed: string[] = [];
  const journal = new Journal(join(directory.path, 'operations.json'));
  const log = (_level: string, message: string): unknown => failed.push(message);
  const reporter = new Reporter({ journal, log, send: (request) => there.send(request) });
  reporter.report(report('Downloading'));
  reporter.flush();
  await expect.poll(() => failed.length).toBe(1);
  for (let i = 0; i < 20; i += 1) reporter.report(report(i % 2 === 0 ? 'Installing' : 'Enabling'));
  there.up = true;
  reporter.report(report('Succeeded'));
  await expect.poll(() => states(there.heard)).toEqual(['one Succeeded']);
  const passed = there.heard[0]?.extensions[0]?.passed?.map(({ state }) => state) ?? [];
  expect([passed.length, passed.at(-2), passed.at(-1)]).toEqual([16, 'Installing', 'Enabling']);
  await reporter.stop();
});

test('a new report ends the wait after a failure', async () => {
  using directory = temporaryDirectory('report');
  const there = centre();
  there.up = false;
  const failed: string[] = [];
  const journal = new Journal(join(directory.path, 'operations.json'));
  const reporter = new Reporter({
    journal,
    log: (_level, message) => failed.push(message),
    send: (request) => there.send(request),
  });
  reporter.report(report('Failed'));
  await expect.poll(() => failed.length).toBe(1);
  there.up = true;
  reporter.report(report('Failed', 'two', 'op2'));
  await expect.poll(() => states(there.heard)).toEqual(['one Failed', 'two Failed']);
  await reporter.stop();
});

test('T19 a report that the centre refuses for what it says keeps no other back, and is not told again', async () => {
  using directory = temporaryDirectory('report');
  const path = join(directory.path, 'operations.json');
  const heard: ReportRequest[] = [];
  const logged: string[] = [];
  const reporter = new Reporter({
    journal: new Journal(path),
    log: (level, message) => logged.push(`${level} ${message}`),
    async send(request) {
      await Promise.resolve();
      if (request.extensions.some(({ resourceName }) => resourceName === 'forged'))
        throw new ServerRefusal(400, 'InvalidRequestContent', 'It is malformed.');
      heard.push(request);
    },
  });
  reporter.report(report('Downloading', 'three', 'op3'));
  reporter.report(report('Failed', 'forged', 'op?'));
  reporter.report(report('Succeeded'));
  await expect.poll(() => states(heard).toSorted()).toEqual(['one Succeeded', 'three Downloading']);
  await expect.poll(() => new Journal(path).unsent()).toEqual([]);
  expect(logged).toEqual(['error the centre does not take a report; it is not told again']);
  await reporter.stop();
});

test('T19 many long reports go in several requests, each of which the centre takes', async () => {
  using directory = temporaryDirectory('report');
  const sizes: number[] = [];
  const told: string[] = [];
  const reporter = new Reporter({
    journal: new Journal(join(directory.path, 'operations.json')),
    log: () => undefined,
    async send(request) {
      await Promise.resolve();
      sizes.push(JSON.stringify(request).length);
      told.push(...request.extensions.map(({ resourceName }) => resourceName));
    },
  });
  const names = Array.from({ length: 100 }, (_, i) => `extension ${i}`);
  for (const name of names)
    reporter.report({ ...report('Failed', name, name), error: { code: 'x', message: 'y'.repeat(30_000) } });
  await expect.poll(() => new Set(told).size).toBe(100);
  expect(Math.max(...sizes)).toBeLessThan(512 * 1024);
  await reporter.stop();
});
