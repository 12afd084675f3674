/** Resources that share a handler, and those that may not (handler contract §5); what is canceled; order, seen through the whole plan. */
import type { GoalExtension } from '@sallyport/model/wire';
import { describe, expect, test } from 'vitest';
import type { InstalledExtension, SharingExtension } from '../state/installed-extension.ts';
import type { Conclusion } from './conclusion.ts';
import { unguarded } from '../orders/unguarded.fixture.ts';
import { allowAll, entry, other, record, told, v1, v2 } from './plan.fixture.ts';
import { plan, type Work } from './plan.ts';
import { asSeenBy, sharersToStop, sharingNamed, stepsOff, versionFor } from './shared-handler.ts';

/** A resource that has a part of the handler. */
const part = (resourceName: string, change: Partial<GoalExtension> = {}): GoalExtension =>
  entry({ resourceName, extensionName: resourceName, operationId: `wanted ${resourceName}`, ...change });
const done = { operationDone: true } as const;
const gone = { desired: 'absent', version: '' } as const;

const sharing = (extensionName: string, change: Partial<SharingExtension> = {}): SharingExtension => ({
  extensionName,
  resourceName: extensionName,
  enabledSequence: 7,
  handlerSequence: 7,
  operation: { id: `wanted ${extensionName}`, kind: 'install' },
  ...change,
});
const shared = (names: readonly SharingExtension[], change: Partial<InstalledExtension> = {}): InstalledExtension =>
  record('enabled', v1, { sharing: names, ...change });

function planned(
  extensions: readonly GoalExtension[],
  installed: readonly InstalledExtension[] = [],
  concluded: Readonly<Record<string, Conclusion>> = {},
  permit = allowAll,
): readonly string[] {
  const works = plan({
    goal: { machineId: 'm', generation: 1, extensions: [...extensions] },
    installed,
    concluded: new Map(Object.entries(concluded)),
    permit,
    judge: unguarded.judge,
    hosting: 'on',
    machineLife: 'this life',
    isHosted: () => false,
  });
  return works.map(line);
}

function line(work: Work): string {
  if (work.kind === 'held') return `held ${work.subject.resourceName} for ${work.for}, ${work.because}`;
  if (work.kind === 'upkeep') return `upkeep ${work.steps.map(told).join(', ')}`;
  const { resourceName } = work.entry;
  if (work.kind === 'refuse')
    return `refuse ${resourceName} ${work.code}${work.state === undefined ? '' : ` as ${work.state}`}`;
  if (work.kind === 'unsigned') return `unsigned ${resourceName}`;
  if (work.kind === 'wait') return `wait ${resourceName} for ${work.for.resourceName}`;
  if (work.kind === 'retreat') return `retreat ${resourceName} from ${work.version} for ${work.because.code}`;
  return `${work.operation} ${resourceName}: ${work.steps.map(told).join(', ')}`;
}

const whole = 'fetch 1.0.0, configure 1.0.0, install 1.0.0, enable 1.0.0, await-status 1.0.0';
const enabling = 'configure 1.0.0, enable 1.0.0, await-status 1.0.0';

test('without a goal state nothing is wanted', () => {
  const input = {
    installed: [],
    permit: allowAll,
    judge: unguarded.judge,
    hosting: 'on',
    machineLife: '',
    isHosted: () => false,
  } as const;
  expect(plan({ ...input, goal: undefined, concluded: new Map() })).toEqual([]);
});

