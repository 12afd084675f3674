/** The manager's use of the decision over the whole table of S4.4, and the way from every state to every goal. */
import {
  defaultControls,
  extensionListOf,
  knownExtension,
  type ControlsReading,
  type LocalControls,
} from '@sallyport/local-controls';
import {
  operationKinds,
  parseHandlerVersion,
  type GoalExtension,
  type HandlerVersion,
  type OperationKind,
} from '@sallyport/model';
import { describe, expect, test } from 'vitest';
import { permitOf } from '../permit.ts';
import { phases, type InstalledExtension, type Phase } from '../state/installed-extension.ts';
import { plan, type Conclusion, type Work } from './plan.ts';
import type { Permit } from './permission.ts';
import { reachesOut, type Step } from './step.ts';

const name = knownExtension('Contoso.Test/Thing');
const other = knownExtension('Contoso.Test/Else');
const [v1, v2, v3] = ['1.0.0', '2.0.0', '3.0.0'].map((text) => parseHandlerVersion(text)) as [
  HandlerVersion,
  HandlerVersion,
  HandlerVersion,
];

function entry(change: Partial<GoalExtension> = {}): GoalExtension {
  return {
    resourceName: 'thing',
    publisher: name.publisher,
    type: name.type,
    desired: 'present',
    version: v1,
    operationId: 'wanted',
    operationDone: false,
    sequence: 7,
    settings: {},
    protectedSettings: { kind: 'none' },
    packageUrls: [],
    ...change,
  };
}

function record(
  phase: Phase,
  version: HandlerVersion = v1,
  change: Partial<InstalledExtension> = {},
): InstalledExtension {
  const enabled = phase === 'enabled' ? { enabledSequence: 7 } : {};
  const operation = { id: 'earlier', kind: 'install' } as const;
  return { name, version, resourceName: 'thing', phase, operation, ...enabled, ...change };
}

function planned(
  wanted: GoalExtension,
  installed: readonly InstalledExtension[],
  permit: Permit,
  concluded?: Conclusion,
): readonly Work[] {
  return plan({
    goal: { machineId: 'm', generation: 1, extensions: [wanted] },
    installed,
    concluded: new Map(concluded === undefined ? [] : [[wanted.resourceName.toLowerCase(), concluded]]),
    permit,
  });
}

const allowAll: Permit = () => ({ allowed: true, explanation: { outcome: 'allow', rule: 'test', message: 'allowed' } });

/** What makes each operation the one that is meant. */
const situations: Readonly<Record<OperationKind, readonly [GoalExtension, readonly InstalledExtension[]]>> = {
  install: [entry(), []],
  update: [entry({ sequence: 8 }), [record('enabled')]],
  upgrade: [entry({ version: v2, sequence: 8 }), [record('enabled')]],
  delete: [entry({ desired: 'absent', version: '' }), [record('enabled')]],
};

