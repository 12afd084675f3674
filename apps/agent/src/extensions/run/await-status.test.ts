/** Waiting for what an extension says of itself: late, piece by piece, nonsense, nothing (handler contract §7). */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { carryOut } from '../executors.ts';
import { handlerPaths, statusFile } from '../handler-paths.ts';
import { entry, extension, testMachine, type ContextChange, type TestMachine } from '../machine.fixture.ts';
import type { OperationContext } from '../operation-context.ts';

const version = parseHandlerVersion('2.0.0') as HandlerVersion;

interface Waiting {
  readonly context: OperationContext;
  readonly file: string;
  /** What the centre was told while it waited. */
  readonly told: (string | undefined)[];
  readonly end: () => Promise<void>;
  /** The clock jumps ahead. */
  readonly later: (milliseconds: number) => void;
}

/** An enabled extension, and the step that waits for its status. */
function waiting(machine: TestMachine, change: ContextChange = {}): Waiting {
  const operation = { id: 'wanted', kind: 'install' } as const;
  machine.put({ name: extension, version, resourceName: 'thing', phase: 'enabled', operation });
  const told: (string | undefined)[] = [];
  let ahead = 0;
  const { host, ...rest } = machine.context('install', change);
  const environment = { ...host.environment, monotonic: () => host.environment.monotonic() + ahead };
  const context: OperationContext = {
    ...rest,
    host: { ...host, environment },
    deadline: Number.MAX_SAFE_INTEGER,
    progress: (_state, status) => void told.push(status?.message),
  };
  return {
    context,
    told,
    file: statusFile(handlerPaths(host.paths, extension, version), 8),
    end: () => carryOut([{ kind: 'await-status', version }], context),
    later: (milliseconds) => void (ahead += milliseconds),
  };
}

function status(word: string, message: string): string {
  const formattedMessage = { lang: 'en', message };
  return JSON.stringify([{ version: 1, timestampUTC: 'now', status: { status: word, code: 0, formattedMessage } }]);
}

test('no file yet is told as such, and each new word of the extension after it', async () => {
  using machine = testMachine();
  const { told, file, end } = waiting(machine);
  const ended = end();
  await expect.poll(() => told).toHaveLength(1);
  expect(told[0]).toMatch(/no status file was reported by extension Contoso\.Test\.Thing-2\.0\.0\(Sequence number 8\)/);
  writeFileSync(file, status('transitioning', 'halfway'));
  await expect.poll(() => told).toHaveLength(2);
  expect(told[1]).toBe('halfway');
  writeFileSync(file, status('success', 'there'));
  await ended;
});

test('a status that is written piece by piece is not taken for nonsense, however often it changes', async () => {
  using machine = testMachine();
  const { context, file, end } = waiting(machine);
  const ended = end();
  for (const piece of status('success', 'whole in the end').match(/.{1,9}/g) ?? []) {
    appendFileSync(file, piece);
    await sleep(20);
  }
  await ended;
  expect(context.findings.status?.message).toBe('whole in the end');
});

test('nonsense is believed after a while, and its beginning told', async () => {
  using machine = testMachine();
  const { file, end, later } = waiting(machine);
  writeFileSync(file, '[{"status": half a stat');
  const ended = end();
  later(10_000);
  await expect(ended).rejects.toMatchObject({ code: 'StatusInvalid', message: expect.stringContaining('half a stat') });
});

test.each([
  ['no file', undefined],
  ['a list of nothing', '[]'],
])('%s for five minutes ends the operation; before, it is waited for', async (_what, content) => {
  using machine = testMachine();
  const { file, end, later } = waiting(machine);
  if (content !== undefined) writeFileSync(file, content);
  const ended = end();
  later(301_000);
  await expect(ended).rejects.toMatchObject({
    code: 'OperationTimedOut',
    message: expect.stringContaining('no status'),
  });
});

test('T57 what is no file is told as one that cannot be read', async () => {
  using machine = testMachine();
  const { file, end } = waiting(machine);
  mkdirSync(file);
  await expect(end()).rejects.toMatchObject({
    code: 'StatusInvalid',
    message: expect.stringMatching(/^We couldn't read any status for Contoso\.Test\.Thing-2\.0\.0: .* is not a file/),
  });
});

test('without settings nothing is waited for, but what is said counts', async () => {
  using machine = testMachine();
  const { context, file, end } = waiting(machine, { entry: entry({ settings: null }) });
  await end();
  expect(context.findings.status).toBeUndefined();
  writeFileSync(file.replace('8.status', '0.status'), status('error', 'and yet'));
  await expect(end()).rejects.toMatchObject({ code: 'HandlerEnableFailed', message: 'and yet' });
});
