/** Operations that move: what they are at is seen centrally, they can be called off from either end, and none holds up another. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failingInstallHandler, noopHandler, shellHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSystem, type TestSystem } from './harness.ts';
import type { Service } from './processes.ts';

const patience = { timeout: 60_000 };
const canary = 'canary-51d0a7-do-not-show';
let system: TestSystem;
let agent: Service;

interface Shown {
  readonly properties: {
    readonly provisioningState: string;
    readonly instanceView: {
      readonly status: { readonly message: string };
      readonly statuses: readonly { readonly code: string; readonly message: string }[];
    };
  };
}

/** Prints something, says that it works, and goes on until it is ended. */
const endless = `echo $$ > "$dir/pid.txt"; echo 'first line'; echo 'the password is ${canary}'; exec sleep 1000`;

beforeAll(async () => {
  system = await startSystem();
  await system.publish('Endless', '1.0.0', shellHandler({ enable: endless }));
  await system.publish('EndlessInstall', '1.0.0', shellHandler({ install: endless }));
  await system.publish('Noop', '1.0.0', noopHandler);
  await system.publish('Fails', '1.0.0', failingInstallHandler);
  await system.publish(
    'FailsSaying',
    '1.0.0',
    shellHandler({ install: "report error 42 'No licence for this server'; exit 7" }),
  );
  await system.publish(
    'Chatty',
    '1.0.0',
    shellHandler({ enable: `echo '${canary}'; report success 0 '${canary} it is'` }),
  );
  await system.publish('ChattyFails', '1.0.0', shellHandler({ enable: `echo '${canary}' >&2; exit 3` }));
  const parts = '[{"name":"disk","status":"error","code":5,"formattedMessage":{"lang":"en","message":"upside down"}}]';
  const sad = `echo 'trying the disk'; report error 9 'No disk'; sed -i 's/"substatus":\\[]/"substatus":${parts}/' "$status"`;
  await system.publish('Sad', '1.0.0', shellHandler({ enable: sad }));
  agent = await system.startAgent();
});
afterAll(async () => system.stop());

async function shown(resource: string): Promise<Shown> {
  return (await system.get(system.extensionPath(resource))) as Shown;
}

async function stepOf(resource: string): Promise<{ readonly code: string; readonly message: string }> {
  const last = (await shown(resource)).properties.instanceView.statuses.at(-1);
  return last ?? { code: '', message: '' };
}

function handlerFile(type: string, file: string): string {
  return join(system.root, `var/lib/waagent/Contoso.Test.${type}-1.0.0/${file}`);
}

