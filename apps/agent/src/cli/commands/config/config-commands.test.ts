import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { propertyNames } from '@sallyport/local-controls';
import { operationKinds } from '@sallyport/model';
import { expect, test } from 'vitest';
import { testMachine } from '../../../config/machine.fixture.ts';
import { call } from '../../call.fixture.ts';

/** The agent's own text, column by column (arc-agent §1.6), and our thirteenth line. */
const freshList = `Local Configuration Settings
  incomingconnections.enabled (preview)                 : true
  incomingconnections.ports (preview)                   : []
  connection.type (preview)                             : default
  proxy.url                                             :
  proxy.bypass                                          : []
  extensions.allowlist                                  : []
  extensions.blocklist                                  : []
  guestconfiguration.enabled                            : true
  extensions.enabled                                    : true
  config.mode                                           : full
  guestconfiguration.agent.cpulimit                     : 5
  extensions.agent.cpulimit                             : 5
  automaticupgrade.enabled                              : true
  extensions.agent.parallelcommands                     : 1
  extensions.agent.memorylimit                          : 50
  extensions.agent.processlimit                         : 1024
  extensions.agent.disklimit                            : 4096
  extensions.signers                                    : off
  extensions.agent.installnetwork                       : allowed
`;

test('S4.10 config list prints what is in force, in the documented layout, for everyone', async () => {
  using machine = testMachine();
  expect(await call(machine.environment, 'config', 'list')).toEqual({ code: 0, out: freshList, err: '' });
  await call(
    machine.environment,
    'config',
    'set',
    'extensions.allowlist',
    'Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent',
  );
  await call(machine.environment, 'config', 'set', 'extensions.blocklist', 'a/b, c/d');
  const ordinary = { ...machine.environment, uid: machine.environment.uid + 1 };
  const { out } = await call(ordinary, 'config', 'list');
  expect(out).toBe(
    freshList
      .replace(
        'allowlist                                  : []',
        'allowlist                                  : [Microsoft.EnterpriseCloud.Monitoring/MicrosoftMonitoringAgent]',
      )
      .replace(
        'blocklist                                  : []',
        'blocklist                                  : [a/b, c/d]',
      ),
  );
});

test('S4.10 config list --json: localSettings of key and value, lists as arrays', async () => {
  using machine = testMachine();
  await call(machine.environment, 'config', 'set', 'extensions.blocklist', 'a/b,c/d');
  const { out, err } = await call(machine.environment, 'config', 'list', '-j');
  expect(err).toBe('');
  const { localSettings } = JSON.parse(out) as { localSettings: { key: string; value: unknown }[] };
  expect(localSettings.map(({ key }) => key)).toEqual(propertyNames);
  expect(localSettings.find(({ key }) => key === 'extensions.blocklist')?.value).toEqual(['a/b', 'c/d']);
  expect(localSettings.find(({ key }) => key === 'extensions.enabled')?.value).toBe(true);
  expect(localSettings.find(({ key }) => key === 'extensions.agent.cpulimit')?.value).toBe(5);
});

test('config get prints the bare value; config set, config clear say what they did', async () => {
  using machine = testMachine();
  const { environment } = machine;
  expect((await call(environment, 'config', 'get', 'extensions.allowlist')).out).toBe('[]\n');
  expect((await call(environment, 'config', 'get', 'proxy.url')).out).toBe('\n');
  expect((await call(environment, 'config', 'set', 'proxy.url', 'http://10.0.0.1:8080')).out).toBe(
    'Config property proxy.url set to value http://10.0.0.1:8080\n',
  );
  expect((await call(environment, 'config', 'get', 'Proxy.URL')).out).toBe('http://10.0.0.1:8080\n');
  expect(JSON.parse((await call(environment, 'config', 'get', 'proxy.url', '-j')).out)).toEqual({
    key: 'proxy.url',
    value: 'http://10.0.0.1:8080',
  });
  expect((await call(environment, 'config', 'clear', 'proxy.url')).out).toBe(
    'Config property proxy.url cleared. Previous value: http://10.0.0.1:8080\n',
  );
  expect((await call(environment, 'config', 'get', 'proxy.url')).out).toBe('\n');
  expect(JSON.parse((await call(environment, 'config', 'set', 'extensions.enabled', 'FALSE', '-j')).out)).toEqual({
    status: 'success',
    key: 'extensions.enabled',
    value: false,
  });
  expect(JSON.parse((await call(environment, 'config', 'clear', 'extensions.enabled', '-j')).out)).toEqual({
    status: 'success',
    key: 'extensions.enabled',
    value: true,
    previousValue: false,
  });
});