describe('S4.4 the table, as the manager acts on it', () => {
  const lists = (allow: readonly string[], block: readonly string[]): Partial<LocalControls> => ({
    'extensions.allowlist': extensionListOf(allow.map(knownExtension)),
    'extensions.blocklist': extensionListOf(block.map(knownExtension)),
  });
  const own = 'contoso.test/THING';
  const elsewhere = 'Contoso.Test/Else';
  // Written down by hand from the specification: install, update, upgrade, delete.
  const table: readonly (readonly [string, Partial<LocalControls>, string])[] = [
    ['allowlist only', lists([own], []), 'AAAA'],
    ['blocklist only', lists([], [own]), 'BBBA'],
    ['on both', lists([own], [own]), 'BBBA'],
    ['on neither, allowlist set', lists([elsewhere], []), 'BBBA'],
    ['on neither, both lists set', lists([elsewhere], [elsewhere]), 'BBBA'],
    ['on neither, only a blocklist set', lists([], [elsewhere]), 'AAAA'],
    ['no list set', lists([], []), 'AAAA'],
    ['Allow/None', lists(['Allow/None'], []), 'BBBA'],
    ['monitor mode, not on the managed list', { 'config.mode': 'monitor' }, 'BBBA'],
    ['monitor mode, own allowlist set aside', { 'config.mode': 'monitor', ...lists([own], []) }, 'BBBA'],
    ['manager disabled', { 'extensions.enabled': false }, 'XXXX'],
    ['manager disabled, allowed by list', { 'extensions.enabled': false, ...lists([own], []) }, 'XXXX'],
  ];
  const letters = new Map([
    ['ExtensionNotAllowed', 'B'],
    ['ExtensionManagerDisabled', 'X'],
    ['LocalControlsUnreadable', 'U'],
  ]);

  /** What the manager does for each operation in turn, in the letters of the table. */
  function rowOf(reading: ControlsReading): string {
    return operationKinds
      .map((operation) => {
        const [wanted, installed] = situations[operation];
        const permit = permitOf({ machine: 'gatehouse', readControls: () => reading });
        const [work, ...more] = planned(wanted, installed, permit);
        if (work === undefined || more.length > 0) return '?';
        if (work.kind === 'perform') return work.operation === operation ? 'A' : '?';
        const told = work.message.includes("'gatehouse'") && work.message.includes('/controls.json');
        return told ? (letters.get(work.code) ?? '?') : '?';
      })
      .join('');
  }

  test.each(table)('S4.4 %s', (_title, change, row) => {
    const controls = { ...defaultControls, ...change };
    expect(rowOf({ kind: 'in-force', controls, file: '/controls.json', generation: 1 })).toBe(row);
  });

  test('T54 unreadable controls: nothing but a delete', () => {
    expect(operationKinds).toEqual(['install', 'update', 'upgrade', 'delete']);
    const reason = '/controls.json is writable by others.';
    expect(rowOf({ kind: 'unreadable', file: '/controls.json', reason })).toBe('UUUA');
  });
});

/** Every single version in every phase, and every pair of versions, also of an operation that was interrupted. */
function everyState(): readonly (readonly InstalledExtension[])[] {
  const operations = [
    { id: 'earlier', kind: 'install' },
    { id: 'wanted', kind: 'upgrade' },
  ] as const;
  const singles = phases.flatMap((phase) => operations.map((operation) => record(phase, v1, { operation })));
  const seconds = phases.flatMap((phase) => operations.map((operation) => record(phase, v2, { operation })));
  return [[], ...singles.map((one) => [one]), ...singles.flatMap((one) => seconds.map((two) => [one, two]))];
}

const everyGoal: readonly GoalExtension[] = [
  entry(),
  entry({ sequence: 8 }),
  entry({ version: v2 }),
  entry({ version: v3 }),
  entry({ operationDone: true }),
  entry({ version: v3, operationDone: true }),
  entry({ desired: 'absent', version: '' }),
];

