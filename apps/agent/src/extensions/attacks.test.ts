/** What somebody who can write where the agent writes, or an extension, may try against the files that steps read and write. */
import { linkSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { carryOut } from './executors.ts';
import { handlerPaths, settingsFile, statusFile } from './handler-paths.ts';
import { entry, extension, testMachine } from './machine.fixture.ts';

const version = parseHandlerVersion('2.0.0') as HandlerVersion;
const operation = { id: 'wanted', kind: 'install' } as const;

test.each([
  ['T34 hard link', linkSync],
  ['T57 symbolic link', symlinkSync],
] as const)(
  'a %s in the place of settings or environment file leads no write to where it points',
  async (_kind, plant) => {
    using machine = testMachine();
    machine.put({ name: extension, version, resourceName: 'thing', phase: 'placed', operation });
    const paths = handlerPaths(machine.host.paths, extension, version);
    const victim = join(machine.host.paths.handlers, 'victim');
    writeFileSync(victim, 'as it was', { mode: 0o600 });
    const context = machine.context('install', { entry: entry({ settings: { say: 'hello' } }) });
    await carryOut([{ kind: 'configure', version }], context);
    const targets = [settingsFile(paths, 9), join(paths.directory, 'HandlerEnvironment.json')];
    rmSync(targets[1] ?? '');
    for (const path of targets) plant(victim, path);
    const again = machine.context('install', { entry: entry({ settings: { say: 'again' }, sequence: 9 }) });
    await carryOut([{ kind: 'configure', version }], again);
    expect(readFileSync(victim, 'utf8')).toBe('as it was');
    expect(readFileSync(settingsFile(paths, 9), 'utf8')).toContain('again');
  },
);

test('T47 a status that is a link to the status of another extension is not taken for its own', async () => {
  using machine = testMachine();
  machine.put({ name: extension, version, resourceName: 'thing', phase: 'enabled', operation });
  const other = join(machine.host.paths.handlers, 'other.status');
  const formattedMessage = { lang: 'en', message: 'the other works' };
  writeFileSync(other, JSON.stringify([{ version: 1, status: { status: 'success', code: 0, formattedMessage } }]));
  symlinkSync(other, statusFile(handlerPaths(machine.host.paths, extension, version), 8));
  const context = machine.context('install');
  await expect(carryOut([{ kind: 'await-status', version }], context)).rejects.toMatchObject({ code: 'StatusInvalid' });
  expect(JSON.stringify(context.findings)).not.toContain('the other works');
});
