/**
 * The agent as root on a machine of its own with the true paths, and handlers written against the public contract by others than
 * the manager's author would write (S1.3): they know no other place than /var/lib/waagent.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { hasProgram, nonsenseStatusHandler, shellHandler, type PackageFiles } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHandler } from '../handlers/read-handler.ts';
import { startSystem, type TestSystem } from './harness.ts';
import type { Service } from './processes.ts';
import { canHaveTrueRoot } from './true-root.ts';

const patience = { timeout: 60_000 };
const password = 'correct horse battery';
const digest = createHash('sha256').update(password).digest('hex');
let system: TestSystem;
let agent: Service;
let hostBefore: string;

/** What of the agent's places the host itself has. */
function hostPlaces(): string {
  const places = ['/var/lib', '/var/opt', '/var/log/azure', '/opt', '/run/azcmagent', '/var/lib/waagent'];
  return places.map((path) => `${path}: ${existsSync(path) ? readdirSync(path).join(' ') : '-'}`).join('\n');
}

function onMachine(path: string): string {
  return join(system.root, path);
}

function textOf(path: string): string {
  return existsSync(onMachine(path)) ? readFileSync(onMachine(path), 'utf8') : '';
}

function isAlive(pid: string): boolean {
  return /^\d+$/.test(pid) && existsSync(system.seen(`/proc/${pid}`));
}

async function messageOf(resource: string): Promise<string> {
  const shown = (await system.get(system.extensionPath(resource))) as {
    readonly properties: { readonly instanceView: { readonly status: { readonly message: string } } };
  };
  return shown.properties.instanceView.status.message;
}

