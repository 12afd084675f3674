/** Roles at the command line: an onboarding credential is made, connects a machine, and can do nothing else. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../../apps/agent/src/cli/run-cli.ts';
import { processEnvironment } from '../../apps/agent/src/platform/environment.ts';
import { connectArguments, startSystem, type TestSystem } from './harness.ts';
import { runProgram, type Finished } from './processes.ts';

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly objectId: string;
  readonly tenantId: string;
}

let system: TestSystem;

beforeAll(async () => {
  system = await startSystem();
  writeConnection('operator.json', system.operator);
});
afterAll(async () => system.stop());

function writeConnection(name: string, credentials: object): void {
  const place = { ...system.operator, resourceGroup: 'fortress', machineName: system.machine, agentRoot: system.root };
  writeFileSync(join(system.folder, name), JSON.stringify({ ...place, ...credentials }), { mode: 0o600 });
}

function sallyport(connection: string, ...args: readonly string[]): Promise<Finished> {
  return runProgram('cli', [...args, '--connection', join(system.folder, connection)]);
}

function credentialsIn(output: string): Credentials {
  return JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)) as Credentials;
}

/** `azcmagent` on a second machine, with a root of its own. */
async function azcmagent(root: string, ...args: readonly string[]): Promise<Finished> {
  let output = '';
  const write = (text: string): void => void (output += text);
  const environment = { ...processEnvironment(), root };
  const code = await runCli(args, environment, { out: write, err: write }, new AbortController().signal);
  return { code, output };
}

describe('sallyport service-principal and role', () => {
  test('an onboarding credential connects a machine to a group that is there, and cannot disconnect it', async () => {
    const role = 'Azure Connected Machine Onboarding';
    const made = await sallyport(
      'operator.json',
      'service-principal',
      'create',
      '--name',
      'onboarding',
      '--role',
      role,
    );
    expect(made.code, made.output).toBe(0);
    expect(made.output).toContain(`'onboarding' is ${role} at /subscriptions/`);
    const credentials = credentialsIn(made.output);
    writeConnection('onboarding.json', credentials);

    const root = join(system.folder, 'second');
    mkdirSync(root, { mode: 0o755 });
    chmodSync(root, 0o755);
    const changed: Readonly<Record<string, string>> = {
      '--service-principal-id': credentials.clientId,
      '--service-principal-secret': credentials.clientSecret,
      '--resource-name': 'second',
    };
    const args = [...connectArguments(system, join(system.folder, 'gallery/metadata/1.root.json'))];
    for (const [flag, value] of Object.entries(changed)) {
      expect(args).toContain(flag);
      args[args.indexOf(flag) + 1] = value;
    }
    const connected = await azcmagent(root, ...args);
    expect(connected.code, connected.output).toBe(0);
    expect((await sallyport('onboarding.json', 'machine', 'list')).output).toContain('second');

    const secret = join(system.folder, 'secret.json');
    writeFileSync(secret, JSON.stringify({ 'service-principal-secret': credentials.clientSecret }), { mode: 0o600 });
    const left = await azcmagent(
      root,
      'disconnect',
      '--service-principal-id',
      credentials.clientId,
      '--config',
      secret,
    );
    expect([left.code, left.output]).toEqual([43, expect.stringContaining('does not have authorization to perform')]);
    const install = await sallyport('onboarding.json', 'extension', 'install', 'Contoso.Test/Any');
    expect(install.code).toBe(1);
    expect(install.output).toContain(
      "AuthorizationFailed: The client '" + credentials.clientId + "' with object id '" + credentials.objectId + "'",
    );
  });

  test('roles are given, listed with names, and taken away', async () => {
    const made = await sallyport('operator.json', 'service-principal', 'create', '--name', 'watcher');
    const { clientId, tenantId } = credentialsIn(made.output);
    expect(tenantId).toBe(system.operator.tenantId);
    writeConnection('watcher.json', credentialsIn(made.output));
    expect((await sallyport('watcher.json', 'machine', 'list')).output).toContain('AuthorizationFailed');
    const given = await sallyport('operator.json', 'role', 'assign', 'reader', '--to', 'watcher');
    expect(given.output).toContain("'watcher' is Reader at /subscriptions/");
    expect((await sallyport('watcher.json', 'machine', 'list')).output).toContain(system.machine);
    const list = await sallyport('operator.json', 'role', 'assignments');
    const row = list.output.split('\n').find((line) => line.startsWith('watcher')) ?? '';
    expect(row).toContain('Reader');
    expect(list.output).toMatch(/operator +Owner +\/ /);
    const taken = await sallyport('operator.json', 'role', 'unassign', row.trim().split(/\s+/).at(-1) ?? '');
    expect(taken.code, taken.output).toBe(0);
    expect((await sallyport('watcher.json', 'machine', 'list')).output).toContain('AuthorizationFailed');
    expect((await sallyport('operator.json', 'service-principal', 'list')).output).toContain(clientId);
    const deleted = await sallyport('operator.json', 'service-principal', 'delete', 'watcher');
    expect(deleted.output).toContain(`'watcher' (${clientId}) is removed.`);
  });

  test.each([
    [['role', 'assign', 'Ruler', '--to', 'operator'], "There is no role 'Ruler'"],
    [['role', 'assign', 'Reader', '--to', 'nobody'], "There is no service principal 'nobody'"],
    [['role', 'assign', 'Reader', '--to', 'operator', '--scope', 'here'], "'here' is no scope"],
    [['role', 'unassign', 'x'], "There is no role assignment 'x'"],
    [['service-principal', 'create', '--name', 'x', '--role', 'Ruler'], "There is no role 'Ruler'"],
    [['service-principal', 'delete', 'operator'], 'CannotDeleteLastRbacAdmin'],
  ])('%j is answered with what is wrong', async (args, sentence) => {
    const { code, output } = await sallyport('operator.json', ...args);
    expect(code).toBe(1);
    expect(output).toContain(sentence);
  });
});
