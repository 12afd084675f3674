import { formatExtensionName, operationKinds, type OperationKind } from '@sallyport/model';
import { explanationSchema } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import {
  decide,
  defaultControls,
  explainExtension,
  extensionListOf,
  knownExtension,
  managedList,
  propertyOf,
  type ControlsReading,
  type LocalControls,
  type Verdict,
} from './index.ts';

const file = '/var/opt/azcmagent/localconfig.json';

function list(...names: string[]) {
  return extensionListOf(names.map(knownExtension));
}

function reading(changed: Partial<LocalControls> = {}): ControlsReading {
  return { kind: 'in-force', controls: { ...defaultControls, ...changed }, file, generation: 1 };
}

const unreadable: ControlsReading = { kind: 'unreadable', file, reason: `${file} cannot be used: it is empty.` };

/** The extension that the columns of S4.4 speak of, and a list that does not name it. */
const subject = 'Microsoft.Azure.Extensions/CustomScript';
const other = list('Contoso/Backup');
const named = list('Contoso/Backup', subject);

/** S4.4, column by column: what install, update and upgrade get. Delete is allowed in all but the last. */
const columns: readonly (readonly [string, Partial<LocalControls>, Verdict['outcome'], Verdict['rule']])[] = [
  ['allowlist only', { 'extensions.allowlist': named }, 'allow', 'on-allowlist'],
  ['blocklist only', { 'extensions.blocklist': named }, 'block', 'on-blocklist'],
  ['on both', { 'extensions.allowlist': named, 'extensions.blocklist': named }, 'block', 'on-blocklist'],
  ['on neither, allowlist set', { 'extensions.allowlist': other }, 'block', 'not-on-allowlist'],
  [
    'on neither, both lists set',
    { 'extensions.allowlist': other, 'extensions.blocklist': other },
    'block',
    'not-on-allowlist',
  ],
  ['on neither, only a blocklist set', { 'extensions.blocklist': other }, 'allow', 'not-on-blocklist'],
  ['no list set', {}, 'allow', 'no-list-set'],
  ['Allow/None', { 'extensions.allowlist': list('Allow/None') }, 'block', 'allow-none'],
  ['Allow/None beside it', { 'extensions.allowlist': list(subject, 'Allow/None') }, 'block', 'allow-none'],
  ['manager disabled', { 'extensions.enabled': false }, 'cannot-run', 'extension-manager-disabled'],
  [
    'manager disabled, allowlist only',
    { 'extensions.enabled': false, 'extensions.allowlist': named },
    'cannot-run',
    'extension-manager-disabled',
  ],
];

const spellings = [
  subject,
  subject.toLowerCase(),
  subject.toUpperCase(),
  'mICROSOFT.aZURE.eXTENSIONS/cUSTOMsCRIPT',
  ` ${subject} `,
];

for (const [column, controls, outcome, rule] of columns) {
  for (const operation of operationKinds) {
    test(`S4.4 ${operation} × ${column}, every spelling (T06)`, () => {
      const disabled = rule === 'extension-manager-disabled';
      const expected =
        operation === 'delete' && !disabled ? { outcome: 'allow', rule: 'delete-always-allowed' } : { outcome, rule };
      for (const spelling of spellings) {
        expect(decide(operation, knownExtension(spelling), reading(controls))).toMatchObject(expected);
      }
    });
  }
}

test('T06 the spelling on the list does not matter either', () => {
  for (const spelling of spellings) {
    const controls = { 'extensions.blocklist': list(spelling) };
    expect(decide('install', knownExtension(subject), reading(controls)).outcome).toBe('block');
  }
});

test('S4.4 × monitor: only the managed list decides, whatever the own lists say (S4.9)', () => {
  const monitored = 'Qualys/LinuxAgent.AzureSecurityCenter';
  for (const [column, controls, outcome] of columns) {
    const asked = reading({ ...controls, 'config.mode': 'monitor' });
    const off = outcome === 'cannot-run';
    for (const operation of ['install', 'update', 'upgrade'] as const) {
      const verdicts = [monitored.toUpperCase(), subject].map((name) => decide(operation, knownExtension(name), asked));
      expect([column, ...verdicts.map((verdict) => verdict.rule)]).toEqual(
        off
          ? [column, 'extension-manager-disabled', 'extension-manager-disabled']
          : [column, 'on-managed-list', 'not-on-managed-list'],
      );
      expect(verdicts.map((verdict) => verdict.outcome)).toEqual(
        off ? ['cannot-run', 'cannot-run'] : ['allow', 'block'],
      );
    }
    expect(decide('delete', knownExtension(subject), asked).outcome).toBe(off ? 'cannot-run' : 'allow');
  }
});

test('S4.9 an own blocklist that names a managed extension is set aside in monitor mode and back with full', () => {
  const monitored = managedList.entries[0] ?? knownExtension('a/b');
  const own = { 'extensions.blocklist': extensionListOf([monitored]) };
  expect(decide('install', monitored, reading({ ...own, 'config.mode': 'monitor' })).outcome).toBe('allow');
  expect(decide('install', monitored, reading({ ...own, 'config.mode': 'full' })).outcome).toBe('block');
});