test('--add and --remove: union, difference, not together, lists only', async () => {
  using machine = testMachine();
  const { environment } = machine;
  const set = (...args: string[]) => call(environment, 'config', 'set', ...args);
  await set('extensions.allowlist', 'a/b');
  await set('extensions.allowlist', 'c/d', '--add');
  expect((await set('-a', 'extensions.allowlist', 'A/B,e/f')).out).toBe(
    'Config property extensions.allowlist set to value [a/b, c/d, e/f]\n',
  );
  expect((await set('extensions.allowlist', 'C/D', '-r')).out).toBe(
    'Config property extensions.allowlist set to value [a/b, e/f]\n',
  );
  expect((await set('extensions.allowlist', 'x/y')).out).toBe(
    'Config property extensions.allowlist set to value [x/y]\n',
  );
  expect((await set('extensions.allowlist', 'a/b', '-a', '-r')).code).toBe(23);
  expect((await set('extensions.enabled', 'false', '--add')).code).toBe(23);
  expect((await set('extensions.enabled', 'false', '--remove')).out).toContain(
    '--add and --remove are for lists; extensions.enabled is not one',
  );
  expect((await call(environment, 'config', 'get', 'extensions.allowlist')).out).toBe('[x/y]\n');
});

test('config info describes every property, or one; JSON is keyed by DisplayName', async () => {
  using machine = testMachine();
  const all = await call(machine.environment, 'config', 'info');
  for (const name of propertyNames) expect(all.out).toContain(name);
  const one = await call(machine.environment, 'config', 'info', 'connection.type');
  expect(one.out.split('\n')[0]).toBe('connection.type (preview)');
  expect(one.out).toContain('Supported values : default, direct, gateway');
  const json: unknown = JSON.parse((await call(machine.environment, 'config', 'info', '--json')).out);
  expect(json).toEqual(
    propertyNames.map((name) => ({
      DisplayName: name,
      Description: expect.any(String),
      SupportedValues: expect.any(String),
      DefaultValue: expect.any(String),
      Preview: expect.any(Boolean),
    })),
  );
});

test('a refused value stores nothing, says why, and never shows a password', async () => {
  using machine = testMachine();
  const { environment } = machine;
  for (const args of [
    ['extensions.allowlist', 'a/b,nonsense'],
    ['extensions.allowlist', ''],
    ['extensions.enabled', 'perhaps'],
    ['config.mode', 'locked'],
    ['proxy.url', 'http://me:topsecret@proxy/path'],
    ['proxy.url', 'http://me:top', 'secret@proxy'],
  ]) {
    const called = await call(environment, 'config', 'set', ...args);
    expect(called.code).toBe(23);
    expect(called.out).toContain('Nothing was stored.');
    expect(called.out).not.toMatch(/top|secret/);
  }
  expect(existsSync(machine.paths.localConfig)).toBe(false);
});

test('proxy credentials are stored apart and shown redacted everywhere', async () => {
  using machine = testMachine();
  const { environment } = machine;
  const outputs = [
    await call(environment, 'config', 'set', 'proxy.url', 'http://me:topsecret@proxy:1'),
    await call(environment, 'config', 'list'),
    await call(environment, 'config', 'list', '-j'),
    await call(environment, 'config', 'get', 'proxy.url'),
    await call(environment, 'config', 'clear', 'proxy.url', '-v'),
  ];
  for (const { out } of outputs) {
    expect(out).toContain('http://***@proxy:1');
    expect(out).not.toContain('topsecret');
  }
});

test('S4.9 monitor: what is in force is shown, own lists are kept, refused and back with full', async () => {
  using machine = testMachine();
  const { environment } = machine;
  await call(environment, 'config', 'set', 'extensions.blocklist', 'Qualys/LinuxAgent.AzureSecurityCenter');
  const monitor = await call(environment, 'config', 'set', 'config.mode', 'monitor');
  expect(monitor.out).toBe(
    'WARN    Your blocklist is set aside in monitor mode, which allows what it blocks: Qualys/LinuxAgent.AzureSecurityCenter.\n' +
      'Config property config.mode set to value monitor\n',
  );
  const { out } = await call(environment, 'config', 'list');
  expect(out).toMatch(
    /extensions\.allowlist +: \[Microsoft\.Azure\.Monitor\/AzureMonitorWindowsAgent, .*Qualys\/LinuxAgent\.AzureSecurityCenter\]\n/,
  );
  expect(out).toMatch(/extensions\.blocklist +: \[\]\n/);
  expect(out).toMatch(/guestconfiguration\.enabled +: false\n/);
  expect(out).toMatch(/incomingconnections\.enabled \(preview\) +: false\n/);
  expect(out).toMatch(/config\.mode +: monitor\n/);
  expect(out).toContain('INFO    Monitor mode has set your own lists aside.');
  expect(JSON.parse((await call(environment, 'config', 'list', '-j')).out)).toHaveProperty('localSettings');
  for (const list of ['extensions.allowlist', 'extensions.blocklist']) {
    for (const args of [
      ['set', list, 'a/b'],
      ['set', list, 'a/b', '--add'],
      ['set', list, 'a/b', '--remove'],
      ['clear', list],
    ]) {
      const refused = await call(environment, 'config', ...args);
      expect(refused.code).toBe(23);
      expect(refused.out).toContain('go back to full mode first with: azcmagent config set config.mode full');
    }
  }
  await call(environment, 'config', 'set', 'config.mode', 'full');
  expect((await call(environment, 'config', 'list')).out).toBe(
    freshList.replace(
      'blocklist                                  : []',
      'blocklist                                  : [Qualys/LinuxAgent.AzureSecurityCenter]',
    ),
  );
});

