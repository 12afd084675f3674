/** The handlers that other tests build on behave as they say. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  backgroundHandler,
  buildTestPackage,
  failingEnableHandler,
  failingInstallHandler,
  nonsenseStatusHandler,
  noopHandler,
  temporaryDirectory,
  type PackageFiles,
} from '@sallyport/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostPackage, type HandlerHost } from './handler-host.ts';

let root = temporaryDirectory('sample-handler');
beforeEach(() => {
  root.remove();
  root = temporaryDirectory('sample-handler');
});
afterEach(() => root.remove());

async function host(files: PackageFiles): Promise<HandlerHost> {
  const file = join(root.path, 'package.zip');
  writeFileSync(file, buildTestPackage(files));
  return await hostPackage(root.path, file, 'Contoso.Sample', '1.0');
}

test('the same files make the same package', () => {
  expect(buildTestPackage(noopHandler).equals(buildTestPackage({ ...noopHandler }))).toBe(true);
});

test('the one that does nothing runs every command and notes it', async () => {
  const handler = await host(noopHandler);
  for (const name of ['install', 'enable', 'update', 'disable', 'uninstall'] as const) {
    expect(await handler.command(name, 3)).toEqual({ code: 0, stdout: '', stderr: '' });
  }
  expect(handler.status(3)).toMatchObject({ kind: 'status', status: { status: 'success', message: 'Done' } });
  expect(readFileSync(join(handler.directory, 'commands.log'), 'utf8')).toBe(
    'install 3\nenable 3\nupdate 3\ndisable 3\nuninstall 3\n',
  );
});

test('those that fail do so with their code', async () => {
  const atInstall = await host(failingInstallHandler);
  expect(await atInstall.command('install', 0)).toEqual({ code: 7, stdout: '', stderr: 'no room in the shed\n' });
  root.remove();
  root = temporaryDirectory('sample-handler');
  const atEnable = await host(failingEnableHandler);
  expect((await atEnable.command('enable', 0)).code).toBe(9);
  expect(atEnable.status(0)).toMatchObject({ status: { status: 'error', code: 9, message: 'Broken on purpose' } });
});

test('the one in the background returns before it is done', async () => {
  const handler = await host(backgroundHandler);
  expect((await handler.command('enable', 0)).code).toBe(0);
  expect(handler.status(0)).toMatchObject({ status: { status: 'transitioning' } });
  expect(await handler.finalStatus(0)).toMatchObject({
    status: { status: 'success', message: 'Done in the background' },
  });
});

test('the one with nonsense for a status leaves something that nobody can parse', async () => {
  const handler = await host(nonsenseStatusHandler);
  expect((await handler.command('enable', 0)).code).toBe(0);
  expect(handler.status(0).kind).toBe('unparsable');
});