describe.runIf(canHaveTrueRoot() && hasProgram('openssl'))(
  'S1.3 true paths (needs root, who may make namespaces, and openssl)',
  () => {
    beforeAll(async () => {
      hostBefore = hostPlaces();
      system = await startSystem('truegate', { truePaths: true });
      for (const version of ['1.0.0', '1.1.0']) await system.publish('PythonHandler', version, readHandler('python'));
      await system.publish('ShellHandler', '1.0.0', readHandler('shell'));
      await system.publish('Nonsense', '1.0.0', nonsenseStatusHandler);
      await system.publish('Silent', '1.0.0', shellHandler({}));
      agent = await system.startAgent();
    });
    afterAll(async () => system.stop());

    describe.runIf(existsSync('/usr/bin/python3'))('a Python handler with a daemon (needs python3 in /usr/bin)', () => {
      const data = 'var/lib/waagent/python-handler';
      const request = {
        type: 'PythonHandler',
        settings: { greeting: 'hello', delay: 1 },
        protectedSettings: { password },
      };
      let pid = '';

      test('S1.7 install, enable, decryption with the pair beside it, status from its daemon', async () => {
        const ended = await system.install('python', request);
        expect(ended, textOf('var/log/azure/Contoso.Test.PythonHandler/CommandExecution.log')).toMatchObject({
          status: 'Succeeded',
        });
        expect(await messageOf('python')).toBe(`hello ${digest}`);
        pid = textOf(`${data}/pid`);
        expect(isAlive(pid)).toBe(true);
        const own = 'var/lib/waagent/Contoso.Test.PythonHandler-1.0.0';
        expect(statSync(onMachine('var/lib/waagent')).mode & 0o7777).toBe(0o700);
        expect(textOf(`${own}/config/HandlerState`)).toBe('Enabled');
        expect(
          readdirSync(onMachine('var/lib/waagent')).filter((name) => /^[0-9A-F]{40}\.(?:crt|prv)$/.test(name)),
        ).toHaveLength(2);
      });

      test('an upgrade goes through every command in its order; the daemon of before is gone, the new one finds its settings whole', async () => {
        expect(await system.install('python', { ...request, version: '1.1.0' })).toMatchObject({ status: 'Succeeded' });
        const own = 'var/lib/waagent/Contoso.Test.PythonHandler-1.1.0';
        expect(existsSync(onMachine('var/lib/waagent/Contoso.Test.PythonHandler-1.0.0'))).toBe(false);
        const log = textOf('var/log/azure/Contoso.Test.PythonHandler/extension.log');
        expect(
          log
            .split('\n')
            .map((line) => line.replace(/ \d+ /, ' '))
            .filter((line) => line !== ''),
        ).toEqual([
          'install 1.0.0',
          'enable 1.0.0',
          'disable 1.0.0',
          'update 1.1.0',
          'uninstall 1.0.0',
          'install 1.1.0',
          'enable 1.1.0',
        ]);
        expect(isAlive(pid)).toBe(false);
        pid = textOf(`${data}/pid`);
        expect(isAlive(pid)).toBe(true);
        expect(textOf(`${own}/config/HandlerState`)).toBe('Enabled');
      });

      test('what it left behind lives on when the agent is stopped, or killed, and started again', async () => {
        await agent.stop();
        expect(isAlive(pid)).toBe(true);
        agent = await system.startAgent();
        await agent.stop('SIGKILL');
        agent = await system.startAgent();
        expect(isAlive(pid)).toBe(true);
      });

      test('T44 a delete stops and removes it; its logs stay', async () => {
        expect(await system.remove('python')).toMatchObject({ status: 'Succeeded' });
        expect(isAlive(pid)).toBe(false);
        expect(readdirSync(onMachine('var/lib/waagent')).filter((name) => /python/i.test(name))).toEqual([]);
        expect(textOf('var/log/azure/Contoso.Test.PythonHandler/extension.log')).toContain('uninstall');
      });
    });

    test('a shell shim that cuts its folders out with text tools and is silent for a while', async () => {
      const ended = await system.install('shell', { type: 'ShellHandler', settings: { greeting: 'hail' } });
      expect(ended, textOf('var/log/azure/Contoso.Test.ShellHandler/CommandExecution.log')).toMatchObject({
        status: 'Succeeded',
      });
      expect(await messageOf('shell')).toBe('hail from the shell');
      expect(textOf('var/log/azure/Contoso.Test.ShellHandler/handler.log')).toMatch(/^install \d+\nenable \d+\n$/);
      expect(isAlive(textOf('var/lib/waagent/shell-handler/pid').trim())).toBe(true);
    });

    test('nonsense for a status fails that extension and no other', async () => {
      expect(await system.install('nonsense', { type: 'Nonsense', settings: {} })).toMatchObject({
        status: 'Failed',
        error: { code: 'StatusInvalid' },
      });
      expect(await messageOf('shell')).toBe('hail from the shell');
    });

    test('one that never writes a status is waited for in sight, holds up nothing, and can be deleted', async () => {
      const end = await system.ask('PUT', 'silent', { type: 'Silent', settings: {} });
      await expect
        .poll(async () => await messageOf('silent'), patience)
        .toContain('no status file was reported by extension');
      expect(await system.install('shell', { type: 'ShellHandler', settings: { greeting: 'again' } })).toMatchObject({
        status: 'Succeeded',
      });
      expect(await system.remove('silent')).toMatchObject({ status: 'Succeeded' });
      expect(await end()).toMatchObject({ status: 'Canceled' });
      // Without settings it need not say anything.
      expect(await system.install('silent', { type: 'Silent' })).toMatchObject({ status: 'Succeeded' });
    });

    describe.runIf(hasProgram('go'))('a Go handler (needs go to compile it)', () => {
      test('S1.7 strict about its files, without a status from the agent itself', async () => {
        const binary = join(system.folder, 'go-handler');
        const built = spawnSync('go', ['build', '-C', join(import.meta.dirname, '../handlers/go'), '-o', binary, '.'], {
          encoding: 'utf8',
          env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOPROXY: 'off' },
        });
        expect(built.status, built.stderr).toBe(0);
        const files: PackageFiles = { ...readHandler('go'), 'bin/handler': readFileSync(binary) };
        for (const version of ['1.0.0', '1.1.0']) await system.publish('GoHandler', version, files);
        const ended = await system.install('go', {
          type: 'GoHandler',
          settings: { greeting: 'hei' },
          protectedSettings: { one: 1, two: 2 },
        });
        expect(ended, textOf('var/log/azure/Contoso.Test.GoHandler/CommandExecution_go.log')).toMatchObject({
          status: 'Succeeded',
        });
        expect(await messageOf('go')).toContain('hei with 2 secrets');
        expect(await messageOf('go')).toContain('detail: success (7) hei with 2 secrets');
      }, 300_000);

      test('S1.3 two resources share it; each has its own settings and status, and stays when the other goes', async () => {
        const log = 'var/log/azure/Contoso.Test.GoHandler/handler.log';
        expect(await system.install('go2', { type: 'GoHandler', settings: { greeting: 'moi' } })).toMatchObject({
          status: 'Succeeded',
        });
        expect(await messageOf('go2')).toContain('moi with 0 secrets');
        expect(await messageOf('go')).toContain('hei with 2 secrets');
        expect(textOf(log).replaceAll(/ \d+$/gm, '')).toBe('install go\nenable go\nenable go2\n');
        const failed = await system.install('go3', { type: 'GoHandler', settings: { fail: true } });
        expect(failed).toMatchObject({ status: 'Failed', error: { code: 'HandlerEnableFailed' } });
        // Its own update command looks for the sequences of the version before, beside its own.
        const upgraded = await system.install('go2', { type: 'GoHandler', version: '1.1.0', settings: {} });
        expect(upgraded).toMatchObject({ status: 'Succeeded' });
        const own = 'var/lib/waagent/Contoso.Test.GoHandler-1.1.0';
        await expect.poll(() => existsSync(onMachine(`${own}/config/go.HandlerState`)), patience).toBe(true);
        expect(existsSync(onMachine(`${own}/go.mrseq`))).toBe(true);
        expect(await system.remove('go')).toMatchObject({ status: 'Succeeded' });
        expect(existsSync(onMachine(own))).toBe(true);
        expect(await system.remove('go3')).toMatchObject({ status: 'Succeeded' });
        expect(await system.remove('go2')).toMatchObject({ status: 'Succeeded' });
        expect(existsSync(onMachine(own))).toBe(false);
      });
    });

    test('S2.3 S2.4 on the machine itself: list, remove with the agent stopped, back at the next synchronisation', async () => {
      const listed = await system.azcmagent('extension', 'list', '-j');
      expect(listed.code, listed.output).toBe(0);
      expect(listed.output).toContain('ShellHandler');
      await agent.stop();
      expect((await system.azcmagent('extension', 'remove', '--all')).code).toBe(0);
      expect(readdirSync(onMachine('var/lib/waagent')).filter((name) => name.startsWith('Contoso'))).toEqual([]);
      agent = await system.startAgent();
      const state = 'var/lib/waagent/Contoso.Test.ShellHandler-1.0.0/config/HandlerState';
      await expect.poll(() => textOf(state), patience).toBe('Enabled');
    });

    test('T45 a machine without control groups says so, and its extensions ran all the same', async () => {
      const { output } = await system.azcmagent('show', '--json');
      expect(JSON.parse(output)).toMatchObject({
        extensionLimits:
          'none (no control groups are mounted): extensions run without limits on processor, memory and processes',
      });
    });

    test('nothing of all this was seen on the host', () => {
      expect(hostPlaces()).toBe(hostBefore);
    });
  },
);
