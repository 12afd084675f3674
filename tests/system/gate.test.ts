/** The gate: what is let in, what is refused, and that a refusal costs no byte (S4). */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failingInstallHandler, noopHandler, shellHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSystem, type TestSystem } from './harness.ts';

let system: TestSystem;
let packagePath: string;
const name = 'Contoso.Test/Noop';

beforeAll(async () => {
  system = await startSystem();
  packagePath = await system.publish('Noop', '1.0.0', noopHandler);
  await system.publish('Noop', '1.1.0', { ...noopHandler, 'version.txt': '1.1.0' });
  // Its install waits until the test lets it go on.
  await system.publish('Waits', '1.0.0', shellHandler({ install: 'while [ ! -e "$dir/go" ]; do sleep 0.05; done' }));
  await system.publish('Other', '1.0.0', { ...noopHandler, 'other.txt': 'other' });
  await system.publish('Breaks', '1.0.0', { ...noopHandler, 'breaks.txt': '1' });
  await system.publish('Breaks', '2.0.0', { ...failingInstallHandler, 'breaks.txt': '2' });
  await system.startAgent();
});
afterAll(async () => system.stop());

async function config(...args: readonly string[]): Promise<void> {
  const { code, output } = await system.azcmagent('config', ...args);
  expect(code, output).toBe(0);
}

function packageRequests(): number {
  return system.carrier.requests.filter((request) => request.includes('/packages/')).length;
}