/** Until the command of that extension is seen running, centrally; its process. */
async function running(resource: string, type: string, word: string): Promise<number> {
  await expect.poll(async () => (await stepOf(resource)).code, patience).toBe(`Sallyport/Step/${word}`);
  await expect.poll(() => existsSync(handlerFile(type, 'pid.txt')), patience).toBe(true);
  return Number(readFileSync(handlerFile(type, 'pid.txt'), 'utf8'));
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

async function cancel(resource: string): Promise<{ readonly status: number; readonly text: string }> {
  return system.client.arm('POST', `${system.extensionPath(resource)}/cancel?api-version=2024-07-10`);
}

describe('S1.7 progress', () => {
  test('step, deadline and the end of the output are seen while a command runs, without protected values', async () => {
    const end = await system.ask('PUT', 'endless', {
      type: 'Endless',
      settings: {},
      protectedSettings: { password: canary },
    });
    const pid = await running('endless', 'Endless', 'enabling');
    await expect.poll(async () => (await stepOf('endless')).message, patience).toContain('the password is [protected]');
    const { message } = await stepOf('endless');
    expect(message).toMatch(
      /^Runs the enable command of Contoso\.Test\/Endless 1\.0\.0, for \d+ s; ends by \d{4}-.*Z at the latest \(300 s\)\./,
    );
    expect(message).toContain('Output so far:\nfirst line\n');
    expect(JSON.stringify(await shown('endless'))).not.toContain(canary);
    expect((await cancel('endless')).status).toBe(202);
    expect(await end()).toMatchObject({
      status: 'Canceled',
      error: {
        code: 'OperationCanceled',
        message: expect.stringMatching(/control plane, at the step 'enabling'/) as string,
      },
    });
    await expect.poll(() => isAlive(pid), patience).toBe(false);
    expect((await shown('endless')).properties.provisioningState).toBe('Canceled');
    const nothing = await cancel('endless');
    expect(nothing.status).toBe(409);
    expect(nothing.text).toContain('NothingInProgress');
  });

  test('what an extension says of itself, and what it prints before it fails, is told without them', async () => {
    const protectedSettings = { password: canary };
    const good = await system.install('chatty', { type: 'Chatty', settings: {}, protectedSettings });
    expect(good).toMatchObject({ status: 'Succeeded' });
    expect(JSON.stringify(await shown('chatty'))).toContain('[protected] it is');
    const bad = await system.install('chattyfails', { type: 'ChattyFails', settings: {}, protectedSettings });
    expect(bad.error?.message).toContain('Non-zero exit code: 3');
    expect(bad.error?.message).toContain('[protected]');
    for (const resource of ['chatty', 'chattyfails']) {
      expect(JSON.stringify(await shown(resource))).not.toContain(canary);
    }
    const log = join(system.root, 'var/log/azure/Contoso.Test.ChattyFails/CommandExecution.log');
    expect(readFileSync(log, 'utf8')).toContain('[protected]');
    expect(readFileSync(log, 'utf8')).not.toContain(canary);
    expect(await system.remove('chattyfails')).toMatchObject({ status: 'Succeeded' });
    // One that says afterwards that it failed: its own status with its parts, and what it had printed.
    const sad = await system.install('sad', { type: 'Sad', settings: {}, protectedSettings });
    expect(sad.error?.message).toMatch(
      /disk: error \(5\) upside down.*Output of its enable command:.*trying the disk/s,
    );
    const { status, statuses } = (await shown('sad')).properties.instanceView;
    expect(status.message).toBe(sad.error?.message);
    const own = statuses.find(({ code }) => code === 'Sallyport/HandlerStatus/9');
    expect(own).toMatchObject({
      displayStatus: 'Provisioning failed',
      message: expect.stringMatching(/disk: error \(5\) upside down/) as string,
    });
  });

  test('a failure says which step, which file, what to do', async () => {
    const failed = await system.install('fails', { type: 'Fails', settings: {} });
    expect(failed.error?.message).toContain('Step: installing');
    expect(failed.error?.message).toContain('/var/log/azure/Contoso.Test.Fails/CommandExecution.log');
    expect(failed.error?.message).toContain('What to do: ');
    // What the handler wrote of itself meanwhile explains it best.
    const said = await system.install('says', { type: 'FailsSaying', settings: {} });
    expect(said.error?.message).toMatch(/Non-zero exit code: 7.*\(42\): No licence for this server.*Step: installing/s);
    const own = (await shown('says')).properties.instanceView.statuses.find(
      ({ code }) => code === 'Sallyport/HandlerStatus/42',
    );
    expect(own).toMatchObject({ message: 'No licence for this server' });
  });
});

describe('calling off', () => {
  test('S4.6 a DELETE ends what is under way at once, and removes', async () => {
    const end = await system.ask('PUT', 'endlessinstall', { type: 'EndlessInstall', settings: {} });
    const pid = await running('endlessinstall', 'EndlessInstall', 'installing');
    expect(await system.remove('endlessinstall')).toMatchObject({ status: 'Succeeded' });
    expect(await end()).toMatchObject({ status: 'Canceled' });
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(handlerFile('EndlessInstall', ''))).toBe(false);
  });

  test('the administrator of the machine ends it with azcmagent extension cancel; it is told, and not begun again', async () => {
    const end = await system.ask('PUT', 'endless', { type: 'Endless', settings: {} });
    await running('endless', 'Endless', 'enabling');
    const nobody = await system.azcmagent('extension', 'cancel', '--name', 'chatty');
    expect(nobody.code, nobody.output).toBe(23);
    const said = await system.azcmagent('extension', 'cancel', '--name', 'Contoso.Test/Endless');
    expect(said.code, said.output).toBe(0);
    expect(said.output).toContain('endless');
    expect(await end()).toMatchObject({
      status: 'Canceled',
      error: { message: expect.stringMatching(/on the machine/) as string },
    });
    await agent.stop();
    const stopped = await system.azcmagent('extension', 'cancel', '--all');
    expect(stopped.code).toBe(61);
    expect(stopped.output).toContain('not running');
  });

  test('a request that no machine has come for is called off at once, and what was wanted before is wanted again', async () => {
    const end = await system.ask('PUT', 'noop', { type: 'Noop', settings: {} });
    expect((await cancel('noop')).status).toBe(202);
    expect(await end()).toMatchObject({ status: 'Canceled', error: { code: 'OperationCanceled' } });
    agent = await system.startAgent();
    expect(await system.install('noop', { type: 'Noop', settings: {} })).toMatchObject({ status: 'Succeeded' });
  });
});

