/** Several resources share one handler (handler contract §5): real commands, the real manager. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion, type OperationKind } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { shellHandler } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { handlerPaths } from './handler-paths.ts';
import { entry, extension } from './machine.fixture.ts';
import { managedMachine, type ManagedMachine } from './managed-machine.fixture.ts';
import type { Hosting } from './plan/hosting.ts';
import type { Permit } from './plan/permission.ts';
import { removeLocally } from './remove-locally.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];

/** What the centre wants of one resource. Its operation is over unless `operation` is given. */
function wanted(name: string, sequence: number, change: Partial<GoalExtension> = {}): GoalExtension {
  return entry({
    resourceName: name,
    extensionName: name,
    version: v1,
    operationId: `${name} ${sequence}`,
    sequence,
    settings: { say: name },
    ...change,
  });
}

const over = { operationDone: true };
const gone = { desired: 'absent', version: '', settings: null } as const;

interface Behaviour {
  /** Shell at the end of a command. */
  readonly enable?: string;
  readonly disable?: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** A verified tree of a handler that notes each call with whom it is for, as the step `fetch` of that operation leaves it. */
function place(
  { machine }: ManagedMachine,
  version: HandlerVersion,
  operation: string,
  kind: OperationKind,
  { enable = '', disable = '', manifest = {} }: Behaviour = {},
): void {
  const note = (command: string, more = ''): string =>
    `name="$ConfigExtensionName"; status="$dir/status/$name.$ConfigSequenceNumber.status"\necho "${version} ${command} $name $ConfigSequenceNumber${more}" >> '${machine.historyFile}'`;
  const codes = ' $AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODES_MULTIPLE_EXTENSIONS';
  const files = shellHandler(
    {
      install: note('install'),
      enable: `${note('enable')}\nreport success 0 "$name on ${version}"\n${enable}`,
      update: note('update', codes),
      disable: `${note('disable')}\n${disable}`,
      uninstall: note('uninstall'),
    },
    { supportsMultipleExtensions: 'true', ...manifest },
  );
  const { directory } = handlerPaths(machine.host.paths, extension, version);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content, { mode: 0o755 });
  }
  const resourceName = operation.split(' ')[0] ?? '';
  const record = { name: extension, version, resourceName, operation: { id: operation, kind }, sharing: [] };
  machine.host.store.put({ ...record, phase: 'placed' });
}

/** The commands since the last time. */
function since({ machine }: ManagedMachine, seen: { count: number }): readonly string[] {
  const fresh = machine.history().slice(seen.count);
  seen.count += fresh.length;
  return fresh;
}

function filesIn({ machine }: ManagedMachine, version: HandlerVersion, folder: 'config' | 'status'): readonly string[] {
  return readdirSync(handlerPaths(machine.host.paths, extension, version)[folder]).sort();
}

/** `one` and `two` share version 1.0.0. */
async function sharedMachine(
  behaviour: Behaviour = {},
  permit?: Permit,
  hosting?: () => Hosting,
): Promise<[ManagedMachine, { count: number }]> {
  const managed = await managedMachine({
    ...(permit === undefined ? {} : { permit }),
    ...(hosting === undefined ? {} : { hosting }),
  });
  place(managed, v1, 'one 1', 'install', behaviour);
  await managed.want(wanted('one', 1), wanted('two', 2));
  return [managed, { count: managed.machine.history().length }];
}

test('S1.3 it is installed once and enabled for each, with settings, status and state of its own', async () => {
  const [managed] = await sharedMachine();
  await using _ = managed;
  expect(managed.machine.history()).toEqual(['1.0.0 install one 1', '1.0.0 enable one 1', '1.0.0 enable two 2']);
  expect(managed.states('one 1').at(-1)).toBe('Succeeded');
  expect(managed.states('two 2').at(-1)).toBe('Succeeded');
  expect(managed.told()).toMatchObject({ resourceName: 'two', status: { message: 'two on 1.0.0' } });
  expect(filesIn(managed, v1, 'config')).toEqual([
    'HandlerState',
    'HandlerStatus',
    'one.1.settings',
    'one.HandlerState',
    'two.2.settings',
    'two.HandlerState',
  ]);
  expect(filesIn(managed, v1, 'status')).toEqual(['one.1.status', 'two.2.status']);
  const { config } = handlerPaths(managed.machine.host.paths, extension, v1);
  expect(readFileSync(join(config, 'two.HandlerState'), 'utf8')).toBe('enabled');
  expect(JSON.parse(readFileSync(join(config, 'HandlerStatus'), 'utf8'))).toMatchObject({
    supports_multi_config: true,
  });
  const { logs } = handlerPaths(managed.machine.host.paths, extension, v1);
  expect(readdirSync(logs)).toEqual(expect.arrayContaining(['CommandExecution_one.log', 'CommandExecution_two.log']));
});

