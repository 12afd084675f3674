import { agentConfigurationSchema } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import {
  agentConfigurationOf,
  changeProperty,
  defaultControls,
  displayName,
  extensionListOf,
  findProperty,
  formatValue,
  inForce,
  jsonValue,
  knownExtension,
  managedList,
  properties,
  propertyNames,
  propertyOf,
  type PropertyName,
} from './index.ts';

/** `azcmagent config list` of a fresh machine, as the agent prints it (arc-agent §1.6), and properties of ours. */
const fresh: readonly (readonly [string, string])[] = [
  ['incomingconnections.enabled (preview)', 'true'],
  ['incomingconnections.ports (preview)', '[]'],
  ['connection.type (preview)', 'default'],
  ['proxy.url', ''],
  ['proxy.bypass', '[]'],
  ['extensions.allowlist', '[]'],
  ['extensions.blocklist', '[]'],
  ['guestconfiguration.enabled', 'true'],
  ['extensions.enabled', 'true'],
  ['config.mode', 'full'],
  ['guestconfiguration.agent.cpulimit', '5'],
  ['extensions.agent.cpulimit', '5'],
  ['automaticupgrade.enabled', 'true'],
  ['extensions.agent.parallelcommands', '1'],
  ['extensions.agent.memorylimit', '50'],
  ['extensions.agent.processlimit', '1024'],
  ['extensions.agent.disklimit', '4096'],
  ['extensions.signers', 'off'],
  ['extensions.agent.installnetwork', 'allowed'],
];

test('S4.10 every property is there, in the documented order, with its name and default', () => {
  expect(propertyNames.map((name) => [displayName(name), formatValue(defaultControls, name)])).toEqual(fresh);
});

test('every row of the table is complete and its default survives text and JSON', () => {
  for (const name of propertyNames) {
    const row = propertyOf(name);
    expect(row.description, name).toMatch(/^[A-Za-z].{20,}\.$/);
    expect(row.supported, name).toMatch(/.{10,}/);
    const json: unknown = JSON.parse(JSON.stringify(jsonValue(defaultControls, name)));
    // What is not set is shown as a value and is none.
    const value = row.absentWhenUnset === true ? 5 : row.default;
    expect(row.kind.fromJson(json), name).toEqual({ ok: true, value });
    expect(findProperty(` ${name.toUpperCase()} `)).toBe(name);
  }
  expect(findProperty('extensions.allowlists')).toBeUndefined();
});

test('S4.9 what may be changed in monitor mode', () => {
  const of = (kind: string) => propertyNames.filter((name) => properties[name].inMonitor === kind);
  expect(of('refused')).toEqual(['extensions.allowlist', 'extensions.blocklist']);
  expect(of('governed')).toEqual(['incomingconnections.enabled', 'guestconfiguration.enabled']);
  expect(of('free')).toHaveLength(propertyNames.length - 4);
});

test('supported values name the words there are', () => {
  expect(properties['connection.type'].supported).toBe('default, direct, gateway');
  expect(properties['config.mode'].supported).toBe('full, monitor');
  expect(properties['extensions.agent.installnetwork'].supported).toBe('allowed, declared, none');
  expect(properties['proxy.bypass'].supported).toBe('AAD, ARM, Arc, AMA, ArcData; several separated by commas');
});

const accepted: readonly (readonly [PropertyName, string, string])[] = [
  ['incomingconnections.enabled', ' FALSE ', 'false'],
  ['extensions.enabled', 'True', 'true'],
  ['incomingconnections.ports', '22, 6516,22', '[22, 6516]'],
  ['incomingconnections.ports', '1,65535', '[1, 65535]'],
  ['connection.type', ' Gateway ', 'gateway'],
  ['extensions.agent.cpulimit', ' 7 ', '7'],
  ['extensions.blocklist', '  a/b\t\t,\t\tc/d  ', '[a/b, c/d]'],
  ['proxy.bypass', 'aad,arcdata,Arc', '[AAD, ArcData, Arc]'],
  ['config.mode', 'MONITOR', 'monitor'],
  ['extensions.agent.installnetwork', ' Declared ', 'declared'],
  ['extensions.agent.cpulimit', '1', '1'],
  ['extensions.agent.cpulimit', '100', '100'],
  ['extensions.allowlist', 'a/b,\tC.d/E-f_g , A/B', '[a/b, C.d/E-f_g]'],
  ['extensions.allowlist', 'allow/none', '[allow/none]'],
];

