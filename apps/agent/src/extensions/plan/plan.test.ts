/** What is planned for one goal state: refusals and their words, which operation it is, the order, and what is over. */
import { isTerminal, operationStates, type OperationKind } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { describe, expect, test } from 'vitest';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { unguarded } from '../orders/unguarded.fixture.ts';
import { allowAll, entry, name, other, planned, record, told, v1, v2 } from './plan.fixture.ts';
import type { Permit } from './permission.ts';
import { resourceKey, type Conclusion } from './conclusion.ts';
import { plan, type Work } from './plan.ts';

const done = (state: Conclusion['state']): Conclusion => ({ operationId: 'wanted', state });
const absent = entry({ desired: 'absent', version: '' });

/** Everything planned for a goal state of several entries, nothing being over. */
function plannedAll(extensions: readonly GoalExtension[], installed: readonly InstalledExtension[]): readonly Work[] {
  const goal = { machineId: 'm', generation: 1, extensions: [...extensions] };
  return plan({
    goal,
    installed,
    concluded: new Map(),
    permit: allowAll,
    judge: unguarded.judge,
    hosting: 'on',
    machineLife: '',
    isHosted: () => false,
  });
}

describe('a refusal', () => {
  test.each([
    ['install', entry(), []],
    ['update', entry({ sequence: 8 }), [record('enabled')]],
    ['upgrade', entry({ version: v2 }), [record('enabled')]],
    ['delete', absent, [record('enabled')]],
  ] as const)(
    'S4.5 of the controls, for %s: code, words and explanation as they came',
    (operation, wanted, installed) => {
      const explanation = { outcome: 'block', rule: 'test', message: 'The list says no.', file: '/list' } as const;
      const asked: unknown[] = [];
      const permit: Permit = (...question) => {
        asked.push(question);
        return { allowed: false, code: 'ExtensionNotAllowed', explanation };
      };
      expect(planned(wanted, installed, permit)).toEqual([
        { kind: 'refuse', entry: wanted, code: 'ExtensionNotAllowed', message: 'The list says no.', explanation },
      ]);
      expect(asked).toEqual([[operation, name]]);
    },
  );

  const never: Permit = () => {
    throw new Error('the controls were asked');
  };

  test.each([
    ['Contoso.Test/Thing', 'x', "'Contoso.Test/Thing/x'", 'a publisher or a type may not hold a slash'],
    ['Contoso.Test', 'Thing\u200b', "'Contoso.Test/Thing\u200b'", 'it holds a character that is not plain ASCII'],
    ['Contoso.Test ', 'Thing', "'Contoso.Test /Thing'", "'Contoso.Test ' is not a publisher's name"],
    ['Contoso.Test', 'Th\u0456ng', "'Contoso.Test/Th\u0456ng'", 'it holds a character that is not plain ASCII'],
    ['', 'Thing', "'/Thing'", 'the publisher before the slash is missing'],
    ['Contoso.Test', '../../etc', "'Contoso.Test/../../etc'", 'a publisher or a type may not hold a slash'],
  ])('T05 T06 of a name that is not one (%j, %j), whatever the lists say', (publisher, type, quoted, reason) => {
    const message = `${quoted} is not the name of an extension: ${reason}. A name that is read loosely is a way round a list, so nothing was done.`;
    const explanation = { outcome: 'block', rule: 'malformed-name', message };
    for (const desired of ['present', 'absent'] as const) {
      const wanted = entry({ publisher, type, desired });
      const refusal = { kind: 'refuse', entry: wanted, code: 'ExtensionNotAllowed', message, explanation };
      expect(planned(wanted, [], never)).toEqual([refusal]);
      expect(planned(wanted, [], never, { operationId: 'before', state: 'Failed' })).toEqual([refusal]);
      expect(planned(wanted, [], never, done('Failed'))).toEqual([]);
    }
  });

  test.each(['', '1.x', '01.0', '1.0.0.0.0', '../1', ' 1.0.0'])('of a version that is not one (%j)', (version) => {
    const wanted = entry({ version });
    expect(planned(wanted, [record('enabled')], never)).toEqual([
      {
        kind: 'refuse',
        entry: wanted,
        code: 'PackageNotInCatalog',
        message: `'${version}' is not a version of an extension.`,
      },
    ]);
  });

  test('of a second resource for one extension: the first stands, whatever became of it', () => {
    const again = entry({ resourceName: 'again', operationId: 'two', publisher: name.publisher.toUpperCase() });
    const refusal = {
      kind: 'refuse',
      entry: again,
      code: 'OperationCanceled',
      message: `Another resource of this machine already stands for CONTOSO.TEST/Thing; change or delete that one.`,
    };
    expect(plannedAll([entry(), again], [])).toEqual([
      expect.objectContaining({ kind: 'perform', entry: entry() }),
      refusal,
    ]);
    // The first is as wanted.
    expect(plannedAll([entry({ operationDone: true }), again], [record('enabled')])).toEqual([refusal]);
    // The first ended badly and is not tried again: the second does not slip in.
    const input = { goal: { machineId: 'm', generation: 1, extensions: [entry(), again] }, installed: [] };
    const concluded = new Map([['thing', done('Failed')]]);
    expect(
      plan({
        ...input,
        concluded,
        permit: allowAll,
        judge: unguarded.judge,
        hosting: 'on',
        machineLife: '',
        isHosted: () => false,
      }),
    ).toEqual([refusal]);
    // Told once.
    concluded.set('again', { operationId: 'two', state: 'Canceled' });
    expect(
      plan({
        ...input,
        concluded,
        permit: allowAll,
        judge: unguarded.judge,
        hosting: 'on',
        machineLife: '',
        isHosted: () => false,
      }),
    ).toEqual([]);
  });

  test('of nothing else: another extension beside it, or one to be deleted, claims no name', () => {
    const beside = entry({ resourceName: 'beside', type: other.type });
    expect(plannedAll([entry(), beside], [])).toMatchObject([{ kind: 'perform' }, { kind: 'perform' }]);
    const gone = entry({ resourceName: 'gone', desired: 'absent' });
    expect(plannedAll([gone, entry()], [])).toMatchObject([{ kind: 'perform' }, { kind: 'perform' }]);
  });
});

