/** What a handler writes of itself while a command of it fails is told with the failure (handler contract §3, §7). */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { describe, expect, test } from 'vitest';
import { handlerPaths } from '../handler-paths.ts';
import { entry, extension } from '../machine.fixture.ts';
import { managedMachine, type HandlerBehaviour } from '../managed-machine.fixture.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];
const says = "report error 42 'No licence'";
const nonsense = 'echo half a stat > "$status"';
const explained = { displayStatus: 'Provisioning failed', code: '42', message: 'No licence' };

const failing = (command: 'install' | 'enable' | 'update' | 'disable', script: string): HandlerBehaviour => ({
  scripts: { [command]: script },
  exits: { [command]: 5 },
});

describe.each(['install', 'enable'] as const)('%s', (command) => {
  test('fails with a status: that is the status of the extension, and behind the reason', async () => {
    await using managed = await managedMachine();
    managed.place(v2, 'wanted', 'install', failing(command, says));
    await managed.want(entry());
    const told = managed.told();
    expect(told).toMatchObject({ state: 'Failed', status: explained });
    expect(told?.error?.message).toMatch(/^Non-zero exit code: 5.*The extension says: .*\(42\): No licence/s);
  });

  test('fails with nonsense for a status: the reason stays the command, and what was written is told', async () => {
    await using managed = await managedMachine();
    managed.place(v2, 'wanted', 'install', failing(command, nonsense));
    await managed.want(entry());
    expect(managed.told()).toMatchObject({
      error: { code: command === 'install' ? 'HandlerInstallFailed' : 'HandlerEnableFailed' },
    });
    expect(managed.told()?.error?.message).toMatch(/^Non-zero exit code: 5.*half a stat/s);
  });
});

test('a removal whose disable command fails tells what it wrote then, not what its enable had written', async () => {
  await using managed = await managedMachine();
  managed.place(v2, 'wanted', 'install', failing('disable', says));
  await managed.want(entry());
  await managed.want(entry({ desired: 'absent', version: '', operationId: 'gone', sequence: 8 }));
  expect(managed.told()).toMatchObject({ operationId: 'gone', state: 'Failed', status: explained });
  await using silent = await managedMachine();
  silent.place(v2, 'wanted', 'install', failing('disable', ''));
  await silent.want(entry());
  await silent.want(entry({ desired: 'absent', version: '', operationId: 'gone', sequence: 8 }));
  expect(silent.told()).toMatchObject({ operationId: 'gone', state: 'Failed' });
  expect(silent.told()?.error?.message).not.toContain('The extension says');
});

test.each([
  ['writes a status', failing('update', says), /The extension says: .*\(42\): No licence.*\nRolled back to 1\.0\.0/s],
  [
    'writes none: the one that was carried over from the version before is not its word',
    failing('update', ''),
    /^(?!.*The extension says).*\nRolled back to 1\.0\.0/s,
  ],
])('an update command that fails and %s', async (_what, behaviour, message) => {
  await using managed = await managedMachine();
  // Without settings the sequence is 0 for ever, and so is the name of the status file.
  managed.place(v1, 'one', 'install');
  await managed.want(entry({ version: v1, operationId: 'one', sequence: 1, settings: null }));
  managed.place(v2, 'two', 'upgrade', behaviour);
  await managed.want(entry({ version: v2, operationId: 'two', sequence: 2, settings: null }));
  expect(managed.told()).toMatchObject({ operationId: 'two', state: 'Failed', error: { code: 'HandlerUpdateFailed' } });
  expect(managed.told()?.error?.message).toMatch(message);
});

test('T57 a status that is no file, or leads elsewhere, does not take the place of the reason', async () => {
  await using managed = await managedMachine();
  const secret = join(managed.machine.host.paths.guestConfig, 'secret');
  managed.place(v2, 'wanted', 'install', failing('install', `ln -sf '${secret}' "$status"`));
  mkdirSync(managed.machine.host.paths.guestConfig, { recursive: true });
  writeFileSync(secret, 'not to be told');
  await managed.want(entry());
  expect(managed.told()).toMatchObject({ error: { code: 'HandlerInstallFailed' } });
  expect(JSON.stringify(managed.told())).not.toContain('not to be told');
  // One that lay there before is not what the command wrote.
  await using other = await managedMachine();
  other.place(v2, 'wanted', 'install', failing('install', ''));
  const { status } = handlerPaths(other.machine.host.paths, extension, v2);
  mkdirSync(status);
  symlinkSync(secret, join(status, '8.status'));
  await other.want(entry());
  expect(other.told()?.error?.message).not.toContain('The extension says');
});
