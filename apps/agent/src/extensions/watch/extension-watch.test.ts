import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { ExtensionReport } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import type { LogFields } from '../../platform/log.ts';
import { handlerPaths, statusFile, type HandlerPaths } from '../handler-paths.ts';
import { extension, testMachine, type TestMachine } from '../machine.fixture.ts';
import { Journal } from '../state/journal.ts';
import { ExtensionWatch } from './extension-watch.ts';

const version = parseHandlerVersion('2.0.0') as HandlerVersion;
const end: ExtensionReport = {
  resourceName: 'thing',
  operationId: 'wanted',
  state: 'Succeeded',
  time: '2026-01-01T00:00:00.000Z',
  version: '2.0.0',
  protectedSettingsStored: false,
};

interface Watched {
  readonly watch: ExtensionWatch;
  readonly journal: Journal;
  readonly paths: HandlerPaths;
  readonly logged: LogFields[];
  /** What was told since the last time. */
  readonly told: () => readonly (string | undefined)[];
}

/** An enabled extension whose operation is over and reported. */
function watched(machine: TestMachine, reportHeartbeat = false): Watched {
  machine.put({
    name: extension,
    version,
    resourceName: 'thing',
    phase: 'enabled',
    enabledSequence: 8,
    operation: { id: 'wanted', kind: 'install' },
  });
  const paths = handlerPaths(machine.host.paths, extension, version);
  const manifest = join(paths.directory, 'HandlerManifest.json');
  writeFileSync(
    manifest,
    readFileSync(manifest, 'utf8').replace(
      '"reportHeartbeat":false',
      `"reportHeartbeat":"${reportHeartbeat ? 'True' : 'no'}"`,
    ),
  );
  const journal = new Journal(join(machine.host.paths.guestConfig, 'operations.json'));
  journal.conclude(end);
  journal.markSent([end]);
  const logged: LogFields[] = [];
  const watch = new ExtensionWatch({
    host: machine.host,
    journal,
    reporter: { flush: () => undefined },
    events: (_level, _message, fields = {}) => void logged.push(fields),
    machineKey: () => undefined,
  });
  return {
    watch,
    journal,
    paths,
    logged,
    told() {
      const unsent = journal.unsent();
      journal.markSent(unsent);
      return unsent.map(({ status }) => `${status?.displayStatus ?? ''}: ${status?.message ?? ''}`);
    },
  };
}

function says(paths: HandlerPaths, status: string, message: string): void {
  const formattedMessage = { lang: 'en', message };
  writeFileSync(statusFile(paths, 8), JSON.stringify([{ status: { status, code: 0, formattedMessage } }]));
}

test('S1.3 what an extension says after its operation is told, once, and only when it has changed', async () => {
  using machine = testMachine();
  const { watch, paths, told } = watched(machine);
  await watch.look();
  expect(told()).toEqual([]);
  says(paths, 'success', 'Healthy');
  await watch.look();
  expect(told()).toEqual(['Provisioning succeeded: Healthy']);
  await watch.look();
  expect(told()).toEqual([]);
  says(paths, 'error', 'The disk is full');
  await watch.look();
  expect(told()).toEqual(['Provisioning failed: The disk is full']);
  // Half written: believed no more than before.
  writeFileSync(statusFile(paths, 8), '[{"status": half');
  await watch.look();
  expect(told()).toEqual([]);
});

test('an end that has not reached the centre is not covered by what comes after it', async () => {
  using machine = testMachine();
  const { watch, paths, journal, told } = watched(machine);
  const failed = { ...end, state: 'Failed', error: { code: 'HandlerEnableFailed', message: 'why' } } as const;
  journal.conclude(failed);
  says(paths, 'success', 'Recovered');
  await watch.look();
  expect(journal.unsent()).toEqual([failed]);
  journal.markSent([failed]);
  await watch.look();
  expect(journal.unsent()).toMatchObject([{ state: 'Failed', error: { message: 'why' } }]);
  expect(told()).toEqual(['Provisioning succeeded: Recovered']);
});