describe('S4.4 which operation it is', () => {
  const wanted = entry({ sequence: 8, version: v2 });
  const begun = (kind: OperationKind): Partial<InstalledExtension> => ({ operation: { id: 'wanted', kind } });
  const table: readonly (readonly [string, OperationKind, readonly InstalledExtension[]])[] = [
    ['nothing is there', 'install', []],
    ['this version is enabled', 'update', [record('enabled', v2)]],
    ['this version is disabled', 'update', [record('installed', v2)]],
    ['another version is enabled', 'upgrade', [record('enabled', v1)]],
    ['another version is disabled', 'upgrade', [record('installed', v1)]],
    ['only leftovers are there', 'install', [record('placed', v1), record('uninstalled', v2)]],
    ['leftovers come before another version', 'upgrade', [record('fetching', v1), record('enabled', v1)]],
    ['it was begun: as what it began', 'upgrade', [record('placed', v2, begun('upgrade'))]],
    [
      'it was begun and the other is still there',
      'install',
      [record('enabled', v1), record('placed', v2, begun('install'))],
    ],
    ['another operation was begun', 'install', [record('placed', v2, { operation: { id: 'older', kind: 'upgrade' } })]],
    ['it was begun with another version', 'install', [record('placed', v1, begun('upgrade'))]],
    ['only another extension is there', 'install', [record('enabled', v1, { name: other })]],
  ];

  test.each(table)('%s: %s', (_situation, operation, installed) => {
    const asked: unknown[] = [];
    const permit: Permit = (...question) => {
      asked.push(question);
      return allowAll(...question);
    };
    const works = planned(wanted, installed, permit);
    expect(works).toEqual([{ kind: 'perform', entry: wanted, name, operation, steps: expect.any(Array) }]);
    expect(asked).toEqual([[operation, name]]);
  });
});

