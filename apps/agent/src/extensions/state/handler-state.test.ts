/** `HandlerState` and `HandlerStatus` are shown as the record says, whatever cut the agent off (handler contract §1, T84). */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handlerErrorCodes } from '@sallyport/handler-contract';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { handlerPaths } from '../handler-paths.ts';
import { entry, extension } from '../machine.fixture.ts';
import { managedMachine, type ManagedMachine } from '../managed-machine.fixture.ts';
import { showHandlerState } from './handler-state.ts';

const version = parseHandlerVersion('2.0.0') as HandlerVersion;

async function enabled(): Promise<{ readonly managed: ManagedMachine; readonly file: (name: string) => string }> {
  const managed = await managedMachine();
  managed.place(version, 'wanted', 'install');
  await managed.want(entry());
  const { config } = handlerPaths(managed.machine.host.paths, extension, version);
  return { managed, file: (name) => join(config, name) };
}

const textOf = (path: string): string => readFileSync(path, 'utf8');
const messageIn = (path: string): unknown => (JSON.parse(textOf(path)) as { readonly message: unknown }).message;

test.each([
  ['nothing of either', '', ''],
  ['half of each', 'Enab', '{"name":"Contoso.Test.Thing","ver'],
  ['the states of before', 'Installed', '{"message":"Plugin installed but not enabled"}'],
  ['the one of now and the other of before', 'Enabled', '{"message":"Plugin installed but not enabled"}'],
  ['something else', 'Enabled', '[]'],
])('T84 a kill or a loss of power left %s: the manager puts it right when it starts', async (_what, state, status) => {
  const { managed, file } = await enabled();
  await using _over = managed;
  writeFileSync(file('HandlerState'), state);
  writeFileSync(file('HandlerStatus'), status);
  await managed.restart();
  expect(textOf(file('HandlerState'))).toBe('Enabled');
  expect(messageIn(file('HandlerStatus'))).toBe('Plugin enabled');
});

test('T84 what lies in its place and is no file is no reason not to start', async () => {
  const { managed, file } = await enabled();
  await using _over = managed;
  rmSync(file('HandlerState'));
  mkdirSync(file('HandlerState'));
  await managed.restart();
  await managed.want(entry({ operationId: 'again', sequence: 9 }));
  expect(managed.told()).toMatchObject({ operationId: 'again' });
});

test('what went wrong stays told over a start', async () => {
  const { managed, file } = await enabled();
  await using _over = managed;
  const { host } = managed.machine;
  const [record] = host.store.list().extensions;
  if (record === undefined) throw new Error('there is no record');
  showHandlerState(host.paths, record, { code: handlerErrorCodes.EnableFailed, message: 'It broke.' });
  await managed.restart();
  expect(messageIn(file('HandlerStatus'))).toBe('It broke.');
});

test('T84 each is replaced in one step: whoever reads has the old word or the new one, and never half of one', async () => {
  const { managed, file } = await enabled();
  await using _over = managed;
  const { host } = managed.machine;
  const [record] = host.store.list().extensions;
  if (record === undefined) throw new Error('there is no record');
  for (const name of ['HandlerState', 'HandlerStatus']) linkSync(file(name), file(`${name}.before`));
  showHandlerState(host.paths, { ...record, phase: 'installed' });
  expect([textOf(file('HandlerState')), textOf(file('HandlerState.before'))]).toEqual(['Installed', 'Enabled']);
  expect([messageIn(file('HandlerStatus')), messageIn(file('HandlerStatus.before'))]).toEqual([
    'Plugin installed but not enabled',
    'Plugin enabled',
  ]);
});
