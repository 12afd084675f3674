/** A real agent renews its key, is cut off in the middle of it, signs what is in force (T16), and is copied (T73, T75, T84). */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyStatement } from '@sallyport/machine-statement';
import { changeStored, noopHandler, storedRows, storeSettings } from '@sallyport/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../../apps/agent/src/cli/run-cli.ts';
import { processEnvironment } from '../../apps/agent/src/platform/environment.ts';
import { connectArguments, startSystem, type TestSystem } from './harness.ts';
import { runProgram, startService, type Finished, type Service } from './processes.ts';

let system: TestSystem;
let key: string;

beforeAll(async () => {
  system = await startSystem();
  await system.publish('Noop', '1.0.0', noopHandler);
  key = join(system.root, 'var/opt/azcmagent/certs/machine.key');
});
afterAll(async () => system.stop());

/** Agents of copies of the machine, which its system does not know of. */
const copies: Service[] = [];
async function startCopy(root: string): Promise<void> {
  copies.push(await startService('agent', ['run'], 'Connected as', { AZCMAGENT_ROOT: root }));
}

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

/** The connection file of the operator's command line. */
function operatorConnection(): string {
  const path = join(system.folder, 'operator.json');
  const connection = { ...system.operator, resourceGroup: 'fortress', machineName: system.machine, agentRoot: '' };
  writeFileSync(path, JSON.stringify(connection), { mode: 0o600 });
  return path;
}

/** A change of the controls makes an agent send a heartbeat at once. */
let nudges = 0;
async function nudge(root: string): Promise<void> {
  nudges += 1;
  const done = await azcmagent(root, 'config', 'set', 'proxy.bypass', nudges % 2 === 0 ? 'Arc' : 'AMA');
  if (done.code !== 0) throw new Error(done.output);
}

describe('renewal', () => {
  // Also after a failure: the next one could not start.
  afterEach(async () => system.stopAgents());

  test('T75 an agent whose key is 45 days old renews it by itself; its id stays, what was asked for arrives', async () => {
    const before = await central();
    const old = readFileSync(key, 'utf8');
    makeOld();
    await system.startAgent();
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
    await system.startAgent();
    await expect.poll(async () => (await central()).clientPublicKey, { timeout: 30_000 }).not.toBe(before);
    await expect.poll(async () => (await shown())['status'], { timeout: 30_000 }).toBe('Connected');
    expect(await central()).toMatchObject({ status: 'Connected', errorDetails: [] });
  });
});

describe('what the machine signs of itself', () => {
  const patience = { timeout: 30_000, interval: 500 };
  /** The connection file of an operator. */
  let connection: string;
  let vmId: string;

  beforeAll(async () => {
    connection = operatorConnection();
    ({ vmId } = await central());
    await system.startAgent();
  });
  afterAll(async () => system.stopAgents());

  const controls = (...args: readonly string[]): Promise<Finished> =>
    runProgram('cli', ['machine', 'controls', '--connection', connection, ...args]);

  const newest = (): { readonly number: number; readonly statement: string } => {
    const [row] = storedRows(join(system.folder, 'control-plane'), 'SELECT number, statement FROM machine_statements');
    const statement = row?.['statement'];
    return { number: Number(row?.['number'] ?? 0), statement: typeof statement === 'string' ? statement : '' };
  };

  test('T16 S4.10 a change of the local controls is signed anew, with a key that was renewed since, and verified by the id alone', async () => {
    const done = await azcmagent(system.root, 'config', 'set', 'extensions.blocklist', 'Contoso.Test/Never');
    expect(done.code, done.output).toBe(0);
    // By what it says: an agent that has just started may sign what was in force before, too.
    const said = (): string => Buffer.from(newest().statement.split('.')[1] ?? '', 'base64url').toString('utf8');
    await expect.poll(said, patience).toContain('Contoso.Test');
    const { code, output } = await controls('--vm-id', (await shown())['vmId'] ?? '');
    expect(code, output).toBe(0);
    expect(output).toMatch(/extensions\.blocklist +Contoso\.Test\/Never/i);
    expect(output).toContain(`as statement ${newest().number}.`);
    expect((await shown())['lastSignedStatement']).toMatch(new RegExp(`^${newest().number}, `));
    expect(output).not.toContain('compare it');
    const unpinned = await controls();
    expect([unpinned.code, unpinned.output]).toEqual([0, expect.stringContaining('compare it')]);
    const { successions } = verifyStatement(newest().statement, vmId).statement;
    expect(successions.length).toBeGreaterThan(1);
  });

  test('T15 keeps where the activity log stood, in files that verify it', async () => {
    const folder = join(system.root, 'var/opt/azcmagent/activity-log');
    await expect.poll(() => existsSync(join(folder, 'checkpoints')), patience).toBe(true);
    expect((await shown())['activityLogKept']).toMatch(/^up to position \d+, in /);
    const state = join(system.folder, 'control-plane');
    const held = await runProgram('control-plane', [
      ...`verify-activity-log --state ${state} --checkpoints ${join(folder, 'checkpoints')}`.split(' '),
      '--key',
      join(folder, 'key.json'),
      ...storeSettings(state),
    ]);
    expect([held.code, held.output]).toEqual([0, expect.stringContaining('is intact')]);
  });

  test('T16 a control plane that shows other controls, another statement, or none is found out', async () => {
    const { statement } = newest();
    const lie = (text: string): void => change('UPDATE machine_statements SET statement = ?', text);
    const [header = '', payload = '', signature = ''] = statement.split('.');
    const value = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, object>;
    const looser = { ...value, agentConfiguration: { ...value['agentConfiguration'], extensionsBlockList: [] } };
    lie([header, Buffer.from(JSON.stringify(looser)).toString('base64url'), signature].join('.'));
    const altered = await controls();
    expect([altered.code, altered.output]).toEqual([1, expect.stringContaining('signature is not of the key')]);
    lie(statement);
    const other = await controls('--vm-id', '00000000-0000-8000-8000-000000000000');
    expect([other.code, other.output]).toEqual([1, expect.stringContaining('It is of the machine with id')]);
    const told = JSON.stringify(looser.agentConfiguration);
    change('UPDATE heartbeats SET agent_configuration = ?', told);
    const differing = await controls();
    expect(differing.output).toMatch(
      /ControlsDiffer.*extensions\.blocklist is 'Contoso\.Test\/Never' on the server and '' here/is,
    );
    expect(differing.code).toBe(1);
    change('DELETE FROM machine_statements');
    const none = await controls();
    expect([none.code, none.output]).toEqual([1, expect.stringContaining('StatementMissing')]);
    // The agent knows nothing of all this, and signs anew with the next change.
    await nudge(system.root);
    await expect.poll(() => newest().number, patience).toBeGreaterThan(0);
    expect((await controls()).code).toBe(0);
  });
});