describe('no step reaches out without an allow for exactly its operation', () => {
  test('S4.5 T01 whatever is there and whatever is wanted', () => {
    for (const installed of everyState()) {
      for (const wanted of everyGoal) {
        for (const allowedOperation of [undefined, ...operationKinds]) {
          const asked: OperationKind[] = [];
          const permit: Permit = (operation) => {
            asked.push(operation);
            const explanation = { outcome: 'block', rule: 'test', message: operation } as const;
            if (operation === allowedOperation)
              return { allowed: true, explanation: { ...explanation, outcome: 'allow' } };
            return { allowed: false, code: 'ExtensionNotAllowed', explanation };
          };
          for (const work of planned(wanted, installed, permit)) {
            const answeredAs = work.kind === 'perform' ? [work.operation] : [work.message];
            expect(answeredAs).toEqual(asked);
            expect(work.kind === 'perform').toBe(asked[0] === allowedOperation);
          }
        }
      }
    }
  });

  test('steps that fetch or run something are the ones that reach out', () => {
    const quiet = Object.entries(reachesOut).flatMap(([kind, out]) => (out ? [] : [kind]));
    expect(quiet).toEqual(['await-status', 'discard']);
  });

  test('T05 T06 a name that is not one is refused, whatever the lists say', () => {
    for (const [publisher, type] of [
      ['Contoso.Test/Thing', 'x'],
      ['Contoso.Test', 'Thing​'],
      ['Contoso.Test ', 'Thіng'],
      ['', 'Thing'],
      ['Contoso.Test', '../../etc'],
    ] as const) {
      for (const desired of ['present', 'absent'] as const) {
        const works = planned(entry({ publisher, type, desired }), [], allowAll);
        expect(works).toMatchObject([
          { kind: 'refuse', code: 'ExtensionNotAllowed', explanation: { rule: 'malformed-name' } },
        ]);
      }
    }
  });

  test('two resources for one extension: the second is refused', () => {
    const goal = {
      machineId: 'm',
      generation: 1,
      extensions: [entry(), entry({ resourceName: 'again', operationId: 'two' })],
    };
    const works = plan({ goal, installed: [], concluded: new Map(), permit: allowAll });
    expect(works.map(({ kind }) => kind)).toEqual(['perform', 'refuse']);
  });
});

describe('what is over is over', () => {
  const done = (state: Conclusion['state']): Conclusion => ({ operationId: 'wanted', state });

  test('S4.6 a refused or failed operation is not begun anew, nor after the list was loosened', () => {
    for (const state of ['Failed', 'TimedOut', 'Canceled'] as const) {
      expect(planned(entry(), [], allowAll, done(state))).toEqual([]);
    }
  });

  test('a new request after a failed one is', () => {
    const works = planned(entry({ operationId: 'next' }), [], allowAll, done('Failed'));
    expect(works).toMatchObject([{ kind: 'perform', operation: 'install' }]);
  });

  test('S2.4 what was removed locally is installed again', () => {
    expect(planned(entry({ operationDone: true }), [], allowAll, done('Succeeded'))).toMatchObject([
      { kind: 'perform', operation: 'install' },
    ]);
  });

  test('what is as wanted is left alone, also when the journal is about a later request that was refused', () => {
    const settled = [record('enabled')];
    expect(planned(entry({ operationDone: true }), settled, allowAll)).toEqual([]);
    const refusedLater = { operationId: 'later', state: 'Failed' } as const;
    expect(planned(entry({ operationDone: true }), settled, allowAll, refusedLater)).toEqual([]);
    expect(planned(entry(), settled, allowAll, done('Succeeded'))).toEqual([]);
  });

  test('S4.6 a delete of what is not there is answered; once answered, nothing more', () => {
    const absent = entry({ desired: 'absent', version: '' });
    expect(planned(absent, [], allowAll)).toMatchObject([{ kind: 'perform', operation: 'delete', steps: [] }]);
    expect(planned(absent, [], allowAll, done('Succeeded'))).toEqual([]);
  });

  test('a delete concerns only what was installed for that resource', () => {
    const absent = entry({ desired: 'absent', version: '' });
    const works = planned(absent, [record('enabled', v1, { resourceName: 'somebody-elses' })], allowAll);
    expect(works).toMatchObject([{ kind: 'perform', steps: [] }]);
  });

  test('another extension is never touched', () => {
    const works = planned(entry(), [record('enabled', v2, { name: other })], allowAll);
    expect(works).toMatchObject([{ kind: 'perform', operation: 'install' }]);
  });
});

