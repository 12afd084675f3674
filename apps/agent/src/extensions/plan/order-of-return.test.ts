/** Order among extensions that are enabled again (handler contract §6, S4.11). */
import { knownExtension } from '@sallyport/local-controls';
import { extensionKey } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import type { InstalledExtension } from '../state/installed-extension.ts';
import type { Placed } from './dependency-levels.ts';
import { unguarded } from '../orders/unguarded.fixture.ts';
import { returnInOrder } from './order-of-return.ts';
import { allowAll, entry, failure, record, told, v1, v2 } from './plan.fixture.ts';
import { plan, type Work } from './plan.ts';
import { recordsAfter } from './records-after.fixture.ts';
import { planUpkeep } from './upkeep.ts';

const stopped = (type: string, change: Partial<InstalledExtension> = {}): InstalledExtension =>
  record('installed', v1, {
    name: knownExtension(`Contoso.Test/${type}`),
    resourceName: type,
    suspended: true,
    enabledSequence: 7,
    ...change,
  });
const works = (type: string, change: Partial<InstalledExtension> = {}): InstalledExtension =>
  stopped(type, { phase: 'enabled', suspended: false, enabledIn: 'this life', ...change });
const failed = (type: string): InstalledExtension => works(type, { comeback: { kind: 'failed', why: 'no licence' } });
const at = (resourceName: string, dependencyLevel: number, dependsOn?: readonly string[]): Placed => ({
  resourceName,
  dependencyLevel,
  ...(dependsOn === undefined ? {} : { dependsOn: [...dependsOn] }),
});

function comingBack(
  order: readonly Placed[],
  installed: readonly InstalledExtension[],
  performed: readonly string[] = [],
): readonly string[] {
  const input = { installed, order, concluded: new Map(), hosting: 'on', machineLife: 'this life' } as const;
  const upkeep = planUpkeep({ ...input, isHosted: () => false }, new Set());
  const keys = new Set(performed.map((type) => extensionKey(knownExtension(`Contoso.Test/${type}`))));
  return returnInOrder(upkeep, input, keys).map(line);
}

function line(work: Work): string {
  if (work.kind === 'held') return `${work.subject.resourceName} held: ${work.for} ${work.because}`;
  if (work.kind === 'upkeep') return `${work.subject.resourceName} ${work.steps.map(told).join(', ')}`;
  return `${work.kind} ${work.entry.resourceName}`;
}

const chain = [at('C', 2), at('B', 1), at('A', 0)];
const back = 'restore-settings 1.0.0, enable-again 1.0.0';
const awaited = `${back}, await-again 1.0.0`;

test('lower levels come first, and are waited for; whoever is in no order comes at once, and is not', () => {
  const all = ['C', 'B', 'A', 'free'].map((type) => stopped(type));
  expect(comingBack(chain, all)).toEqual(['C held: B coming', 'B held: A coming', `A ${awaited}`, `free ${back}`]);
  expect(comingBack(chain, [stopped('C'), stopped('B'), works('A')])).toEqual(['C held: B coming', `B ${awaited}`]);
  expect(comingBack(chain, [stopped('C'), works('B'), works('A')])).toEqual([`C ${back}`]);
  expect(comingBack([], all)).toEqual(all.map(({ resourceName }) => `${resourceName} ${back}`));
});

test('the same with the machine: what was enabled in its earlier life is not there yet', () => {
  const earlier = { enabledIn: 'an earlier' };
  expect(comingBack(chain, [works('B', earlier), works('A', earlier)])).toEqual(['B held: A coming', `A ${awaited}`]);
});

test('T84 one whose status is waited for has not come yet, also for an agent that has just been started', () => {
  const waiting = works('A', { comeback: { kind: 'awaited' } });
  expect(comingBack(chain, [waiting, stopped('B')])).toEqual(['A await-again 1.0.0', 'B held: A coming']);
  // A new request for it takes the place of that.
  expect(comingBack(chain, [waiting, stopped('B')], ['A'])).toEqual(['B held: A coming']);
  expect(comingBack([], [waiting], ['A'])).toEqual([]);
});

test('one that could not be enabled again holds back those after it, and those after them; and nobody else', () => {
  const order = [...chain, at('X', 0), at('Y', 1, ['x'])];
  expect(comingBack(order, [failed('A'), ...['B', 'C', 'X', 'Y'].map((type) => stopped(type))])).toEqual([
    'B held: A failed',
    'C held: A failed',
    `X ${awaited}`,
    'Y held: X coming',
  ]);
  const named = [at('A', 0), at('B', 1, ['A']), at('C', 2, ['B'])];
  expect(comingBack(named, [failed('A'), stopped('B'), stopped('C')])).toEqual([
    'B held: A failed',
    'C held: B failed',
  ]);
  // One that is asked for anew may well be mended by that.
  expect(comingBack(named, [failed('A'), stopped('B')], ['A'])).toEqual(['B held: A coming']);
});

