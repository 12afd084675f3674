import { formatExtensionName } from '@sallyport/model';
import { expect, test } from 'vitest';
import {
  adviceIds,
  changeProperty,
  decide,
  defaultControls,
  extensionListOf,
  findProperty,
  knownExtension,
  lockdownAdvice,
  managedList,
  scriptCapableExtensions,
  type Advice,
  type ControlsReading,
  type LocalControls,
} from './index.ts';

function reading(changed: Partial<LocalControls> = {}): ControlsReading {
  return { kind: 'in-force', controls: { ...defaultControls, ...changed }, file: '/f', generation: 1 };
}

function list(...names: string[]) {
  return extensionListOf(names.map(knownExtension));
}

function failed(changed: Partial<LocalControls>): readonly string[] {
  return lockdownAdvice(reading(changed))
    .filter((advice) => !advice.passed)
    .map((advice) => advice.id);
}

function commandsOf(advice: readonly Advice[]): readonly string[] {
  return advice.flatMap((item) => item.commands);
}

/** Does what the printed commands do, through the same code as the command line. */
function follow(
  controls: LocalControls,
  commands: readonly string[],
  watch: (controls: LocalControls) => void = () => undefined,
) {
  let current = controls;
  for (const command of commands) {
    const parts = /^azcmagent config set (\S+) (?:"([^"]+)"|(\S+))( --add)?$/.exec(command);
    const name = findProperty(parts?.[1] ?? '');
    if (parts === null || name === undefined) throw new Error(`not a command: ${command}`);
    const kind = parts[4] === undefined ? 'set' : 'add';
    const result = changeProperty(current, name, { kind, text: parts[2] ?? parts[3] ?? '' });
    if (!result.ok) throw new Error(`${command}: ${result.reason}`);
    current = result.value.controls;
    watch(current);
  }
  return current;
}

test("S6.1 a fresh machine is told everything, and the article's recipe passes", () => {
  expect(failed({})).toEqual(['allowlist', 'no-script-extension', 'guest-configuration-off']);
  expect(
    failed({
      'extensions.allowlist': list('Microsoft.Azure.Monitor/AzureMonitorLinuxAgent'),
      'guestconfiguration.enabled': false,
    }),
  ).toEqual([]);
  expect(lockdownAdvice(reading()).map((advice) => advice.id)).toEqual([...adviceIds]);
});

test('S6.1 each piece of advice alone', () => {
  const good = { 'extensions.allowlist': list('Allow/None'), 'guestconfiguration.enabled': false } as const;
  expect(failed(good)).toEqual([]);
  expect(failed({ ...good, 'guestconfiguration.enabled': true })).toEqual(['guest-configuration-off']);
  expect(failed({ ...good, 'extensions.allowlist': list('a/b', 'Microsoft.Azure.Extensions/CustomScript') })).toEqual([
    'no-script-extension',
  ]);
  const blocking = { 'extensions.blocklist': extensionListOf(scriptCapableExtensions) };
  expect(failed({ ...good, 'extensions.allowlist': list(), ...blocking })).toEqual(['allowlist']);
});

test('S6.1 every extension known to run scripts is found on an allowlist, whatever the case', () => {
  for (const extension of scriptCapableExtensions) {
    const allowlist = list(formatExtensionName(extension).toUpperCase());
    const advice = lockdownAdvice(reading({ 'extensions.allowlist': allowlist, 'guestconfiguration.enabled': false }));
    expect(advice.filter((item) => !item.passed)).toEqual([
      {
        id: 'no-script-extension',
        passed: false,
        finding: `Extensions that run arbitrary scripts as root can be installed, and could change these controls: ${formatExtensionName(extension)}.`,
        commands: ['azcmagent config set extensions.allowlist "Allow/None"'],
      },
    ]);
  }
});

test('S3.2 S6.1 the eight of the article are known, the one without a slash under its well-formed names', () => {
  expect(scriptCapableExtensions.map((name) => formatExtensionName(name).toLowerCase())).toEqual([
    'microsoft.cplat.core/runcommandhandlerwindows',
    'microsoft.cplat.core/runcommandhandlerlinux',
    'microsoft.compute/customscriptextension',
    'microsoft.azure.extensions/customscript',
    'microsoft.azure.automation.hybridworker/hybridworkerforwindows',
    'microsoft.azure.automation/hybridworkerforlinux',
    'microsoft.azure.automation.hybridworker/hybridworkerforlinux',
    'microsoft.enterprisecloud.monitoring/microsoftmonitoringagent',
    'microsoft.enterprisecloud.monitoring/omsagentforlinux',
  ]);
});