/** What each step means for the records, as the executors do it. Undefined for one that may not come in this state. */
function after(
  step: Step,
  records: readonly InstalledExtension[],
  wanted: GoalExtension,
): readonly InstalledExtension[] {
  const of = (version: HandlerVersion): InstalledExtension => {
    const found = records.find((one) => one.version === version);
    if (found === undefined) throw new Error(`${step.kind} ${version}: there is no such version`);
    return found;
  };
  const change = (
    version: HandlerVersion,
    to: Partial<InstalledExtension>,
    from: readonly Phase[],
  ): readonly InstalledExtension[] => {
    const found = of(version);
    if (!from.includes(found.phase)) throw new Error(`${step.kind} ${version} in phase ${found.phase}`);
    return records.map((one) => (one === found ? { ...one, ...to } : one));
  };
  const operation = { id: wanted.operationId, kind: 'install' } as const;
  switch (step.kind) {
    case 'fetch':
      if (records.some(({ version }) => version === step.version)) throw new Error('fetched over a record');
      return [...records, record('placed', step.version, { operation })];
    case 'configure':
      return change(step.version, {}, ['placed', 'updated', 'installed', 'enabled']);
    case 'disable-before':
      of(step.version);
      return change(step.before, { phase: 'installed' }, ['enabled']);
    case 'carry-over':
      of(step.before);
      return change(step.version, {}, ['placed']);
    case 'update':
      if (of(step.before).phase !== 'installed') throw new Error('updated from a version that was not disabled');
      return change(step.version, { phase: 'updated' }, ['placed']);
    case 'uninstall-before':
      if (of(step.version).phase !== 'updated') throw new Error('uninstalled before the new version had taken over');
      return change(step.before, { phase: 'uninstalled' }, ['installed', 'enabled']);
    case 'install':
      return change(step.version, { phase: 'installed' }, [step.afterUpdate ? 'updated' : 'placed']);
    case 'enable':
      return change(step.version, { phase: 'enabled', enabledSequence: wanted.sequence, operation }, [
        'installed',
        'enabled',
      ]);
    case 'await-status':
      return change(step.version, {}, ['enabled']);
    case 'disable':
      return change(step.version, { phase: 'installed' }, ['enabled']);
    case 'uninstall':
      return change(step.version, { phase: 'uninstalled' }, ['updated', 'installed']);
    case 'discard':
      return records.filter((one) => one !== of(step.version));
  }
  return records;
}

describe('T84 from every state, interrupted anywhere', () => {
  test('the plan of what is left leads to what is wanted and to nothing else', () => {
    let walked = 0;
    for (const begin of everyState()) {
      for (const wanted of everyGoal) {
        // Interrupted after every number of steps, then again and again, a step later each time.
        for (let interruptedAfter = 0; interruptedAfter < 14; interruptedAfter += 1) {
          const end = walk(begin, wanted, interruptedAfter);
          walked += 1;
          const { version, sequence } = wanted;
          const settled = { version, phase: 'enabled', enabledSequence: sequence };
          expect(end).toMatchObject(wanted.desired === 'absent' ? [] : [settled]);
          expect(end).toHaveLength(wanted.desired === 'absent' ? 0 : 1);
        }
      }
    }
    expect(walked).toBeGreaterThan(10_000);
  });

  /** Plans, does some of it, "crashes", plans again; fails when that does not come to an end. */
  function walk(
    begin: readonly InstalledExtension[],
    wanted: GoalExtension,
    interruptedAfter: number,
  ): readonly InstalledExtension[] {
    let records = begin;
    let room = interruptedAfter;
    let heard: Conclusion | undefined;
    for (let round = 0; round < 40; round += 1) {
      const [work] = planned(wanted, records, allowAll, heard);
      if (work === undefined) return records;
      if (work.kind !== 'perform') throw new Error(work.message);
      for (const step of work.steps.slice(0, room === 0 ? undefined : room)) records = after(step, records, wanted);
      if (room === 0 || room >= work.steps.length) heard = { operationId: wanted.operationId, state: 'Succeeded' };
      else room += 1;
    }
    throw new Error('no end');
  }
});
