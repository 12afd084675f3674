/** The shipped CustomScript, built and published like anybody's, through the whole system (S1.3, S3.1, S3.2). */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildExtensions } from '../../tooling/build.ts';
import { startSystem, type TestSystem } from './harness.ts';

let system: TestSystem;
let version: string;
const extension = { publisher: 'Microsoft.Azure.Extensions', type: 'CustomScript' } as const;

beforeAll(async () => {
  system = await startSystem();
  const built = (await buildExtensions()).find(({ file }) =>
    basename(file).startsWith('Microsoft.Azure.Extensions.CustomScript-'),
  );
  if (built === undefined) throw new Error('The build made no CustomScript package.');
  version = /-(\d+(?:\.\d+)*)\.zip$/.exec(built.file)?.[1] ?? '';
  await system.addPublisher(extension.publisher);
  await system.publish(`${extension.publisher}/${extension.type}`, version, readFileSync(built.file));
  await system.startAgent();
});
afterAll(async () => system.stop());

async function message(): Promise<string> {
  const resource = (await system.get(`${system.extensionPath('script')}?$expand=instanceView`)) as {
    readonly properties: { readonly instanceView: { readonly status: { readonly message: string } } };
  };
  return resource.properties.instanceView.status.message;
}

test('S3.1 a script runs and what it says is shown centrally; a failing one fails', async () => {
  const ended = await system.install('script', {
    ...extension,
    version,
    settings: { commandToExecute: 'echo hello from $((6 * 7))' },
  });
  expect(ended).toMatchObject({ status: 'Succeeded' });
  expect(await message()).toContain('hello from 42');
  const failed = await system.install('script', {
    ...extension,
    version,
    settings: { commandToExecute: 'echo sorry >&2; exit 5' },
  });
  expect(failed).toMatchObject({ status: 'Failed', error: { code: 'HandlerEnableFailed' } });
  expect(failed.error?.message).toContain('sorry');
});

test('S1.7 protected commands run and are not shown', async () => {
  const protectedSettings = { commandToExecute: 'echo secret | tr a-z A-Z' };
  const ended = await system.install('script', { ...extension, version, protectedSettings });
  expect(ended).toMatchObject({ status: 'Succeeded' });
  expect(await message()).toContain('SECRET');
  expect(await message()).not.toContain('tr a-z');
});

test('S3.2 blocked by the local list, it does not run again', async () => {
  expect(
    (await system.azcmagent('config', 'set', 'extensions.blocklist', 'microsoft.azure.extensions/customscript')).code,
  ).toBe(0);
  const ended = await system.install('script', { ...extension, version, settings: { commandToExecute: 'echo again' } });
  expect(ended).toMatchObject({ status: 'Failed', error: { code: 'ExtensionNotAllowed' } });
});