/** Asks for it and tells how it ended, and how many files of packages or of the catalog were fetched for it. */
async function attempt(request: Parameters<TestSystem['install']>[1]): Promise<unknown> {
  const fetched = (): number => system.carrier.requests.filter((line) => /\/(?:packages|catalog)\//.test(line)).length;
  const before = fetched();
  const { status, error } = await system.install('noop', request);
  return { status, code: error?.code, message: error?.message, fetched: fetched() - before };
}

/** Refused: no byte was fetched, and list and machine are named. */
function refusal(message: RegExp, code = 'ExtensionNotAllowed'): unknown {
  const named = new RegExp(`${message.source}.*'${system.machine}'`);
  return { status: 'Failed', code, message: expect.stringMatching(named) as unknown, fetched: 0 };
}

/** What is said centrally of an extension that a list strands. */
function strandedOf(resource: unknown): string | undefined {
  const { properties } = resource as {
    readonly properties: {
      readonly instanceView: { readonly statuses: readonly { readonly code: string; readonly message: string }[] };
    };
  };
  return properties.instanceView.statuses.find(({ code }) => code === 'Sallyport/Stranded')?.message;
}

describe('the gate', () => {
  beforeEach(async () => {
    for (const property of ['config.mode', 'extensions.enabled']) await config('clear', property);
    for (const property of ['extensions.allowlist', 'extensions.blocklist']) await config('clear', property);
  });

  test('S4.3 S1.1 no list set: an extension is installed, enabled and shown centrally', async () => {
    const ended = await system.install('noop', { type: 'Noop', settings: { a: 1 } });
    expect(ended).toMatchObject({ status: 'Succeeded' });
    const resource = (await system.get(`${system.extensionPath('noop')}?$expand=instanceView`)) as {
      readonly properties: { readonly provisioningState: string };
    };
    expect(resource.properties.provisioningState).toBe('Succeeded');
    const directory = join(system.root, 'var/lib/waagent/Contoso.Test.Noop-1.0.0');
    expect(readFileSync(join(directory, 'commands.log'), 'utf8')).toMatch(/^install \d+\nenable \d+\n$/);
    expect(readFileSync(join(directory, 'config/HandlerState'), 'utf8')).toBe('Enabled');
    expect(JSON.parse(readFileSync(join(directory, 'config/HandlerStatus'), 'utf8'))).toMatchObject({
      status: 'Ready',
      code: 0,
    });
    expect(packageRequests()).toBe(1);
    expect(system.carrier.requests).toContain(`GET ${packagePath}`);
  });

  test('S4.6 installed before a list was set: stays, update and upgrade are refused, a delete is always accepted', async () => {
    await config('set', 'extensions.blocklist', 'contoso.test/NOOP');
    expect(await attempt({ type: 'Noop', settings: { a: 2 } })).toEqual(
      refusal(/extensions\.blocklist .*contoso\.test\/NOOP/i),
    );
    expect(await attempt({ type: 'Noop', version: '1.1.0', settings: { a: 1 } })).toEqual(
      refusal(/Upgrading .*blocklist/),
    );
    const list = await system.azcmagent('extension', 'list', '--json');
    expect(JSON.parse(list.output)).toMatchObject([
      {
        extension: 'noop',
        version: '1.0.0',
        state: 'ENABLED',
        stranded: expect.stringMatching(/^Upgrading .*blocklist.*It stays as it is, and can be deleted\.$/),
      },
    ]);
    expect((await system.azcmagent('extension', 'list')).output).toMatch(/^Stranded: Upgrading /m);
    expect((await system.azcmagent('show', 'strandedExtensions')).output).toContain('Contoso.Test/Noop');
    await expect
      .poll(async () => strandedOf(await system.get(system.extensionPath('noop'))), { timeout: 20_000 })
      .toMatch(
        /^It stays at 1\.0\.0 and is neither reconfigured nor upgraded: extensions\.blocklist .* It can be deleted\.$/,
      );
    await config('clear', 'extensions.blocklist');
    await expect
      .poll(async () => strandedOf(await system.get(system.extensionPath('noop'))), { timeout: 20_000 })
      .toBeUndefined();
    expect((await system.azcmagent('extension', 'list')).output).not.toContain('Stranded');
    await config('set', 'extensions.blocklist', 'contoso.test/NOOP');
    expect(await system.remove('noop')).toMatchObject({ status: 'Succeeded' });
    expect(existsSync(join(system.root, 'var/lib/waagent/Contoso.Test.Noop-1.0.0'))).toBe(false);
  });

  test('S4.5 T01 on the blocklist: refused before anything is downloaded, reported with list, entry and machine', async () => {
    await config('set', 'extensions.blocklist', name);
    expect(await attempt({ type: 'Noop' })).toEqual(
      refusal(/Installing .*extensions\.blocklist in .*localconfig\.json names Contoso\.Test\/Noop/),
    );
  });

  test('S4.3 not on the allowlist: refused, and the message says that the list does not name it', async () => {
    await config('set', 'extensions.allowlist', 'Contoso.Test/Other');
    expect(await attempt({ type: 'Noop' })).toEqual(refusal(/extensions\.allowlist .* does not name it/));
    const ended = await system.install('other', { type: 'Other' });
    expect(ended).toMatchObject({ status: 'Succeeded' });
  });

  test('S4.3 on both lists: the blocklist wins', async () => {
    await config('set', 'extensions.allowlist', name);
    await config('set', 'extensions.blocklist', name);
    expect(await attempt({ type: 'Noop' })).toEqual(refusal(/blocklist/));
  });

  test('S4.7 Allow/None: the manager runs and nothing can be installed', async () => {
    await config('set', 'extensions.allowlist', 'Allow/None');
    expect(await attempt({ type: 'Noop' })).toEqual(refusal(/Allow\/None/));
  });

  test('S4.9 monitor mode: only the managed list; full again: everything', async () => {
    await config('set', 'config.mode', 'monitor');
    expect(await attempt({ type: 'Noop' })).toEqual(refusal(/config\.mode is monitor/));
    await config('set', 'config.mode', 'full');
    expect(await system.install('noop', { type: 'Noop' })).toMatchObject({ status: 'Succeeded' });
  });

  test('S4.11 extensions.enabled false: answered at once, a delete cannot run either; true brings it back', async () => {
    await config('set', 'extensions.enabled', 'false');
    expect(await attempt({ type: 'Noop', settings: { b: 1 } })).toEqual(
      refusal(/extensions\.enabled is false/, 'ExtensionManagerDisabled'),
    );
    const removed = await system.remove('noop');
    expect(removed).toMatchObject({ status: 'Failed', error: { code: 'ExtensionManagerDisabled' } });
    expect(existsSync(join(system.root, 'var/lib/waagent/Contoso.Test.Noop-1.0.0'))).toBe(true);
    await config('set', 'extensions.enabled', 'true');
    expect(await system.install('noop', { type: 'Noop', settings: { b: 2 } })).toMatchObject({ status: 'Succeeded' });
  });

  test('S4.1 the controls in force are told to the centre, with the next heartbeat', async () => {
    await config('set', 'extensions.blocklist', name);
    const machine = `/subscriptions/${system.operator.subscriptionId}/resourceGroups/fortress/providers/Microsoft.HybridCompute/machines/${system.machine}`;
    await expect
      .poll(async () => JSON.stringify(await system.get(machine)), { timeout: 20_000 })
      .toMatch(/"extensionsBlockList":\[\{"publisher":"Contoso.Test","type":"Noop"\}\]/);
  });

  test('S4.5 a list that is set in the middle of an operation stops it at its next step', async () => {
    const ended = await system.ask('PUT', 'waits', { type: 'Waits', settings: {} });
    const directory = join(system.root, 'var/lib/waagent/Contoso.Test.Waits-1.0.0');
    await expect.poll(() => existsSync(join(directory, 'commands.log')), { timeout: 20_000 }).toBe(true);
    await config('set', 'extensions.blocklist', 'Contoso.Test/Waits');
    writeFileSync(join(directory, 'go'), '');
    expect(await ended()).toMatchObject({ status: 'Failed', error: { code: 'ExtensionNotAllowed' } });
    expect(readFileSync(join(directory, 'commands.log'), 'utf8')).toMatch(/^install \d+\n$/);
    expect(await system.remove('waits')).toMatchObject({ status: 'Succeeded' });
  });

  test('T85 an upgrade that fails goes back: the error says why and to what, and the version that works is shown', async () => {
    const put = (version: string, settings: object): ReturnType<TestSystem['install']> =>
      system.install('breaks', { type: 'Breaks', version, settings: { ...settings } });
    expect(await put('1.0.0', { a: 1 })).toMatchObject({ status: 'Succeeded' });
    const ended = await put('2.0.0', { a: 2 });
    expect(ended).toMatchObject({ status: 'Failed', error: { code: 'HandlerInstallFailed' } });
    expect(ended.error?.message).toMatch(/no room in the shed.*Rolled back to 1\.0\.0, with the settings it had\./s);
    expect(await system.get(system.extensionPath('breaks'))).toMatchObject({
      properties: {
        provisioningState: 'Failed',
        typeHandlerVersion: '1.0.0',
        instanceView: { typeHandlerVersion: '1.0.0', status: { code: 'HandlerInstallFailed' } },
      },
    });
    const log = (): string =>
      readFileSync(join(system.root, 'var/lib/waagent/Contoso.Test.Breaks-1.0.0/commands.log'), 'utf8');
    // Its own sequence again, not the one of the request that failed.
    const commands = log();
    expect(commands).toMatch(/^install (\d+)\nenable \1\ndisable \d+\nuninstall \d+\ninstall \1\nenable \1\n$/);
    // What is wanted is what is there: planned anew, nothing more is done.
    await config('set', 'extensions.blocklist', 'Contoso.Test/Nothing');
    expect(await system.install('other', { type: 'Other', settings: {} })).toMatchObject({ status: 'Succeeded' });
    expect(log()).toBe(commands);
    expect(await system.remove('breaks')).toMatchObject({ status: 'Succeeded' });
  });

  test('S1.1 upgrade hands over to the new version and leaves only it; then both are deleted', async () => {
    expect(await system.install('noop', { type: 'Noop', version: '1.1.0', settings: { c: 1 } })).toMatchObject({
      status: 'Succeeded',
    });
    const handlers = join(system.root, 'var/lib/waagent');
    expect(readdirSync(handlers).filter((entry) => entry.startsWith('Contoso.Test.Noop'))).toEqual([
      'Contoso.Test.Noop-1.1.0',
    ]);
    expect(readFileSync(join(handlers, 'Contoso.Test.Noop-1.1.0/commands.log'), 'utf8')).toMatch(
      /^update \d+\ninstall \d+\nenable \d+\n$/,
    );
    for (const resource of ['noop', 'other'])
      expect(await system.remove(resource)).toMatchObject({ status: 'Succeeded' });
    // The folder that extensions write telemetry to is always there (handler contract §7).
    expect(readdirSync(handlers)).toEqual(['events']);
    // Where the file system makes no files without a name, the next package's has one for a moment when it is made ready.
    await expect.poll(() => readdirSync(join(system.root, 'var/lib/GuestConfig/downloads'))).toEqual([]);
  });
});
