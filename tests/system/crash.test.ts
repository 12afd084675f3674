/** The agent killed at any moment of an operation converges when it is started again: old or new, never mixed (T84). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readIfThere } from '@sallyport/durable-files';
import { shellHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSystem, type Ended, type TestSystem } from './harness.ts';
import type { Service } from './processes.ts';

let system: TestSystem;
let agent: Service;
let sequence = 0;

/** Slow enough that a kill can fall into each command. */
const slow = { install: 'sleep 0.1', update: 'sleep 0.1', disable: 'sleep 0.1', uninstall: 'sleep 0.1' };
const enable = "sleep 0.1\nreport success 0 'Done'";

beforeAll(async () => {
  system = await startSystem();
  await system.publish('Slow', '1.0.0', { ...shellHandler({ ...slow, enable }), 'version.txt': '1' });
  await system.publish('Slow', '2.0.0', { ...shellHandler({ ...slow, enable }), 'version.txt': '2' });
  agent = await system.startAgent();
});
afterAll(async () => system.stop());

function handlers(): readonly string[] {
  // Not the folder that extensions write telemetry to, which is always there (handler contract §7).
  const path = join(system.root, 'var/lib/waagent');
  return existsSync(path)
    ? readdirSync(path)
        .filter((entry) => entry !== 'events')
        .sort()
    : [];
}

function below(path: string): readonly string[] {
  const folder = join(system.root, path);
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function commandsOf(version: string): string {
  const path = join(system.root, `var/lib/waagent/Contoso.Test.Slow-${version}/commands.log`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function phaseOf(version: string): string {
  const path = join(system.root, `var/lib/GuestConfig/extension_logs/Contoso.Test.Slow-${version}/state.json`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Kills the process of the extension manager, if there is one. */
function killManager(): void {
  const lock = readIfThere(join(system.root, 'run/azcmagent/extensions.lock'));
  if (lock === undefined) return;
  try {
    process.kill((JSON.parse(lock.toString()) as { readonly pid: number }).pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

/** Waits for the moment (or for the end of the operation), kills the agent there, and starts it again. */
async function killWhen(moment: () => boolean, ended: Promise<Ended>): Promise<void> {
  const over = new AbortController();
  void ended.then(() => over.abort());
  while (!moment() && !over.signal.aborted) await sleep(1);
  // Both of its processes, as if the machine had: by itself the manager would hear that the agent has ended, and stop in order.
  killManager();
  await agent.stop('SIGKILL');
  agent = await system.startAgent();
}

/** One operation with a kill in it, to its end. */
async function interrupted(ask: () => Promise<() => Promise<Ended>>, moment: () => boolean): Promise<Ended> {
  const ended = (await ask())();
  await killWhen(moment, ended);
  return ended;
}

const settings = (): Readonly<Record<string, unknown>> => ({ number: (sequence += 1) });
const putting = (version: string) => () => system.ask('PUT', 'slow', { type: 'Slow', version, settings: settings() });
const deleting = () => system.ask('DELETE', 'slow');

/** Nothing on its way, no trees but those of `versions`, and a record for each. */
async function expectTidy(versions: readonly string[]): Promise<void> {
  const names = versions.map((version) => `Contoso.Test.Slow-${version}`);
  expect(handlers()).toEqual(names);
  expect(below('var/lib/GuestConfig/extension_logs')).toEqual(names);
  // Where the file system makes no files without a name, the next package's has one for a moment when it is made ready.
  await expect.poll(() => below('var/lib/GuestConfig/downloads')).toEqual([]);
}

describe('killed with SIGKILL', () => {
  const moments: readonly (readonly [string, () => boolean])[] = [
    ['before anything', () => true],
    ['when the staging folder is there', () => handlers().some((entry) => entry.startsWith('.staging'))],
    ['when the tree is about to be put in its place', () => phaseOf('1.0.0') !== ''],
    ['when the tree is in its place', () => handlers().includes('Contoso.Test.Slow-1.0.0')],
    ['during the install command', () => commandsOf('1.0.0').includes('install')],
    ['after the install command', () => phaseOf('1.0.0').includes('"installed"')],
    ['during the enable command', () => commandsOf('1.0.0').includes('enable')],
    ['after the enable command', () => phaseOf('1.0.0').includes('"enabled"')],
  ];

  test.each(moments)('T84 an install, %s', async (_title, moment) => {
    const ended = await interrupted(putting('1.0.0'), moment);
    expect(ended).toMatchObject({ status: 'Succeeded' });
    await expectTidy(['1.0.0']);
    expect(commandsOf('1.0.0')).toMatch(/install \d+\n(?:.*\n)*enable \d+\n$/);
    expect(await system.remove('slow')).toMatchObject({ status: 'Succeeded' });
    await expectTidy([]);
  });

  const handover: readonly (readonly [string, () => boolean])[] = [
    ['while the old version is disabled', () => commandsOf('1.0.0').includes('disable')],
    ['while the new version updates', () => commandsOf('2.0.0').includes('update')],
    ['after the update', () => phaseOf('2.0.0').includes('"updated"')],
    ['while the old version is uninstalled', () => commandsOf('1.0.0').includes('uninstall')],
    ['when the old version is gone', () => !handlers().includes('Contoso.Test.Slow-1.0.0')],
    ['while the new version is enabled', () => commandsOf('2.0.0').includes('enable')],
  ];

  test.each(handover)('T84 an upgrade, %s', async (_title, moment) => {
    expect(await system.install('slow', { type: 'Slow', settings: settings() })).toMatchObject({ status: 'Succeeded' });
    const ended = await interrupted(putting('2.0.0'), moment);
    expect(ended).toMatchObject({ status: 'Succeeded' });
    await expectTidy(['2.0.0']);
    const removed = await interrupted(deleting, () => commandsOf('2.0.0').includes('disable'));
    expect(removed).toMatchObject({ status: 'Succeeded' });
    await expectTidy([]);
  });
});