test('a change of one calls its own enable and no other; one that fails touches no other', async () => {
  const [managed, seen] = await sharedMachine({ enable: '[ "$name" != bad ] || exit 3' });
  await using _ = managed;
  await managed.want(wanted('one', 1, over), wanted('two', 3));
  expect(since(managed, seen)).toEqual(['1.0.0 enable two 3']);
  await managed.want(wanted('one', 1, over), wanted('two', 3, over), wanted('bad', 4));
  expect(since(managed, seen)).toEqual(['1.0.0 enable bad 4']);
  expect(managed.told()).toMatchObject({
    resourceName: 'bad',
    state: 'Failed',
    error: { code: 'HandlerEnableFailed' },
  });
  await managed.restart();
  await managed.want(wanted('one', 1, over), wanted('two', 3, over), wanted('bad', 4, over));
  expect(since(managed, seen)).toEqual([]);
  expect(managed.machine.state()).toBe('1.0.0 enabled');
});

test('one goes: its disable, also when that fails, and what is its own; the last takes the handler along', async () => {
  const [managed, seen] = await sharedMachine({ disable: '[ "$name" != one ] || exit 5' });
  await using _ = managed;
  await managed.want(wanted('one', 3, gone), wanted('two', 2, over));
  expect(since(managed, seen)).toEqual(['1.0.0 disable one 1']);
  expect(managed.told()).toMatchObject({ resourceName: 'one', state: 'Succeeded' });
  expect(filesIn(managed, v1, 'config')).toEqual([
    'HandlerState',
    'HandlerStatus',
    'two.2.settings',
    'two.HandlerState',
  ]);
  expect(filesIn(managed, v1, 'status')).toEqual(['two.2.status']);
  await managed.want(wanted('two', 4, gone));
  expect(since(managed, seen)).toEqual(['1.0.0 disable two 2', '1.0.0 uninstall two 0']);
  expect(managed.machine.state()).toBe('nothing');
  expect(existsSync(handlerPaths(managed.machine.host.paths, extension, v1).directory)).toBe(false);
});

test('an upgrade that one asks for takes all along: each is disabled, told of, and enabled again', async () => {
  const [managed, seen] = await sharedMachine();
  await using _ = managed;
  place(managed, v2, 'two 3', 'upgrade');
  await managed.want(wanted('one', 1, { ...over, version: v2 }), wanted('two', 3, { version: v2 }));
  expect(since(managed, seen)).toEqual([
    '1.0.0 disable one 1',
    '1.0.0 disable two 2',
    '2.0.0 update two 3 [{"extensionName": "one", "exitCode": "0"}, {"extensionName": "two", "exitCode": "0"}]',
    '1.0.0 uninstall two 3',
    '2.0.0 install two 3',
    '2.0.0 enable two 3',
    '2.0.0 enable one 1',
  ]);
  expect(managed.machine.state()).toBe('2.0.0 enabled');
});

test('T85 an upgrade that fails brings all back, and the others do not try it again on their own', async () => {
  const [managed, seen] = await sharedMachine();
  await using _ = managed;
  place(managed, v2, 'two 3', 'upgrade', { enable: 'exit 9' });
  const goal = [wanted('one', 1, { ...over, version: v2 }), wanted('two', 3, { version: v2 })];
  await managed.want(...goal);
  expect(since(managed, seen).slice(-4)).toEqual([
    '2.0.0 uninstall two 2',
    '1.0.0 install one 2',
    '1.0.0 enable one 1',
    '1.0.0 enable two 2',
  ]);
  expect(managed.told()).toMatchObject({ resourceName: 'two', state: 'Failed', rolledBackTo: '1.0.0' });
  expect(managed.machine.state()).toBe('1.0.0 enabled');
  await managed.want(...goal);
  expect(since(managed, seen)).toEqual([]);
});