for (const [name, text, shown] of accepted) {
  test(`${name} takes ${JSON.stringify(text)} as ${shown}`, () => {
    const result = reparsed(name, text);
    expect(result).toBe(shown);
  });
}

const wrong: readonly (readonly [PropertyName, string])[] = [
  ['incomingconnections.enabled', 'yes'],
  ['incomingconnections.enabled', 'truee'],
  ['incomingconnections.ports', '0'],
  ['incomingconnections.ports', '65536'],
  ['incomingconnections.ports', '22,,23'],
  ['incomingconnections.ports', '22 23'],
  ['incomingconnections.ports', '0x16'],
  ['incomingconnections.ports', '22.5'],
  ['connection.type', 'tunnel'],
  ['proxy.bypass', 'AAD,Storage'],
  ['config.mode', 'locked'],
  ['extensions.agent.installnetwork', 'false'],
  ['extensions.agent.installnetwork', 'declared,none'],
  ['extensions.agent.cpulimit', '0'],
  ['extensions.agent.cpulimit', '101'],
  ['extensions.agent.cpulimit', '5%'],
  ['extensions.blocklist', 'Allow/None'],
  ['extensions.blocklist', 'a/b,ALLOW/NONE'],
];

for (const [name, text] of wrong) {
  test(`${name} refuses ${text}`, () => {
    const result = propertyOf(name).kind.parse(text);
    expect(result.ok || result.reason).toMatch(/.{6,}/);
  });
}

const reasons: readonly (readonly [PropertyName, string, string])[] = [
  ['incomingconnections.enabled', 'x', 'it must be true or false'],
  ['incomingconnections.ports', '22, x ', "'x' cannot be on the list: it must be a whole number from 1 to 65535"],
  ['incomingconnections.ports', Array.from({ length: 101 }, (_, i) => i + 1).join(','), 'it holds more than 100 items'],
  ['connection.type', 'x', 'it must be one of default, direct, gateway'],
  ['extensions.allowlist', 'x', "'x' is not publisher/type: it has no slash between publisher and type"],
  ['extensions.allowlist', ','.repeat(20_000), 'it holds more than 20000 entries'],
  [
    'extensions.blocklist',
    'Allow/None',
    "'Allow/None' belongs on extensions.allowlist; a blocklist names what is blocked",
  ],
];

for (const [name, text, reason] of reasons) {
  test(`${name} refuses ${text.slice(0, 20)} with its reason, and without a suggestion nobody has`, () => {
    expect(propertyOf(name).kind.parse(text)).toStrictEqual({ ok: false, reason });
  });
}

test('a value of the file is named when it is refused', () => {
  expect(propertyOf('incomingconnections.ports').kind.fromJson([22, 0])).toStrictEqual({
    ok: false,
    reason: "'0' cannot be on the list: it must be a whole number from 1 to 65535",
  });
});

const wrongJson: readonly (readonly [PropertyName, unknown])[] = [
  ['incomingconnections.enabled', 'true'],
  ['incomingconnections.enabled', null],
  ['incomingconnections.ports', '22'],
  ['incomingconnections.ports', ['22']],
  ['incomingconnections.ports', [22, 0]],
  ['connection.type', 'Default'],
  ['proxy.url', null],
  ['proxy.url', 'http://user:password@proxy'],
  ['proxy.url', 'proxy'],
  ['proxy.bypass', ['aad']],
  ['extensions.allowlist', 'a/b'],
  ['extensions.allowlist', ['a/b', 1]],
  ['extensions.allowlist', ['a']],
  ['extensions.allowlist', ['']],
  ['extensions.allowlist', { 0: 'a/b' }],
  ['extensions.blocklist', ['allow/none']],
  ['extensions.agent.cpulimit', '5'],
  ['extensions.agent.cpulimit', 5.5],
  ['extensions.agent.cpulimit', 101],
];

for (const [name, value] of wrongJson) {
  test(`T55 the file may not hold ${JSON.stringify(value)} for ${name}`, () => {
    const result = propertyOf(name).kind.fromJson(value);
    expect(result.ok || result.reason).toMatch(/.{6,}/);
  });
}