describe('the order', () => {
  test('removals come first; otherwise as the centre wrote them', () => {
    const named = (resourceName: string, type: string, desired: 'present' | 'absent'): GoalExtension =>
      entry({ resourceName, type, desired });
    const works = plannedAll(
      [
        named('one', 'One', 'present'),
        named('two', 'Two', 'absent'),
        named('three', 'Three', 'present'),
        named('four', 'Four', 'absent'),
      ],
      [],
    );
    expect(works.map((work) => ('entry' in work ? work.entry.resourceName : '?'))).toEqual([
      'two',
      'four',
      'one',
      'three',
    ]);
  });
});

describe('what is over is over', () => {
  const failures = ['Failed', 'TimedOut', 'Canceled'] as const;

  test.each(failures)(
    'S4.6 an operation that ended as %s is not begun anew, nor after the list was loosened',
    (state) => {
      expect(planned(entry(), [], allowAll, done(state))).toEqual([]);
      expect(planned(entry({ resourceName: 'THING' }), [], allowAll, done(state))).toEqual([]);
      expect(planned(absent, [], allowAll, done(state))).toEqual([]);
      expect(planned(absent, [record('enabled')], allowAll, done(state))).toEqual([]);
    },
  );

  test.each(operationStates.filter((state) => !isTerminal(state)))('one that is at %s is not over', (state) => {
    expect(planned(entry(), [], allowAll, done(state))).toMatchObject([{ kind: 'perform', operation: 'install' }]);
    expect(planned(absent, [], allowAll, done(state))).toMatchObject([{ kind: 'perform', operation: 'delete' }]);
  });

  test('a new request after a failed one is begun', () => {
    const works = planned(entry({ operationId: 'next' }), [], allowAll, done('Failed'));
    expect(works).toMatchObject([{ kind: 'perform', operation: 'install' }]);
    const deleted = planned(entry({ ...absent, operationId: 'next' }), [record('enabled')], allowAll, done('Failed'));
    expect(deleted).toMatchObject([{ kind: 'perform', operation: 'delete' }]);
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

  test('enabled, but nobody has heard how that went: it is asked', () => {
    const works = planned(entry(), [record('enabled')], allowAll);
    expect(works).toMatchObject([{ operation: 'update', steps: [{ kind: 'await-status', version: v1 }] }]);
  });
});

describe('a delete', () => {
  test('S4.6 of what is not there is answered; once answered, or told as over, nothing more', () => {
    expect(planned(absent, [], allowAll)).toEqual([
      { kind: 'perform', entry: absent, name, operation: 'delete', steps: [] },
    ]);
    expect(planned(absent, [], allowAll, done('Succeeded'))).toEqual([]);
    expect(planned(entry({ ...absent, operationDone: true }), [], allowAll)).toEqual([]);
  });

  test('what is there goes, also when the operation was said to be over', () => {
    const steps = (wanted: GoalExtension, concluded?: Conclusion): readonly (readonly string[])[] =>
      planned(wanted, [record('installed'), record('placed', v2)], allowAll, concluded).map((work) =>
        work.kind === 'perform' ? work.steps.map(told) : [work.kind],
      );
    const all = [['uninstall 1.0.0', 'discard 1.0.0', 'discard 2.0.0']];
    expect(steps(absent)).toEqual(all);
    expect(steps(entry({ ...absent, operationDone: true }))).toEqual(all);
    expect(steps(absent, done('Succeeded'))).toEqual(all);
  });

  test('concerns only what was installed for that resource, in whatever case it is written', () => {
    const elses = record('enabled', v1, { resourceName: 'somebody-elses' });
    expect(planned(absent, [elses], allowAll)).toMatchObject([{ kind: 'perform', steps: [] }]);
    const own = record('placed', v1, { resourceName: 'THING' });
    expect(planned(absent, [own, elses], allowAll)).toMatchObject([{ steps: [{ kind: 'discard', version: v1 }] }]);
    expect(resourceKey(own)).toBe('thing');
  });

  test('concerns only that extension', () => {
    const beside = record('enabled', v1, { name: other });
    expect(planned(absent, [beside], allowAll)).toMatchObject([{ kind: 'perform', steps: [] }]);
  });
});
