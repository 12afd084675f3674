/** A real agent renews its key, is cut off in the middle of it, and is copied (T73, T75, T84). */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changeStored, noopHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../../apps/agent/src/cli/run-cli.ts';
import { processEnvironment } from '../../apps/agent/src/platform/environment.ts';
import { connectArguments, startSystem, type TestSystem } from './harness.ts';
import { runProgram, startService, type Finished, type Service } from './processes.ts';

let system: TestSystem;
let agent: Service;
let key: string;

beforeAll(async () => {
  system = await startSystem();
  await system.publish('Noop', '1.0.0', noopHandler);
  key = join(system.root, 'var/opt/azcmagent/certs/machine.key');
});
afterAll(async () => system.stop());

/** Changes the control plane's database: nobody waits 45 days for a test. */
function change(statement: string, ...values: readonly (string | number)[]): void {
  changeStored(join(system.folder, 'control-plane'), statement, ...values);
}

const makeOld = (): void => change('UPDATE machines SET key_since = ?', Date.now() - 50 * 24 * 60 * 60 * 1000);

async function azcmagent(root: string, ...args: readonly string[]): Promise<Finished> {
  let output = '';
  const write = (text: string): void => void (output += text);
  const environment = { ...processEnvironment(), root };
  const code = await runCli(args, environment, { out: write, err: write }, new AbortController().signal);
  return { code, output };
}

async function shown(root = system.root): Promise<Readonly<Record<string, string>>> {
  return JSON.parse((await azcmagent(root, 'show', '--json')).output) as Readonly<Record<string, string>>;
}

interface Machine {
  readonly properties: {
    readonly status: string;
    readonly clientPublicKey: string;
    readonly vmId: string;
    readonly errorDetails: readonly { readonly code: string }[];
  };
}

async function central(): Promise<Machine['properties']> {
  const id = `/subscriptions/${system.operator.subscriptionId}/resourceGroups/fortress/providers/Microsoft.HybridCompute/machines/${system.machine}`;
  return ((await system.get(id)) as Machine).properties;
}

/** A change of the controls makes an agent send a heartbeat at once. */
let nudges = 0;
async function nudge(root: string): Promise<void> {
  nudges += 1;
  const done = await azcmagent(root, 'config', 'set', 'proxy.bypass', nudges % 2 === 0 ? 'Arc' : 'AMA');
  if (done.code !== 0) throw new Error(done.output);
}

describe('renewal', () => {
  test('T75 an agent whose key is 45 days old renews it by itself; its id stays, what was asked for arrives', async () => {
    const before = await central();
    const old = readFileSync(key, 'utf8');
    makeOld();
    agent = await system.startAgent();
    await expect
      .poll(async () => (await central()).clientPublicKey, { timeout: 30_000 })
      .not.toBe(before.clientPublicKey);
    await expect.poll(() => existsSync(`${key}.next`), { timeout: 30_000 }).toBe(false);
    expect(readFileSync(key, 'utf8')).not.toBe(old);
    expect(readFileSync(`${key}.former`, 'utf8')).toBe(old);
    expect((await central()).vmId).toBe(before.vmId);
    const installed = await system.install('noop', { type: 'Noop', settings: {}, protectedSettings: { word: 'x' } });
    expect(installed).toMatchObject({ status: 'Succeeded' });
    expect(Date.parse((await shown())['machineKeyExpires'] ?? '')).toBeGreaterThan(Date.now());
    expect(readFileSync(join(system.root, 'var/opt/azcmagent/log/himds.log'), 'utf8')).toContain('was renewed');
    await agent.stop();
  });

  test('T84 killed again and again while it renews, the agent comes back with a key that the centre knows', async () => {
    for (const milliseconds of [300, 900]) {
      makeOld();
      const started = await system.startAgent();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      await started.stop('SIGKILL');
    }
    makeOld();
    const before = (await central()).clientPublicKey;
    agent = await system.startAgent();
    await expect.poll(async () => (await central()).clientPublicKey, { timeout: 30_000 }).not.toBe(before);
    await expect.poll(async () => (await shown())['status'], { timeout: 30_000 }).toBe('Connected');
    expect(await central()).toMatchObject({ status: 'Connected', errorDetails: [] });
    await agent.stop();
  });
});

describe('a copied machine', () => {
  let copy: string;
  let other: Service;

  test('T73 is noticed; both copies say so and are given nothing', async () => {
    copy = join(system.folder, 'copy');
    cpSync(system.root, copy, { recursive: true, preserveTimestamps: true });
    agent = await system.startAgent();
    other = await startService('agent', ['run'], 'Connected as', { AZCMAGENT_ROOT: copy });
    try {
      await expect.poll(async () => (await central()).status, { timeout: 40_000, interval: 500 }).toBe('Error');
      for (const root of [system.root, copy]) {
        await expect
          .poll(async () => (await shown(root))['status'], { timeout: 15_000, interval: 500 })
          .toBe('Quarantined');
        const { errorCode, errorDetails } = await shown(root);
        expect(errorCode).toBe('MachineQuarantined');
        expect(errorDetails).toContain('azcmagent disconnect --force-local-only');
      }
      expect((await central()).errorDetails[0]?.code).toBe('MachineQuarantined');
      await expect(system.ask('PUT', 'noop', { type: 'Noop' })).rejects.toThrow(/MachineQuarantined/);
    } finally {
      await other.stop();
    }
  });

  test('T73 released centrally, the one that is left renews its key at once; the copy is noticed when it comes again', async () => {
    const before = (await central()).clientPublicKey;
    const connection = join(system.folder, 'operator.json');
    writeFileSync(
      connection,
      JSON.stringify({ ...system.operator, resourceGroup: 'fortress', machineName: system.machine, agentRoot: '' }),
      { mode: 0o600 },
    );
    const released = await runProgram('cli', ['machine', 'release', '--connection', connection]);
    expect(released.code, released.output).toBe(0);
    await expect
      .poll(
        async () => {
          await nudge(system.root);
          return (await central()).clientPublicKey;
        },
        { timeout: 40_000, interval: 1000 },
      )
      .not.toBe(before);
    expect((await central()).status).toBe('Connected');
    change('UPDATE machine_keys SET since = since - 3600000');
    other = await startService('agent', ['run'], 'Connected as', { AZCMAGENT_ROOT: copy });
    await expect.poll(async () => (await central()).status, { timeout: 30_000 }).toBe('Error');
    await other.stop();
  });

  test('T73 the way out: disconnected locally and connected again, a copy has an identity of its own', async () => {
    expect((await azcmagent(copy, 'disconnect', '--force-local-only')).code).toBe(0);
    expect(existsSync(join(copy, 'var/opt/azcmagent/certs/machine.key.former'))).toBe(false);
    const root = join(system.folder, 'gallery/metadata/1.root.json');
    const connected = await azcmagent(copy, ...connectArguments({ ...system, machine: 'second' }, root));
    expect(connected.code, connected.output).toBe(0);
    other = await startService('agent', ['run'], 'Connected as', { AZCMAGENT_ROOT: copy });
    await expect.poll(async () => (await shown(copy))['status'], { timeout: 30_000 }).toBe('Connected');
    expect((await shown(copy))['vmId']).not.toBe((await shown(system.root))['vmId']);
    await other.stop();
    await agent.stop();
  });
});