describe('one that hangs', () => {
  test('holds up no refusal, no other cancellation, no removal without a command, and no report; others wait for their turn', async () => {
    const end = await system.ask('PUT', 'endless', { type: 'Endless', settings: {} });
    await running('endless', 'Endless', 'enabling');
    const waiting = await system.ask('PUT', 'fails', { type: 'Fails', settings: {} });
    await expect.poll(async () => (await stepOf('fails')).code, patience).toBe('Sallyport/Step/waiting');
    expect((await cancel('fails')).status).toBe(202);
    expect(await waiting()).toMatchObject({
      status: 'Canceled',
      error: { message: expect.stringMatching(/at the step 'installing'/) as string },
    });
    // Nothing of it has run: its files go without a command.
    expect(await system.remove('fails')).toMatchObject({ status: 'Succeeded' });
    expect((await system.azcmagent('config', 'set', 'extensions.agent.parallelcommands', '2')).code).toBe(0);
    expect(await system.install('noop', { type: 'Noop', settings: { again: true } })).toMatchObject({
      status: 'Succeeded',
    });
    expect((await cancel('endless')).status).toBe(202);
    expect(await end()).toMatchObject({ status: 'Canceled' });
  });
});

describe('order (handler contract §6)', () => {
  const noop = { type: 'Noop', settings: {} };

  test('one that comes after another waits for it in sight, can be called off from either end, and fails with it', async () => {
    const end = await system.ask('PUT', 'endless', { type: 'Endless', settings: {} });
    await running('endless', 'Endless', 'enabling');
    const after = { ...noop, after: ['endless'] };
    const first = await system.ask('PUT', 'noop', after);
    await expect.poll(async () => (await stepOf('noop')).code, patience).toBe('Sallyport/Step/waiting');
    expect((await stepOf('noop')).message).toContain("Waits for 'endless', which has to come first, for ");
    const said = await system.azcmagent('extension', 'cancel', '--name', 'noop');
    expect(said.code, said.output).toBe(0);
    expect(await first()).toMatchObject({
      status: 'Canceled',
      error: { message: expect.stringMatching(/by the machine's administrator/) as string },
    });
    const second = await system.ask('PUT', 'noop', after);
    await expect.poll(async () => (await stepOf('noop')).code, patience).toBe('Sallyport/Step/waiting');
    expect((await cancel('noop')).status).toBe(202);
    expect(await second()).toMatchObject({
      status: 'Canceled',
      error: { message: expect.stringMatching(/control plane before anything/) as string },
    });
    const third = await system.ask('PUT', 'noop', after);
    await expect.poll(async () => (await stepOf('noop')).code, patience).toBe('Sallyport/Step/waiting');
    expect((await cancel('endless')).status).toBe(202);
    expect(await end()).toMatchObject({ status: 'Canceled' });
    expect(await third()).toMatchObject({
      status: 'Failed',
      error: {
        code: 'DependencyFailed',
        message: expect.stringMatching(
          /Skipping processing of 'noop' since execution of dependent extension 'endless' failed/,
        ) as string,
      },
    });
  });

  test('who comes first is there before the next is begun', async () => {
    expect(await system.remove('endless')).toMatchObject({ status: 'Succeeded' });
    expect(await system.remove('noop')).toMatchObject({ status: 'Succeeded' });
    const chatty = await system.ask('PUT', 'chatty', { type: 'Chatty', settings: { again: 1 } });
    const last = await system.ask('PUT', 'noop', { ...noop, after: ['chatty'] });
    expect(await last()).toMatchObject({ status: 'Succeeded' });
    expect(await chatty()).toMatchObject({ status: 'Succeeded' });
    const log = readFileSync(join(system.root, 'var/lib/GuestConfig/ext_mgr_logs/gc_ext.log'), 'utf8');
    const words = [...log.matchAll(/operation (begins|ends)/g)].map(([, word]) => word);
    expect(words.slice(-4)).toEqual(['begins', 'ends', 'begins', 'ends']);
  });
});