test('S1.3 a heartbeat that is missing, stale or not ready takes the place of the status; one that is ready does not', async () => {
  using machine = testMachine();
  const { watch, paths, told } = watched(machine, true);
  says(paths, 'success', 'Healthy');
  await watch.look();
  expect(told()).toEqual(['NotReady: [ExtensionError] Failed to get heart beat file']);
  const mirror = (): string => readFileSync(join(paths.config, 'HandlerStatus'), 'utf8');
  expect(JSON.parse(mirror())).toMatchObject({ status: 'NotReady', code: -1 });
  const beat = (status: string): void =>
    writeFileSync(
      paths.heartbeat,
      JSON.stringify([{ heartbeat: { status, formattedMessage: { lang: 'en', message: 'tick' } } }]),
    );
  beat('ready');
  await watch.look();
  expect(told()).toEqual(['Provisioning succeeded: Healthy']);
  expect(JSON.parse(mirror())).toMatchObject({ status: 'Ready', code: 0 });
  beat('notready');
  await watch.look();
  expect(told()).toEqual(['notready: tick']);
  expect(JSON.parse(mirror())).toMatchObject({ status: 'notready', message: 'tick' });
  beat('ready');
  const old = Date.now() / 1000 - 700;
  utimesSync(paths.heartbeat, old, old);
  await watch.look();
  expect(told()).toEqual(['Unresponsive: tick']);
  expect(JSON.parse(mirror())).toMatchObject({ status: 'Unresponsive', message: 'tick' });
});

test('one that cannot be looked at is logged and touches no other; pipes and links are not waited for (T57)', async () => {
  using machine = testMachine();
  const { watch, paths, told } = watched(machine, true);
  execFileSync('mkfifo', [paths.heartbeat]);
  await watch.look();
  expect(told()[0]).toMatch(/^NotReady: .*cannot be read/);
  writeFileSync(join(paths.directory, 'HandlerManifest.json'), 'nonsense');
  await watch.look();
  expect(told()).toEqual([]);
});

test('S1.7 with protected settings that cannot be known here, nothing of what it says is told', async () => {
  using machine = testMachine();
  const { watch, paths, told } = watched(machine);
  const folder = join(machine.host.paths.guestConfig, 'protected');
  mkdirSync(folder, { recursive: true });
  const { createHash } = await import('node:crypto');
  const name = createHash('sha256').update('thing').digest('hex');
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ format: 1, cms: '', thumbprint: '' }));
  says(paths, 'success', 'the password is x');
  await watch.look();
  expect(told()[0]).toMatch(/^Provisioning succeeded: \[withheld/);
});

test('S1.3 events are taken, bounded, newest first, and cleared away with whatever else is called like one', async () => {
  using machine = testMachine();
  const { watch, paths, logged } = watched(machine);
  mkdirSync(paths.events, { recursive: true });
  const event = (Message: string): unknown => ({
    Version: '1',
    Timestamp: 't',
    TaskName: 'Enable',
    EventLevel: 'Informational',
    Message,
    EventPid: '1',
    EventTid: '1',
    OperationId: '',
  });
  const put = (name: string, content: unknown): void =>
    writeFileSync(join(paths.events, name), JSON.stringify(content));
  put(
    '9.json',
    Array.from({ length: 359 }, (_, i) => event(`nine ${i}`)),
  );
  put('10.json', event('ten https://blob?sig=abc'));
  put('8.json', event('eight'));
  put('notes.txt', 'kept');
  writeFileSync(join(paths.events, '7.json'), 'x'.repeat(5 * 1024 * 1024));
  symlinkSync('/etc/passwd', join(paths.events, '99.json'));
  const shared = join(machine.host.paths.handlers, 'events');
  mkdirSync(shared);
  writeFileSync(join(shared, '1611.tld'), '<Data/>');
  await watch.takeEvents();
  expect(readdirSync(paths.events)).toEqual(['notes.txt']);
  expect(readdirSync(shared)).toEqual([]);
  expect(existsSync('/etc/passwd')).toBe(true);
  const texts = logged.map(({ text }) => text).filter((text) => text !== undefined);
  expect(texts[0]).toBe('ten https://blob?sig=REDACTED');
  expect(texts).toHaveLength(360);
  expect(texts).not.toContain('eight');
  expect(logged.at(-1)).toMatchObject({ handler: 'Contoso.Test.Thing', dropped: 3 });
});