test('S4.5 a refusal of one does not wait for another that is under way', async () => {
  const explanation = { rule: 'test', message: 'No longer.' };
  let allowed = true;
  const [managed] = await sharedMachine({ enable: '[ ! -e "$dir/slow" ] || exec sleep 1000' }, () =>
    allowed
      ? { allowed, explanation: { outcome: 'allow', ...explanation } }
      : { allowed, code: 'ExtensionNotAllowed', explanation: { outcome: 'block', ...explanation } },
  );
  await using _ = managed;
  const { directory } = handlerPaths(managed.machine.host.paths, extension, v1);
  writeFileSync(join(directory, 'slow'), '');
  managed.begin(wanted('one', 3), wanted('two', 2, over));
  await expect.poll(() => managed.machine.history().at(-1)).toBe('1.0.0 enable one 3');
  allowed = false;
  managed.begin(wanted('one', 3), wanted('two', 4));
  await expect.poll(() => managed.states('two 4')).toContain('Failed');
  // A DELETE of the slow one ends it.
  allowed = true;
  await managed.want(wanted('one', 5, gone), wanted('two', 4, over));
  expect(managed.told()).toMatchObject({ resourceName: 'one', state: 'Succeeded' });
});

test('S4.11 disabling the manager stops each of them, enabling it brings each back; nothing is told to have failed', async () => {
  let hosting: Hosting = 'on';
  const explanation = { rule: 'test', message: 'Disabled.' };
  const [managed, seen] = await sharedMachine(
    { enable: 'sleep 1000 &' },
    () =>
      hosting === 'on'
        ? { allowed: true, explanation: { outcome: 'allow', ...explanation } }
        : { allowed: false, code: 'ExtensionManagerDisabled', explanation: { outcome: 'cannot-run', ...explanation } },
    () => hosting,
  );
  await using _ = managed;
  const goal = [wanted('one', 1, over), wanted('two', 2, over)];
  hosting = 'off';
  await managed.want(...goal);
  expect(since(managed, seen)).toEqual(['1.0.0 disable one 1', '1.0.0 disable two 2']);
  await managed.want(...goal);
  expect([since(managed, seen), managed.machine.state()]).toEqual([[], '1.0.0 installed']);
  hosting = 'on';
  await managed.want(...goal);
  expect(since(managed, seen)).toEqual(['1.0.0 enable one 1', '1.0.0 enable two 2']);
  expect(managed.machine.state()).toBe('1.0.0 enabled');
  expect(managed.states('one 1').at(-1)).toBe('Succeeded');
  hosting = 'off';
  await managed.want(...goal);
});

test('a package whose manifest does not know of it is told of, and not run', async () => {
  const managed = await managedMachine();
  await using _ = managed;
  place(managed, v1, 'one 1', 'install', { manifest: { supportsMultipleExtensions: false } });
  await managed.want(wanted('one', 1));
  expect(managed.told()).toMatchObject({
    state: 'Failed',
    error: { code: 'ManifestMalformed', message: expect.stringContaining('does not support MultiConfig') },
  });
  expect(managed.machine.history()).toEqual([]);
});

test('S2.3 a local removal goes through all of them and forgets all of them', async () => {
  const [managed, seen] = await sharedMachine();
  await using _ = managed;
  const { host } = managed.machine;
  const removal = { host, journal: managed.journal, signal: new AbortController().signal, warn: () => undefined };
  await removeLocally(host.store.list().extensions, removal);
  expect(since(managed, seen)).toEqual(['1.0.0 disable one 1', '1.0.0 disable two 2', '1.0.0 uninstall one 2']);
  expect(managed.machine.state()).toBe('nothing');
  expect(managed.journal.conclusions().size).toBe(0);
});