test('T54 T55 unreadable controls block everything but deletes, never "no lists"', () => {
  for (const operation of ['install', 'update', 'upgrade'] as const) {
    const verdict = decide(operation, knownExtension(subject), unreadable);
    expect(verdict).toMatchObject({ outcome: 'block', rule: 'local-controls-unreadable', file });
    expect(verdict.message).toContain('it is empty');
  }
  expect(decide('delete', knownExtension(subject), unreadable)).toMatchObject({
    outcome: 'allow',
    rule: 'delete-always-allowed',
  });
});

test('S4.6 a delete is always allowed while the manager runs', () => {
  for (const [, controls] of columns) {
    for (const mode of ['full', 'monitor'] as const) {
      const asked = reading({ ...controls, 'config.mode': mode, 'extensions.enabled': true });
      expect(decide('delete', knownExtension(subject), asked).outcome).toBe('allow');
    }
  }
});

test('S2.2 a verdict is one sentence that names operation, extension, list, entry and file, and can be reported', () => {
  const blocked = decide(
    'upgrade',
    knownExtension(subject),
    reading({ 'extensions.blocklist': list(subject.toLowerCase()) }),
  );
  expect(blocked).toEqual({
    outcome: 'block',
    rule: 'on-blocklist',
    message: `Upgrading ${subject} is blocked: extensions.blocklist in ${file} names ${subject.toLowerCase()}.`,
    entry: subject.toLowerCase(),
    file,
  });
  expect(explanationSchema.parse(blocked)).toEqual(blocked);
});

const messages: readonly (readonly [OperationKind, ControlsReading, string, string | undefined])[] = [
  [
    'install',
    reading(),
    `Installing a/b is allowed: neither extensions.allowlist nor extensions.blocklist is set in ${file}.`,
    undefined,
  ],
  [
    'install',
    reading({ 'extensions.allowlist': list('A/B') }),
    `Installing a/b is allowed: extensions.allowlist in ${file} names A/B.`,
    'A/B',
  ],
  [
    'update',
    reading({ 'extensions.allowlist': list('c/d') }),
    `Reconfiguring a/b is blocked: extensions.allowlist is set in ${file} and does not name it.`,
    undefined,
  ],
  [
    'install',
    reading({ 'extensions.blocklist': list('c/d') }),
    `Installing a/b is allowed: extensions.blocklist in ${file} does not name it, and no allowlist is set.`,
    undefined,
  ],
  [
    'install',
    reading({ 'extensions.allowlist': list('allow/none') }),
    `Installing a/b is blocked: extensions.allowlist in ${file} holds Allow/None, so nothing can be installed.`,
    'allow/none',
  ],
  [
    'install',
    reading({ 'config.mode': 'monitor' }),
    `Installing a/b is blocked: config.mode is monitor in ${file}, and its managed list does not name it.`,
    undefined,
  ],
  [
    'delete',
    reading({ 'extensions.enabled': false }),
    `Deleting a/b cannot run: extensions.enabled is false in ${file}.`,
    undefined,
  ],
  ['delete', reading(), 'Deleting a/b is allowed: a delete is always accepted, whatever the lists say.', undefined],
  [
    'delete',
    unreadable,
    `Deleting a/b is allowed: a delete is always accepted, even while ${file} cannot be trusted.`,
    undefined,
  ],
  [
    'install',
    unreadable,
    `Installing a/b is blocked: the local controls cannot be trusted: ${file} cannot be used: it is empty.`,
    undefined,
  ],
];

for (const [operation, asked, message, entry] of messages) {
  test(`the sentence: ${message}`, () => {
    const verdict = decide(operation, knownExtension('a/b'), asked);
    expect(verdict.message).toBe(message);
    expect(verdict.entry).toBe(entry);
  });
}

test('the sentence of the managed list names its entry', () => {
  const name = managedList.entries[1] ?? knownExtension('a/b');
  const verdict = decide('install', name, reading({ 'config.mode': 'monitor' }));
  expect(verdict.message).toBe(
    `Installing ${formatExtensionName(name)} is allowed: config.mode is monitor in ${file}, and its managed list names it.`,
  );
  expect(verdict.entry).toBe(formatExtensionName(name));
});

test('explain gives the verdict on all four operations, or on those asked for', () => {
  const extension = knownExtension(subject);
  const asked = reading({ 'extensions.blocklist': list(subject) });
  expect(explainExtension(extension, asked)).toEqual(
    operationKinds.map((operation) => ({ operation, ...decide(operation, extension, asked) })),
  );
  expect(explainExtension(extension, asked, ['delete'])).toHaveLength(1);
});

test('the decision takes lists as the command line gives them', () => {
  const parsed = propertyOf('extensions.allowlist').kind.parse('microsoft.azure.monitor/azuremonitorlinuxagent');
  if (!parsed.ok) throw new Error(parsed.reason);
  const asked = reading({ 'extensions.allowlist': parsed.value });
  expect(decide('install', knownExtension('Microsoft.Azure.Monitor/AzureMonitorLinuxAgent'), asked).outcome).toBe(
    'allow',
  );
});