describe('one handler, several resources', () => {
  test.each<[string, readonly GoalExtension[], readonly string[]]>([
    ['two parts', [part('a'), part('b')], [`install a: ${whole}`, `install b: ${whole}`]],
    ['three parts', [part('a'), part('b'), part('c')], ['a', 'b', 'c'].map((of) => `install ${of}: ${whole}`)],
    [
      'the whole of it, then a part',
      [entry({ resourceName: 'a' }), part('b')],
      [`install a: ${whole}`, 'refuse b OperationCanceled'],
    ],
    [
      'a part, then the whole of it',
      [part('a'), entry({ resourceName: 'b' })],
      [`install a: ${whole}`, 'refuse b OperationCanceled'],
    ],
    [
      'the whole of it twice',
      [entry({ resourceName: 'a' }), entry({ resourceName: 'b' })],
      [`install a: ${whole}`, 'refuse b OperationCanceled'],
    ],
    [
      'a refused one claims nothing that the first did not',
      [part('a'), entry({ resourceName: 'b' }), part('c')],
      [`install a: ${whole}`, 'refuse b OperationCanceled', `install c: ${whole}`],
    ],
    [
      'another handler is another matter',
      [entry({ resourceName: 'a' }), part('b', { type: other.type })],
      [`install a: ${whole}`, `install b: ${whole}`],
    ],
    [
      'case of publisher and type does not make another handler',
      [entry({ resourceName: 'a' }), entry({ resourceName: 'b', type: 'THING', publisher: 'contoso.TEST' })],
      [`install a: ${whole}`, 'refuse b OperationCanceled'],
    ],
  ])('%s', (_case, wanted, works) => {
    expect(planned(wanted)).toEqual(works);
  });

  test('a part that comes to an enabled handler is enabled and nothing else; one that is there is left alone', () => {
    const installed = [shared([sharing('a')])];
    expect(planned([part('a', done), part('b')], installed)).toEqual([`update b: ${enabling}`]);
    expect(planned([part('A', { ...done, extensionName: 'A' })], installed)).toEqual([]);
  });

  test('one that is leaving, or was enabled with other settings, is enabled anew', () => {
    expect(planned([part('a')], [shared([sharing('a', { leaving: true })])])).toEqual([`update a: ${enabling}`]);
    expect(planned([part('a', { sequence: 8 })], [shared([sharing('a')])])).toEqual([`install a: ${enabling}`]);
  });

  test('whoever has an open request goes first; those whose requests are over wait for it', () => {
    const installed = [shared([sharing('a')])];
    const again = part('a', { ...done, sequence: 8 });
    expect(planned([again, part('b')], installed)).toEqual([`update b: ${enabling}`]);
    // It is not open when it is canceled, concluded, or over itself.
    expect(planned([again, part('b', { cancel: true })], installed)).toEqual([
      `install a: ${enabling}`,
      'refuse b OperationCanceled as Canceled',
    ]);
    for (const state of ['Failed', 'Succeeded'] as const) {
      const concluded = { b: { operationId: 'wanted b', state } };
      expect(planned([again, part('b')], installed, concluded)).toContain(`install a: ${enabling}`);
    }
    expect(planned([again, part('b', done)], installed)).toContain(`install a: ${enabling}`);
    expect(planned([again, part('b', gone)], installed)[0]).toBe('delete b: ');
    // An operation of another name that ended says nothing of this one.
    expect(planned([again, part('b')], installed, { b: { operationId: 'an earlier one', state: 'Failed' } })).toEqual([
      `update b: ${enabling}`,
    ]);
  });

  test('those whose requests are over follow the version that works; an open request leads', () => {
    const installed = [record('enabled', v2, { sharing: [sharing('a'), sharing('b')] })];
    expect(planned([part('a', done), part('b', done)], installed)).toEqual([]);
    expect(versionFor(part('a', done), installed)).toBe(v2);
    expect(versionFor(part('a'), installed)).toBe(v1);
    expect(versionFor(entry(done), installed)).toBe(v1);
    expect(versionFor(part('a', done), [record('enabled', v2)])).toBe(v1);
    expect(versionFor(part('a', done), [record('placed', v2, { sharing: [] })])).toBe(v1);
    expect(versionFor(part('a', { version: 'none' }), installed)).toBeUndefined();
  });
});

describe('leaving a handler', () => {
  const both = [shared([sharing('a'), sharing('b')])];
  test.each<[string, readonly GoalExtension[], readonly InstalledExtension[], readonly string[]]>([
    ['others stay: taken off', [part('a', gone), part('b', done)], both, ['delete a: take-off 1.0.0']],
    ['both go: each is taken off, the handler with the last', [part('a', gone)], both, ['delete a: take-off 1.0.0']],
    [
      'the last one takes the handler along',
      [part('a', gone)],
      [shared([sharing('a')])],
      ['delete a: disable 1.0.0, uninstall 1.0.0, discard 1.0.0'],
    ],
    [
      'the last of the goal stays in the handler although nothing of it is there yet',
      [part('a', gone), part('b')],
      [shared([sharing('a')])],
      ['delete a: take-off 1.0.0', `update b: ${enabling}`],
    ],
    [
      'all go: the handler goes with the one that is there',
      [part('a', gone), part('b', gone)],
      [shared([sharing('a')])],
      ['delete a: disable 1.0.0, uninstall 1.0.0, discard 1.0.0', 'delete b: '],
    ],
    [
      'who stays in another handler does not keep this one',
      [part('a', gone), part('x', { type: other.type })],
      [shared([sharing('a')])],
      ['delete a: disable 1.0.0, uninstall 1.0.0, discard 1.0.0', `install x: ${whole}`],
    ],
    ['nothing of it is there', [part('c', gone), part('a', done)], both, ['delete c: ']],
    ['nothing of it is there, and none is wanted', [part('c', gone)], both, ['delete c: ']],
    [
      'one that never got that far, for which the tree was brought',
      [part('a', gone)],
      [record('placed', v1, { sharing: [], resourceName: 'a' })],
      ['delete a: discard 1.0.0'],
    ],
    [
      'the same while others want it',
      [part('a', gone), part('b', done)],
      [record('placed', v1, { sharing: [], resourceName: 'a' })],
      ['delete a: ', expect.stringMatching(/^install b: /)],
    ],
    [
      'a tree that was brought for another, which nobody wants any more',
      [part('c', gone)],
      [record('placed', v1, { sharing: [], resourceName: 'a' })],
      ['delete c: discard 1.0.0'],
    ],
  ])('%s', (_case, wanted, installed, works) => {
    expect(planned(wanted, installed)).toEqual(works);
  });

  test('only from versions that work; case does not count', () => {
    const [one] = both;
    if (one === undefined) throw new Error('it is there');
    expect(stepsOff('A', one, true).map(told)).toEqual(['take-off 1.0.0']);
    expect(stepsOff('a', { ...one, phase: 'kept' }, true)).toEqual([]);
    expect(stepsOff('a', one, false).map(told)).toEqual(['take-off 1.0.0']);
    expect(sharingNamed(one, 'B')).toEqual(sharing('b'));
    expect(sharingNamed(record('enabled'), 'b')).toBeUndefined();
  });
});

