import { expect, test } from 'vitest';
import {
  changeProperty,
  defaultControls,
  extensionListOf,
  formatValue,
  knownExtension,
  managedList,
  propertyNames,
  propertyOf,
  type LocalControls,
  type PropertyChange,
  type PropertyName,
} from './index.ts';

function changed(controls: LocalControls, name: PropertyName, change: PropertyChange) {
  const result = changeProperty(controls, name, change);
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

function refusal(controls: LocalControls, name: PropertyName, change: PropertyChange): string {
  const result = changeProperty(controls, name, change);
  if (result.ok) throw new Error('accepted');
  return result.reason;
}

const set = (text: string): PropertyChange => ({ kind: 'set', text });
const lists = (allow: readonly string[], block: readonly string[]): LocalControls => ({
  ...defaultControls,
  'extensions.allowlist': extensionListOf(allow.map(knownExtension)),
  'extensions.blocklist': extensionListOf(block.map(knownExtension)),
});

test('S4.3 set replaces, add is a union, remove a difference, clear the default; case does not count', () => {
  let controls: LocalControls = defaultControls;
  const step = (change: PropertyChange, shown: string) => {
    ({ controls } = changed(controls, 'extensions.allowlist', change));
    expect(formatValue(controls, 'extensions.allowlist')).toBe(shown);
  };
  step(set('a/b'), '[a/b]');
  step(set('c/d'), '[c/d]');
  step({ kind: 'add', text: 'e/f,C/D' }, '[c/d, e/f]');
  step({ kind: 'remove', text: 'E/F' }, '[c/d]');
  step({ kind: 'clear' }, '[]');
  const ports = changed({ ...controls, 'incomingconnections.ports': [22] }, 'incomingconnections.ports', {
    kind: 'add',
    text: '23,22',
  });
  expect(ports.controls['incomingconnections.ports']).toEqual([22, 23]);
  const fewer = changed(ports.controls, 'incomingconnections.ports', { kind: 'remove', text: '22' });
  expect(fewer.controls['incomingconnections.ports']).toEqual([23]);
  const bypass = changed({ ...controls, 'proxy.bypass': ['AAD'] }, 'proxy.bypass', { kind: 'remove', text: 'aad' });
  expect(bypass.controls['proxy.bypass']).toEqual([]);
});

test('only the property that was named changes', () => {
  const before = lists(['a/b'], ['c/d']);
  const { controls } = changed(before, 'extensions.enabled', set('false'));
  expect(controls).toEqual({ ...before, 'extensions.enabled': false });
  expect(before['extensions.enabled']).toBe(true);
});

test('an empty value is never "no list": it is refused and says how to clear', () => {
  for (const name of propertyNames) {
    for (const text of ['', '  ']) {
      expect(refusal(defaultControls, name, set(text))).toBe(
        `the value is empty; to reset it: azcmagent config clear ${name}`,
      );
    }
  }
});

test('--add and --remove are for lists only', () => {
  for (const kind of ['add', 'remove'] as const) {
    expect(refusal(defaultControls, 'extensions.enabled', { kind, text: 'true' })).toBe(
      '--add and --remove are for lists only',
    );
  }
});

test('S4.12 a malformed entry refuses set, add and remove alike', () => {
  for (const kind of ['set', 'add', 'remove'] as const) {
    expect(refusal(lists(['a/b'], []), 'extensions.allowlist', { kind, text: 'a/b,nonsense' })).toContain("'nonsense'");
  }
});

const monitor: LocalControls = { ...lists(['a/b'], ['c/d']), 'config.mode': 'monitor' };

test('S4.9 in monitor mode neither list can be changed, in any way, and the error says to go back to full', () => {
  for (const name of ['extensions.allowlist', 'extensions.blocklist'] as const) {
    for (const change of [
      set('e/f'),
      { kind: 'add', text: 'e/f' },
      { kind: 'remove', text: 'a/b' },
      { kind: 'clear' },
    ] as const) {
      expect(refusal(monitor, name, change)).toBe(
        'monitor mode decides it; go back to full mode first with: azcmagent config set config.mode full',
      );
    }
  }
});

test('S4.9 what monitor mode switches off can be switched off and not on', () => {
  for (const name of ['guestconfiguration.enabled', 'incomingconnections.enabled'] as const) {
    expect(refusal(monitor, name, set('true'))).toContain('go back to full mode first');
    expect(refusal(monitor, name, { kind: 'clear' })).toContain('go back to full mode first');
    expect(changed(monitor, name, set('false')).controls[name]).toBe(false);
  }
});

test('S4.9 everything else can be changed in monitor mode, and full brings the own lists back', () => {
  expect(changed(monitor, 'extensions.enabled', set('false')).controls['extensions.enabled']).toBe(false);
  expect(changed(monitor, 'proxy.url', set('http://proxy:1')).controls['proxy.url']).toBe('http://proxy:1');
  const full = changed(monitor, 'config.mode', set('full'));
  expect(full).toEqual({ controls: { ...monitor, 'config.mode': 'full' }, warnings: [] });
  expect(changed(monitor, 'config.mode', { kind: 'clear' }).controls['config.mode']).toBe('full');
});

test('in full mode the two properties that monitor governs are free', () => {
  for (const name of ['guestconfiguration.enabled', 'incomingconnections.enabled'] as const) {
    const off = changed(defaultControls, name, set('false')).controls;
    expect(changed(off, name, set('true')).controls[name]).toBe(true);
    expect(changed(off, name, { kind: 'clear' }).controls[name]).toBe(true);
  }
});

test('monitor warns of managed extensions that an own blocklist blocks', () => {
  const own = lists([], ['contoso/backup', 'qualys/linuxagent.azuresecuritycenter']);
  expect(changed(own, 'config.mode', set('monitor')).warnings).toEqual([
    'Your blocklist is set aside in monitor mode, which allows what it blocks: Qualys/LinuxAgent.AzureSecurityCenter.',
  ]);
});

test('monitor warns of managed extensions that an own allowlist leaves out', () => {
  const names = managedList.entries.map((entry) => `${entry.publisher}/${entry.type}`);
  const [first = '', second = '', ...rest] = names;
  expect(changed(lists(rest, []), 'config.mode', set('monitor')).warnings).toEqual([
    `Your allowlist is set aside in monitor mode, which allows what it does not: ${first}, ${second}.`,
  ]);
  expect(changed(lists(names, []), 'config.mode', set('monitor')).warnings).toEqual([]);
  expect(changed(lists(['Allow/None'], []), 'config.mode', set('monitor')).warnings).toHaveLength(1);
});

test('monitor without own lists, and full, warn of nothing', () => {
  expect(changed(defaultControls, 'config.mode', set('monitor')).warnings).toEqual([]);
  expect(changed(lists(['a/b'], ['c/d']), 'config.mode', set('full')).warnings).toEqual([]);
  expect(changed(lists([], ['c/d']), 'config.mode', set('monitor')).warnings).toEqual([]);
});

test('in monitor mode other changes do not warn of the lists again', () => {
  const own = { ...lists(['a/b'], ['Qualys/LinuxAgent.AzureSecurityCenter']), 'config.mode': 'monitor' } as const;
  expect(changed(own, 'proxy.url', set('http://proxy')).warnings).toEqual([]);
});

test('S4.3 emptying an allowlist opens the machine: that is said, with the way to allow nothing', () => {
  const remove: PropertyChange = { kind: 'remove', text: 'a/b' };
  expect(changed(lists(['a/b'], []), 'extensions.allowlist', remove).warnings).toEqual([
    'The allowlist is now empty, so every extension is allowed. To allow nothing: azcmagent config set extensions.allowlist "Allow/None"',
  ]);
  expect(changed(lists(['a/b'], ['c/d']), 'extensions.allowlist', { kind: 'clear' }).warnings[0]).toContain(
    'everything that the blocklist does not name is allowed',
  );
  expect(changed(lists(['a/b', 'c/d'], []), 'extensions.allowlist', remove).warnings).toEqual([]);
  expect(changed(defaultControls, 'extensions.allowlist', { kind: 'clear' }).warnings).toEqual([]);
});

test('T07 removing an entry that is not there is said', () => {
  expect(changed(lists(['a/b'], []), 'extensions.allowlist', { kind: 'remove', text: 'a/c,a/B' }).warnings[0]).toBe(
    'a/c was not on extensions.allowlist.',
  );
  expect(changed(lists([], ['a/b']), 'extensions.blocklist', { kind: 'remove', text: 'a/c' }).warnings).toEqual([
    'a/c was not on extensions.blocklist.',
  ]);
  expect(changed(lists([], ['a/b']), 'extensions.blocklist', { kind: 'add', text: 'a/c' }).warnings).toEqual([]);
  expect(changed(defaultControls, 'proxy.bypass', { kind: 'remove', text: 'AAD' }).warnings).toEqual([]);
});

test('S4.7 Allow/None beside other entries is said', () => {
  const warning =
    'Allow/None is on the allowlist, so nothing can be installed; the other entries have no effect while it is there.';
  expect(changed(defaultControls, 'extensions.allowlist', set('a/b,Allow/None')).warnings).toEqual([warning]);
  expect(changed(defaultControls, 'extensions.allowlist', set('Allow/None')).warnings).toEqual([]);
  expect(changed(defaultControls, 'extensions.allowlist', set('a/b,c/d')).warnings).toEqual([]);
});

test('S4.4 an entry on both lists is said, whichever list is changed', () => {
  const warning = ['On both lists, and therefore blocked: A/b.'];
  expect(changed(lists([], ['a/b']), 'extensions.allowlist', set('A/b,c/d')).warnings).toEqual(warning);
  expect(changed(lists(['A/b'], []), 'extensions.blocklist', set('a/b')).warnings).toEqual(warning);
  expect(changed(lists(['A/b'], []), 'extensions.blocklist', set('x/y')).warnings).toEqual([]);
  expect(changed(lists(['a/b'], ['a/b']), 'extensions.enabled', set('false')).warnings).toEqual([]);
});

test('clearing brings every property back to its default', () => {
  for (const name of propertyNames) {
    expect(changed(defaultControls, name, { kind: 'clear' }).controls[name]).toEqual(propertyOf(name).default);
  }
});