describe('a copied machine', () => {
  let copy: string;
  afterEach(async () => Promise.all(copies.splice(0).map((one) => one.stop())));

  test('T73 is noticed; both copies say so and are given nothing', async () => {
    copy = join(system.folder, 'copy');
    cpSync(system.root, copy, { recursive: true, preserveTimestamps: true });
    await system.startAgent();
    await startCopy(copy);
    await expect.poll(async () => (await central()).status, { timeout: 40_000, interval: 500 }).toBe('Error');
    for (const root of [system.root, copy]) {
      // An agent may be asked to come again after thirty seconds (429). A ring that was missed would take fifty, and is a fault.
      await expect
        .poll(async () => (await shown(root))['status'], { timeout: 45_000, interval: 500 })
        .toBe('Quarantined')
        .catch((cause: unknown) => {
          const log = readFileSync(join(root, 'var/opt/azcmagent/log/himds.log'), 'utf8');
          throw new Error(`The agent under ${root} does not say so. Its log ends with:\n${log.slice(-3000)}`, {
            cause,
          });
        });
      const { errorCode, errorDetails } = await shown(root);
      expect(errorCode).toBe('MachineQuarantined');
      expect(errorDetails).toContain('azcmagent disconnect --force-local-only');
    }
    expect((await central()).errorDetails[0]?.code).toBe('MachineQuarantined');
    await expect(system.ask('PUT', 'noop', { type: 'Noop' })).rejects.toThrow(/MachineQuarantined/);
  });

  test('T73 released centrally, the one that is left renews its key at once; the copy is noticed when it comes again', async () => {
    const before = (await central()).clientPublicKey;
    const released = await runProgram('cli', ['machine', 'release', '--connection', operatorConnection()]);
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
    await startCopy(copy);
    await expect.poll(async () => (await central()).status, { timeout: 30_000 }).toBe('Error');
  });

  test('T73 the way out: disconnected locally and connected again, a copy has an identity of its own', async () => {
    expect((await azcmagent(copy, 'disconnect', '--force-local-only')).code).toBe(0);
    expect(existsSync(join(copy, 'var/opt/azcmagent/certs/machine.key.former'))).toBe(false);
    const root = join(system.folder, 'gallery/metadata/1.root.json');
    const connected = await azcmagent(copy, ...connectArguments({ ...system, machine: 'second' }, root));
    expect(connected.code, connected.output).toBe(0);
    await startCopy(copy);
    await expect.poll(async () => (await shown(copy))['status'], { timeout: 30_000 }).toBe('Connected');
    expect((await shown(copy))['vmId']).not.toBe((await shown(system.root))['vmId']);
  });
});