test('T85 one on its way back from an upgrade is waited for; one whose upgrade is under way and that works is not', () => {
  const goingBack = [works('A'), stopped('A', { version: v2, suspended: false, phase: 'placed', failure })];
  expect(comingBack(chain, [...goingBack, stopped('B')])[1]).toBe('B held: A coming');
  expect(comingBack(chain, [works('A'), stopped('B')], ['A'])).toEqual([`B ${back}`]);
  expect(comingBack(chain, [stopped('A', { suspended: false }), stopped('B')], ['A'])).toEqual(['B held: A coming']);
});

test('S4.6 one that is not on the machine, or never worked there, holds up nobody who worked without it', () => {
  expect(comingBack(chain, [stopped('B')])).toEqual([`B ${back}`]);
  expect(comingBack(chain, [stopped('A', { suspended: false }), stopped('B')])).toEqual([`B ${back}`]);
});

test('a handler that resources share comes as a whole when the first of them does; there is no circle among handlers', () => {
  const shared = (resourceName: string, extensionName: string): NonNullable<InstalledExtension['sharing']>[number] => ({
    extensionName,
    resourceName,
    enabledSequence: 7,
    handlerSequence: 7,
    operation: { id: 'earlier', kind: 'install' },
  });
  const handler = stopped('Shared', { sharing: [shared('first', 'one'), shared('last', 'two')] });
  const between = [at('first', 0), at('B', 1, ['FIRST']), at('last', 2, ['B'])];
  expect(comingBack(between, [handler, stopped('B')])).toEqual([`Shared ${awaited}`, 'B held: first coming']);
  const after = [at('first', 0), at('last', 2), at('D', 3, ['last'])];
  expect(comingBack(after, [stopped('D'), handler])[0]).toBe('D held: last coming');
});

test('T84 whenever the agent is interrupted, each comes after those before it, and all come', () => {
  for (let most = 2; most < 5; most += 1) {
    let installed: readonly InstalledExtension[] = ['C', 'A', 'B'].map((type) => stopped(type));
    const enabled: string[] = [];
    for (let starts = 0; starts < 9; starts += 1) {
      const input = { installed, order: chain, concluded: new Map(), hosting: 'on', machineLife: 'this life' } as const;
      const upkeep = planUpkeep({ ...input, isHosted: () => false }, new Set());
      for (const work of returnInOrder(upkeep, input, new Set())) {
        if (work.kind === 'held') continue;
        for (const step of work.steps.slice(0, most)) {
          if (step.kind === 'enable-again') enabled.push(work.subject.resourceName);
          installed = installed.flatMap((one) =>
            one.name === work.subject.name ? recordsAfter(step, [one], { operationId: 'earlier', sequence: 7 }) : [one],
          );
        }
      }
    }
    expect(enabled).toEqual(['A', 'B', 'C']);
  }
});

test('an operation waits for one that comes back first, and is told at once when that could not', () => {
  const wanted = ['A', 'B'].map((type, dependencyLevel) =>
    entry({ resourceName: type, type, dependencyLevel, operationId: `${type} wanted`, operationDone: type === 'A' }),
  );
  const planned = (installed: readonly InstalledExtension[], goal: readonly GoalExtension[] = wanted): string[] =>
    plan({
      goal: { machineId: 'm', generation: 1, extensions: [...goal] },
      installed,
      concluded: new Map(),
      permit: allowAll,
      judge: unguarded.judge,
      hosting: 'on',
      machineLife: 'this life',
      isHosted: () => false,
      order: goal,
    }).map(line);
  expect(planned([stopped('A')])).toEqual([`A ${back}`, 'wait B']);
  expect(planned([failed('A')])).toEqual(['refuse B']);
  expect(planned([failed('A'), stopped('B')])).toEqual(['B held: A failed', 'refuse B']);
  expect(planned([works('A')])).toEqual(['perform B']);
  const anew = wanted.map((one) => ({ ...one, operationDone: false, sequence: 8 }));
  expect(planned([failed('A'), stopped('B')], anew)).toEqual(['B held: A coming', 'perform A', 'wait B']);
});
