/** T85 what a version gets back with it: its own settings, public and protected, whatever was delivered meanwhile (S1.7). */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DurableChanges } from '@sallyport/durable-files';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { carryOut } from '../executors.ts';
import { handlerPaths } from '../handler-paths.ts';
import { entry, extension, testMachine } from '../machine.fixture.ts';
import { keepSettings, keptSettings } from './kept-settings.ts';
import { restoreProtectedSettings } from './protected-settings.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];
const stored = (cms: string): { format: 1; cms: string; thumbprint: string; jwe: string } => ({
  format: 1,
  cms,
  thumbprint: 'A'.repeat(40),
  jwe: `sealed ${cms}`,
});

test.each([
  ['protected ones', stored('old')],
  ['none that are protected', undefined],
])('S1.7 T85 settings with %s are as they were when the version was enabled', async (_what, secret) => {
  using machine = testMachine();
  const { paths } = machine.host;
  const operation = { id: 'earlier', kind: 'install' } as const;
  const record = { name: extension, version: v1, resourceName: 'thing', phase: 'installed', operation } as const;
  machine.put({ ...record, enabledSequence: 7 });
  const changes = new DurableChanges();
  keepSettings(paths, record, { sequence: 7, text: 'as they were', ...(secret && { protected: secret }) }, changes);
  await changes.commit();
  // Delivered for the upgrade that has failed.
  restoreProtectedSettings(entry(), paths, stored('new'));
  const tree = handlerPaths(paths, extension, v1);
  writeFileSync(join(tree.config, '7.settings'), 'scrubbed');
  await carryOut([{ kind: 'restore-settings', version: v1 }], machine.context('upgrade'));
  const file = join(tree.config, '7.settings');
  expect(readFileSync(file, 'utf8')).toBe('as they were');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(existsSync(join(tree.directory, 'HandlerEnvironment.json'))).toBe(true);
  const kept = readdirSync(join(paths.guestConfig, 'protected')).map((name) =>
    readFileSync(join(paths.guestConfig, 'protected', name), 'utf8'),
  );
  if (secret === undefined) expect(kept).toEqual([]);
  else expect(kept.map((text) => JSON.parse(text) as unknown)).toEqual([secret]);
});

test('S1.7 settings that are kept are for root only, and go with the record', async () => {
  using machine = testMachine();
  const { paths, store } = machine.host;
  const record = {
    name: extension,
    version: v1,
    resourceName: 'thing',
    phase: 'installed',
    operation: { id: 'earlier', kind: 'install' },
  } as const;
  machine.put(record);
  expect(keptSettings(paths, record)).toBeUndefined();
  const changes = new DurableChanges();
  keepSettings(paths, record, { sequence: 3, text: 'x' }, changes);
  await changes.commit();
  expect(keptSettings(paths, record)).toEqual({ format: 1, sequence: 3, text: 'x' });
  const file = join(paths.extensionLogs, 'Contoso.Test.Thing-1.0.0/settings.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  store.remove(record);
  expect(existsSync(file)).toBe(false);
});

test('handler contract §4 a disable command that takes too long is told the next version as 1011', async () => {
  using machine = testMachine();
  const operation = { id: 'wanted', kind: 'upgrade' } as const;
  const record = { name: extension, resourceName: 'thing', operation } as const;
  machine.put({ ...record, version: v1, phase: 'enabled' });
  machine.put({ ...record, version: v2, phase: 'placed' });
  const { host } = machine;
  const old = handlerPaths(host.paths, extension, v1);
  writeFileSync(join(old.directory, 'bin/disable.sh'), '#!/bin/sh\nexec sleep 1000\n');
  const next = handlerPaths(host.paths, extension, v2);
  const manifest = join(next.directory, 'HandlerManifest.json');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace('"handlerManifest":{', '"handlerManifest":{"continueOnUpdateFailure":true,'));
  const deadline = host.environment.monotonic() + 500;
  await carryOut([{ kind: 'disable-before', version: v2, before: v1 }], machine.context('upgrade', { deadline }));
  expect(host.store.find(extension, v2)).toMatchObject({ phase: 'placed', disableExitCode: 1011 });
  expect(host.store.find(extension, v1)).toMatchObject({ phase: 'installed' });
});