test('T55 unreadable controls: reading them is an error, explaining them is not, changing them stores nothing, restore repairs', async () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  await call(environment, 'config', 'set', 'extensions.blocklist', 'a/b');
  writeFileSync(paths.localConfig, 'broken');
  for (const args of [
    ['list'],
    ['get', 'config.mode'],
    ['set', 'extensions.enabled', 'true'],
    ['clear', 'extensions.blocklist'],
  ]) {
    const called = await call(environment, 'config', ...args);
    expect(called.code).toBe(1);
    expect(called.out).toContain(
      `AZCM0001: The local controls cannot be trusted: ${paths.localConfig} cannot be used: it is not JSON`,
    );
    expect(called.out).toContain('azcmagent config restore');
  }
  expect((await call(environment, 'config', 'set', 'extensions.enabled', 'true')).out).toContain('Nothing was stored');
  expect(readFileSync(paths.localConfig, 'utf8')).toBe('broken');
  const explained = await call(environment, 'extension', 'explain', 'a/b');
  expect(explained.code).toBe(0);
  expect(explained.out).toContain('  install : block      (local-controls-unreadable)');
  const check = await call(environment, 'config', 'check');
  expect(check.code).toBe(1);
  expect(check.out).toContain('        azcmagent config restore\n');
  const restored = await call(environment, 'config', 'restore');
  expect(restored.code).toBe(0);
  expect(restored.out).toContain('  extensions.blocklist: [a/b]\n');
  expect((await call(environment, 'config', 'restore')).out).toBe(
    `Nothing to restore: ${paths.localConfig} is in order.\n`,
  );
  expect(JSON.parse((await call(environment, 'config', 'restore', '-j')).out)).toEqual({
    status: 'success',
    restored: false,
  });
});

test('T55 restore without a copy says how to begin again with nothing allowed', async () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  await call(environment, 'config', 'set', 'extensions.blocklist', 'a/b');
  writeFileSync(paths.localConfig, 'broken');
  rmSync(`${paths.localConfig}.last-good`);
  const refused = await call(environment, 'config', 'restore');
  expect(refused.code).toBe(1);
  expect(refused.out).toContain('azcmagent config restore --allow-none');
  const begun = await call(environment, 'config', 'restore', '--allow-none', '--json');
  expect(JSON.parse(begun.out)).toMatchObject({ status: 'success', restored: true, source: 'nothing-allowed' });
  expect((await call(environment, 'config', 'get', 'extensions.allowlist')).out).toBe('[Allow/None]\n');
});

test('T54 in a directory that others may write to nothing is stored, and the way out is told', async () => {
  using machine = testMachine();
  chmodSync(machine.environment.root, 0o777);
  const called = await call(machine.environment, 'config', 'set', 'extensions.blocklist', 'a/b');
  expect(called.code).toBe(1);
  expect(called.out).toContain(`chmod go-w ${machine.environment.root}`);
});

test('S6.2 config check: findings, commands, exit code', async () => {
  using machine = testMachine();
  const { environment } = machine;
  const fresh = await call(environment, 'config', 'check');
  expect(fresh.code).toBe(1);
  expect(fresh.out).toContain('        azcmagent config set guestconfiguration.enabled false\n');
  expect(fresh.out.match(/^FAIL {4}/gm)).toHaveLength(3);
  await call(environment, 'config', 'set', 'extensions.allowlist', 'Allow/None');
  await call(environment, 'config', 'set', 'guestconfiguration.enabled', 'false');
  const passed = await call({ ...environment, uid: environment.uid + 1 }, 'config', 'check');
  expect(passed.code).toBe(0);
  expect(passed.out).toContain('This machine follows the lock-down advice.');
  expect(JSON.parse((await call(environment, 'config', 'check', '-j')).out)).toMatchObject({
    passed: true,
    checks: expect.any(Array),
  });
});

test('extension explain: rule, entry and file for one operation or all four, for everyone', async () => {
  using machine = testMachine();
  const { environment, paths } = machine;
  await call(environment, 'config', 'set', 'extensions.blocklist', 'microsoft.azure.extensions/customscript');
  const ordinary = { ...environment, uid: environment.uid + 1 };
  const one = await call(ordinary, 'extension', 'explain', 'Microsoft.Azure.Extensions/CustomScript', 'Install');
  expect(one.out).toBe(
    'Microsoft.Azure.Extensions/CustomScript\n' +
      `  install : block      (on-blocklist) Installing Microsoft.Azure.Extensions/CustomScript is blocked: extensions.blocklist in ${paths.localConfig} names microsoft.azure.extensions/customscript.\n`,
  );
  const all = await call(ordinary, 'extension', 'explain', 'Microsoft.Azure.Extensions/CustomScript', '--json');
  expect(JSON.parse(all.out)).toEqual({
    extension: 'Microsoft.Azure.Extensions/CustomScript',
    operations: operationKinds.map((operation) =>
      expect.objectContaining({
        operation,
        outcome: operation === 'delete' ? 'allow' : 'block',
        file: paths.localConfig,
      }),
    ),
  });
});
