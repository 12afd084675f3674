/** The life of a machine at the command line: connect, run, show, remove locally, disconnect (arc-agent §1). */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  failingEnableHandler,
  failingInstallHandler,
  hangingHandler,
  noopHandler,
  backgroundHandler,
  nonsenseStatusHandler,
} from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectArguments, startSystem, type TestSystem } from './harness.ts';
import { runProgram, type Service } from './processes.ts';

let system: TestSystem;
let agent: Service;
let catalogRoot: string;

beforeAll(async () => {
  system = await startSystem();
  catalogRoot = join(system.folder, 'gallery/metadata/1.root.json');
  await system.publish('Noop', '1.0.0', noopHandler);
  await system.publish('FailsInstall', '1.0.0', failingInstallHandler);
  await system.publish('FailsEnable', '1.0.0', failingEnableHandler);
  await system.publish('Background', '1.0.0', backgroundHandler);
  await system.publish('Nonsense', '1.0.0', nonsenseStatusHandler);
  await system.publish('Hangs', '1.0.0', hangingHandler);
});
afterAll(async () => system.stop());

async function shown(): Promise<Readonly<Record<string, string>>> {
  return JSON.parse((await system.azcmagent('show', '--json')).output) as Readonly<Record<string, string>>;
}

describe('connected', () => {
  test('connect has made a key that only root reads, and no secret lies in agentconfig.json', () => {
    const data = join(system.root, 'var/opt/azcmagent');
    expect(statSync(join(data, 'certs/machine.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(data, 'agentconfig.json')).mode & 0o777).toBe(0o644);
    expect(readFileSync(join(data, 'agentconfig.json'), 'utf8')).not.toContain(system.operator.clientSecret);
  });

  test('AZCM0067 a second connect names the resource and changes nothing', async () => {
    const { code, output } = await system.azcmagent(...connectArguments(system, catalogRoot));
    expect(code).toBe(67);
    expect(output).toContain(`/machines/${system.machine}`);
  });

  test('show before the agent runs: Disconnected; in the documented order', async () => {
    expect(await shown()).toMatchObject({
      resourceName: system.machine,
      resourceGroup: 'fortress',
      status: 'Disconnected',
    });
    const { output } = await system.azcmagent('show');
    const lines = output.split('\n');
    expect(lines[0]).toBe(`Resource Name                           : ${system.machine}`);
    expect(lines.findIndex((line) => line.startsWith('Agent Status'))).toBeGreaterThan(
      lines.findIndex((line) => line.startsWith('Agent Logfile')),
    );
    expect((await system.azcmagent('show', 'agent status', 'resourceName')).output).toBe(
      `Agent Status                            : Disconnected\nResource Name                           : ${system.machine}\n`,
    );
  });

  test('run: connected, and a second agent on the same root is refused', async () => {
    agent = await system.startAgent();
    await expect.poll(async () => (await shown())['status'], { timeout: 20_000 }).toBe('Connected');
    const second = await runProgram('agent', ['run'], { AZCMAGENT_ROOT: system.root });
    expect(second.code).toBe(90);
    expect(second.output).toContain(String(agent.pid));
  });
});

describe('extensions that go wrong', () => {
  test.each([
    ['FailsInstall', 'HandlerInstallFailed', /Non-zero exit code: 7.*no room in the shed/s],
    ['FailsEnable', 'HandlerEnableFailed', /Non-zero exit code: 9/],
    ['Nonsense', 'StatusInvalid', /in an incorrect format/],
  ])('%s ends as %s, with what it said', async (type, code, message) => {
    const ended = await system.install(type.toLowerCase(), { type, settings: {} });
    expect(ended).toMatchObject({ status: 'Failed', error: { code } });
    expect(ended.error?.message).toMatch(message);
    expect(await system.remove(type.toLowerCase())).toMatchObject({ status: 'Succeeded' });
  });

  test('an enable that goes on in the background is waited for, its children are left alone', async () => {
    const ended = await system.install('background', { type: 'Background', settings: {} });
    expect(ended).toMatchObject({ status: 'Succeeded' });
    const status = join(system.root, 'var/lib/waagent/Contoso.Test.Background-1.0.0/status');
    const [file = ''] = readdirSync(status);
    expect(readFileSync(join(status, file), 'utf8')).toContain('Done in the background');
  });

  test('one that hangs holds up no refusal of another, and a stop ends it', async () => {
    await system.ask('PUT', 'hangs', { type: 'Hangs', settings: {} });
    const log = join(system.root, 'var/lib/waagent/Contoso.Test.Hangs-1.0.0/commands.log');
    await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8'), { timeout: 20_000 }).toContain('enable');
    expect((await system.azcmagent('config', 'set', 'extensions.blocklist', 'Contoso.Test/Noop')).code).toBe(0);
    const refused = await system.install('noop', { type: 'Noop' });
    expect(refused).toMatchObject({ status: 'Failed', error: { code: 'ExtensionNotAllowed' } });
    expect(await agent.stop()).toBe(0);
    expect((await system.azcmagent('config', 'clear', 'extensions.blocklist')).code).toBe(0);
  });
});

describe('with the agent stopped', () => {
  test('S2.3 extension remove --all works, and while the agent runs it is refused', async () => {
    expect((await system.azcmagent('extension', 'remove', '--all')).code).toBe(0);
    expect(JSON.parse((await system.azcmagent('extension', 'list', '-j')).output)).toEqual([]);
    agent = await system.startAgent();
    const refused = await system.azcmagent('extension', 'remove', '--all');
    expect(refused.code).toBe(90);
    expect(refused.output).toContain('is running');
    await agent.stop();
  });

  test(
    'S2.3 S2.4 one is removed by name and comes back with the next synchronisation, or says why not',
    { timeout: 180_000 },
    async () => {
      agent = await system.startAgent();
      // It is wanted still, and holds up the commands of others.
      expect(await system.remove('hangs')).toMatchObject({ status: 'Succeeded' });
      expect(await system.install('noop', { type: 'Noop', settings: {} })).toMatchObject({ status: 'Succeeded' });
      const view = async (): Promise<Record<string, unknown>> =>
        ((await system.get(system.extensionPath('noop'))) as { readonly properties: Record<string, unknown> })
          .properties;
      const listed = async (): Promise<readonly unknown[]> =>
        JSON.parse((await system.azcmagent('extension', 'list', '-j')).output) as readonly unknown[];
      const removed = async (name: string): Promise<void> => {
        await agent.stop();
        const { code, output } = await system.azcmagent('extension', 'remove', '--name', name);
        expect(code, output).toBe(0);
        expect(output).toContain('Removed Contoso.Test/Noop 1.0.0');
        expect(JSON.stringify(await listed())).not.toContain('Noop');
        expect(existsSync(join(system.root, 'var/lib/waagent/Contoso.Test.Noop-1.0.0'))).toBe(false);
      };
      await removed('NOOP');
      // Nobody has told the centre yet.
      expect(await view()).toMatchObject({ provisioningState: 'Succeeded', typeHandlerVersion: '1.0.0' });
      agent = await system.startAgent();
      await expect
        .poll(listed, { timeout: 20_000 })
        .toContainEqual(expect.objectContaining({ extension: 'noop', version: '1.0.0', state: 'ENABLED' }));
      expect(await view()).toMatchObject({ provisioningState: 'Succeeded' });

      await removed('Contoso.Test/Noop');
      expect((await system.azcmagent('config', 'set', 'extensions.blocklist', 'Contoso.Test/Noop')).code).toBe(0);
      agent = await system.startAgent();
      await expect
        .poll(async () => (await view())['instanceView'], { timeout: 20_000 })
        .toMatchObject({ typeHandlerVersion: '', status: { code: 'ExtensionNotAllowed', level: 'Error' } });
      expect(JSON.stringify(await listed())).not.toContain('Noop');
      expect((await system.azcmagent('config', 'clear', 'extensions.blocklist')).code).toBe(0);
      expect(await system.remove('noop')).toMatchObject({ status: 'Succeeded' });
      await agent.stop();
      const nothing = await system.azcmagent('extension', 'remove', '--name', 'noop');
      expect(nothing.code).toBe(23);
      expect(nothing.output).toContain("There is no extension 'noop' on this machine.");
      expect((await system.azcmagent('extension', 'remove')).code).toBe(16);
      expect((await system.azcmagent('extension', 'remove', '--all', '--name', 'x')).code).toBe(16);
    },
  );

  test('AZCM codes: a missing option, a wrong one, wrong credentials, nobody there', async () => {
    const { root } = system;
    const elsewhere = { ...system, root };
    expect((await system.azcmagent('disconnect', '--force-local-only')).code).toBe(0);
    expect(existsSync(join(root, 'var/opt/azcmagent/agentconfig.json'))).toBe(false);
    const args = connectArguments(elsewhere, catalogRoot);
    const changed = (name: string, value: string): readonly string[] =>
      args.map((text, i) => (args[i - 1] === `--${name}` ? value : text));
    const without = (name: string): readonly string[] =>
      args.filter((text, i) => text !== `--${name}` && args[i - 1] !== `--${name}`);
    const garbage = join(system.folder, 'garbage.json');
    writeFileSync(garbage, '{}');
    for (const [call, code] of [
      [without('endpoint'), 16],
      [without('service-principal-secret'), 16],
      [without('catalog-root'), 16],
      [changed('endpoint', 'http://127.0.0.1:1'), 23],
      [changed('catalog-root', garbage), 23],
      [changed('resource-name', 'ends-with-'), 23],
      [changed('service-principal-secret', 'wrong'), 41],
      [changed('endpoint', 'https://127.0.0.1:1'), 26],
    ] as const) {
      const ended = await system.azcmagent(...call);
      expect(ended.code, ended.output).toBe(code);
      expect(ended.output).not.toContain(system.operator.clientSecret);
      expect(existsSync(join(root, 'var/opt/azcmagent/agentconfig.json'))).toBe(false);
    }
  });

  test('AZCM0044 a machine of that name is connected elsewhere; once it is deleted centrally, connect works again', async () => {
    const args = connectArguments(system, catalogRoot);
    const taken = await system.azcmagent(...args);
    expect(taken.code, taken.output).toBe(44);
    expect(existsSync(join(system.root, 'var/opt/azcmagent/certs/machine.key'))).toBe(false);
    const path = system.extensionPath('x').replace(/\/extensions\/x$/, '');
    await system.client.arm('DELETE', `${path}?api-version=2024-07-10`);
    const { code, output } = await system.azcmagent(...args);
    expect(code, output).toBe(0);
  });

  test('T76 interrupted before agentconfig.json was written: running connect again repairs it, as the same machine', async () => {
    const before = (await shown())['vmId'];
    // What a crash in that moment leaves: the resource, the key and the pinned files, and no agentconfig.json.
    const config = join(system.root, 'var/opt/azcmagent/agentconfig.json');
    rmSync(config);
    const { code, output } = await system.azcmagent(...connectArguments(system, catalogRoot));
    expect(code, output).toBe(0);
    expect((await shown())['vmId']).toBe(before);
  });

  test('disconnect deletes the resource and forgets the connection', async () => {
    const { operator } = system;
    const credentials = [
      '--service-principal-id',
      operator.clientId,
      '--service-principal-secret',
      operator.clientSecret,
    ];
    const { code, output } = await system.azcmagent('disconnect', ...credentials);
    expect(code, output).toBe(0);
    const path = system.extensionPath('x').replace(/\/extensions\/x$/, '');
    expect(await system.get(path)).toMatchObject({ error: { code: 'ResourceNotFound' } });
    expect(await shown()).toMatchObject({ resourceName: '', status: 'Disconnected' });
    expect(existsSync(join(system.root, 'var/opt/azcmagent/certs/machine.key'))).toBe(false);
    expect((await system.azcmagent('disconnect', ...credentials)).code).toBe(63);
  });
});