test('for whom a handler is disabled: each of its extensions but those that leave, or its one resource', () => {
  const leaving = sharing('b', { leaving: true });
  expect(sharersToStop(shared([sharing('a'), leaving]))).toEqual([sharing('a')]);
  expect(sharersToStop(record('enabled'))).toEqual([undefined]);
  expect(sharersToStop(shared([]))).toEqual([]);
});

test('what a part sees of the records: its own sequence, and no more than an installed handler when it has none', () => {
  const [seen] = asSeenBy(part('a'), [shared([sharing('a', { enabledSequence: 3 })], { enabledSequence: 9 })]);
  expect(seen).toMatchObject({ phase: 'enabled', enabledSequence: 3, operation: { id: 'wanted a' } });
  expect(asSeenBy(part('b'), [shared([sharing('a')])])).toMatchObject([{ phase: 'installed', suspended: false }]);
  const suspended = shared([sharing('a')], { phase: 'installed', suspended: true });
  expect(asSeenBy(part('b'), [suspended])).toMatchObject([{ phase: 'installed', suspended: false }]);
  expect(asSeenBy(part('a'), [suspended])).toMatchObject([{ phase: 'installed', suspended: true }]);
  // What it cannot be told from otherwise is left as it is.
  for (const same of [
    record('enabled'),
    record('enabled', v2, { sharing: [sharing('b')] }),
    record('installed', v1, { sharing: [sharing('b')] }),
    record('placed', v1, { sharing: [] }),
  ])
    expect(asSeenBy(part('a'), [same])).toEqual([same]);
  expect(asSeenBy(entry(), [shared([sharing('a')])])).toEqual([shared([sharing('a')])]);
});

describe('canceled', () => {
  test.each<[string, GoalExtension, Readonly<Record<string, Conclusion>>, readonly string[]]>([
    ['before it began', entry({ cancel: true }), {}, ['refuse thing OperationCanceled as Canceled']],
    ['a removal before it began', entry({ ...gone, cancel: true }), {}, ['refuse thing OperationCanceled as Canceled']],
    ['not canceled', entry({ cancel: false }), {}, [`install thing: ${whole}`]],
    ['when it is over', entry({ cancel: true, ...done }), {}, []],
    ['a removal when it is over', entry({ ...gone, cancel: true, ...done }), {}, []],
    [
      'when its end is known here',
      entry({ cancel: true }),
      { thing: { operationId: 'wanted', state: 'Succeeded' } },
      [],
    ],
  ])('%s', (_case, wanted, concluded, works) => {
    expect(planned([wanted], [], concluded)).toEqual(works);
  });
});

test('an extension whose dependency failed here is told so; one whose dependency is under way waits', () => {
  const [first, second] = [
    entry({ resourceName: 'first', dependencyLevel: 1, operationId: 'one' }),
    entry({ resourceName: 'second', dependencyLevel: 2, operationId: 'two', type: other.type }),
  ];
  const waits = 'wait second for first';
  expect(planned([first, second])).toEqual([`install first: ${whole}`, waits]);
  expect(planned([first, second], [], { first: { operationId: 'one', state: 'Failed' } })).toEqual([
    'refuse second DependencyFailed',
  ]);
  expect(planned([first, second], [], { first: { operationId: 'another', state: 'Failed' } })).toEqual([
    `install first: ${whole}`,
    waits,
  ]);
});