const starts: readonly (readonly [string, Partial<LocalControls>])[] = [
  ['a fresh machine', {}],
  ['a blocklist', { 'extensions.blocklist': list('c/d', 'Microsoft.Azure.Extensions/CustomScript') }],
  [
    'an allowlist with a script runner',
    { 'extensions.allowlist': list('a/b', 'Microsoft.Compute/CustomScriptExtension') },
  ],
  ['an allowlist of script runners only', { 'extensions.allowlist': extensionListOf(scriptCapableExtensions) }],
  ['monitor mode', { 'config.mode': 'monitor' }],
  [
    'monitor mode over own lists',
    { 'config.mode': 'monitor', 'extensions.allowlist': list('a/b'), 'extensions.blocklist': list('c/d') },
  ],
];

for (const [what, controls] of starts) {
  test(`S6.2 the printed commands work and lead to a machine that passes, from ${what}`, () => {
    let current: LocalControls = { ...defaultControls, ...controls };
    // Following one piece may settle another: at most as many rounds as there are pieces.
    for (let round = 0; round < adviceIds.length; round += 1) {
      const advice = lockdownAdvice(reading(current)).find((item) => !item.passed);
      if (advice === undefined) break;
      current = follow(current, advice.commands);
    }
    expect(failed(current)).toEqual([]);
  });
}

test('S6.2 following the advice out of monitor mode never opens the machine on the way, and keeps what may stay', () => {
  const start: LocalControls = { ...defaultControls, 'config.mode': 'monitor' };
  const commands = commandsOf(lockdownAdvice(reading(start)));
  const end = follow(start, commands, (controls) => {
    expect(decide('install', knownExtension('Contoso/Anything'), reading(controls)).outcome).not.toBe('allow');
  });
  expect(end['config.mode']).toBe('full');
  expect(end['extensions.allowlist'].entries).toHaveLength(managedList.entries.length - 2);
  const already = lockdownAdvice(reading({ ...start, 'guestconfiguration.enabled': false }));
  expect(commandsOf(already)).toHaveLength(commands.length - 1);
});

test('S6.2 the commands are exact', () => {
  const scripts = scriptCapableExtensions.map(formatExtensionName);
  expect(commandsOf(lockdownAdvice(reading()))).toEqual([
    'azcmagent config set extensions.allowlist "Allow/None"',
    `azcmagent config set extensions.blocklist "${scripts.join(',')}"`,
    'azcmagent config set guestconfiguration.enabled false',
  ]);
  const withBlocklist = lockdownAdvice(reading({ 'extensions.blocklist': list('x/y') }));
  expect(commandsOf(withBlocklist)[1]).toBe(`azcmagent config set extensions.blocklist "${scripts.join(',')}" --add`);
  const left = lockdownAdvice(
    reading({ 'extensions.allowlist': list('a/b', 'Microsoft.Azure.Extensions/customscript', 'c/d') }),
  );
  expect(commandsOf(left)[0]).toBe('azcmagent config set extensions.allowlist "a/b,c/d"');
});

test('S6.1 several script runners are named one after the other', () => {
  const both = list('a/b', 'Microsoft.Azure.Extensions/CustomScript', 'Microsoft.Compute/CustomScriptExtension');
  expect(lockdownAdvice(reading({ 'extensions.allowlist': both }))[2]?.finding).toMatch(
    /: Microsoft\.Compute\/CustomScriptExtension, Microsoft\.Azure\.Extensions\/CustomScript\.$/,
  );
});

test('S4.11 a disabled manager needs no allowlist', () => {
  expect(failed({ 'extensions.enabled': false })).toEqual(['guest-configuration-off']);
});

test('S6.2 every finding is a sentence', () => {
  const all = [
    {},
    { 'extensions.enabled': false },
    { 'extensions.allowlist': list('a/b'), 'guestconfiguration.enabled': false },
  ];
  for (const controls of all) {
    for (const advice of lockdownAdvice(reading(controls))) {
      expect(advice.finding).toMatch(/^[A-Z/].{5,}[.]$/);
      expect(advice.commands.length > 0).toBe(!advice.passed);
    }
  }
});

test('T55 controls that cannot be trusted have one finding: repair them', () => {
  expect(lockdownAdvice({ kind: 'unreadable', file: '/f', reason: '/f is empty.' })).toEqual([
    {
      id: 'controls-trusted',
      passed: false,
      finding: 'The local controls cannot be trusted, so nothing can be installed: /f is empty.',
      commands: ['azcmagent config restore'],
    },
  ]);
});