test('lists are bounded', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `a/b${i}`).join(',');
  expect(propertyOf('extensions.allowlist').kind.parse(many(20_000)).ok).toBe(true);
  expect(propertyOf('extensions.allowlist').kind.parse(many(20_001)).ok).toBe(false);
  const ports = (count: number) => Array.from({ length: count }, (_, i) => i + 1).join(',');
  expect(propertyOf('incomingconnections.ports').kind.parse(ports(100)).ok).toBe(true);
  expect(propertyOf('incomingconnections.ports').kind.parse(ports(101)).ok).toBe(false);
});

test('S4.9 monitor is an overlay: it decides four properties, keeps the own lists, and full brings them back', () => {
  const own = {
    ...defaultControls,
    'config.mode': 'monitor',
    'extensions.allowlist': extensionListOf([knownExtension('a/b')]),
    'extensions.blocklist': extensionListOf([knownExtension('c/d')]),
    'proxy.url': 'http://proxy:3128',
  } as const;
  expect(inForce(own)).toEqual({
    ...own,
    'extensions.allowlist': managedList,
    'extensions.blocklist': extensionListOf([]),
    'guestconfiguration.enabled': false,
    'incomingconnections.enabled': false,
  });
  expect(inForce(inForce(own))).toEqual(inForce(own));
  const full = { ...own, 'config.mode': 'full' } as const;
  expect(inForce(full)).toEqual(full);
});

test('S4.1 S4.10 the centre is told what is in force, in the documented shape', () => {
  const controls = {
    ...defaultControls,
    'extensions.allowlist': extensionListOf([knownExtension('A/b'), knownExtension('Allow/None')]),
    'extensions.blocklist': extensionListOf([knownExtension('c/d')]),
    'incomingconnections.ports': [22, 6516],
    'proxy.url': 'http://***@proxy:1',
    'proxy.bypass': ['AAD'],
    'guestconfiguration.enabled': false,
  } as const;
  const reported = agentConfigurationOf({ kind: 'in-force', controls, file: '/f', generation: 1 });
  expect(agentConfigurationSchema.parse(reported)).toEqual({
    proxyUrl: 'http://***@proxy:1',
    incomingConnectionsPorts: ['22', '6516'],
    extensionsAllowList: [
      { publisher: 'A', type: 'b' },
      { publisher: 'Allow', type: 'None' },
    ],
    extensionsBlockList: [{ publisher: 'c', type: 'd' }],
    proxyBypass: ['AAD'],
    extensionsEnabled: 'true',
    guestConfigurationEnabled: 'false',
    configMode: 'full',
  });
  const monitor = { ...controls, 'config.mode': 'monitor' } as const;
  expect(agentConfigurationOf({ kind: 'in-force', controls: monitor, file: '/f', generation: 1 })).toMatchObject({
    configMode: 'monitor',
    extensionsAllowList: managedList.entries.map(({ publisher, type }) => ({ publisher, type })),
    extensionsBlockList: [],
    guestConfigurationEnabled: 'false',
  });
});

test.each([
  ['full', true, 'true'],
  ['full', false, 'false'],
  ['monitor', true, 'false'],
  ['monitor', false, 'false'],
] as const)(
  'S4.8 S4.9 in %s mode, guestconfiguration.enabled %s: guest configuration may run: %s',
  (mode, own, reported) => {
    const controls = { ...defaultControls, 'config.mode': mode, 'guestconfiguration.enabled': own };
    const reading = { kind: 'in-force', controls, file: '/f', generation: 1 } as const;
    expect(agentConfigurationOf(reading).guestConfigurationEnabled).toBe(reported);
  },
);

test('T55 unreadable controls are reported as what they mean', () => {
  expect(agentConfigurationOf({ kind: 'unreadable', file: '/f', reason: 'x' })).toEqual({
    proxyUrl: '',
    incomingConnectionsPorts: [],
    extensionsAllowList: [{ publisher: 'Allow', type: 'None' }],
    extensionsBlockList: [],
    proxyBypass: [],
    extensionsEnabled: 'true',
    guestConfigurationEnabled: 'false',
    configMode: 'full',
  });
});

function reparsed(name: PropertyName, text: string): string {
  const result = changeProperty(defaultControls, name, { kind: 'set', text });
  return result.ok ? formatValue(result.value.controls, name) : `refused: ${result.reason}`;
}
