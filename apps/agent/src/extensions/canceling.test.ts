/** Calling off, from either end, whatever an operation is at: it ends there, at once, and is told (DESIGN: operations never hang). */
import type { Catalog } from '@sallyport/catalog';
import { parseHandlerVersion, type HandlerVersion, type OperationKind } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { describe, expect, test } from 'vitest';
import { entry } from './machine.fixture.ts';
import { managedMachine, type HandlerBehaviour, type ManagedMachine } from './managed-machine.fixture.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];
const endless = 'exec sleep 1000';
const installed = entry({ version: v1, operationId: 'one', sequence: 1 });

/** Whoever answers takes for ever, unless called off. */
const silent: Catalog['refresh'] = (signal) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error));
  });
const silentCatalog: Catalog = {
  refresh: silent,
  find: (_name, _version, signal) => silent(signal).then(() => undefined),
  expiries: () => Promise.resolve([]),
  publishers: () => Promise.resolve([]),
  list: () => Promise.resolve([]),
};

interface Row {
  /** What is installed when the operation begins, and what its handler does. */
  readonly before?: HandlerBehaviour;
  /** What the operation brings; without, it has to be fetched. */
  readonly brings?: { readonly kind: OperationKind; readonly behaviour: HandlerBehaviour };
  readonly wanted: Partial<GoalExtension>;
  /** The state in which it is called off, and the step that is named then. */
  readonly state: string;
  readonly step: string;
  /** What is on the machine afterwards. */
  readonly left: string;
}

const table: Readonly<Record<string, Row>> = {
  'catalog and download': { wanted: {}, state: 'Downloading', step: 'downloading', left: 'nothing' },
  'the install command': {
    brings: { kind: 'install', behaviour: { scripts: { install: endless } } },
    wanted: {},
    state: 'Installing',
    step: 'installing',
    left: '2.0.0 placed',
  },
  'the enable command': {
    brings: { kind: 'install', behaviour: { scripts: { enable: endless } } },
    wanted: {},
    state: 'Enabling',
    step: 'enabling',
    left: '2.0.0 installed',
  },
  'what the extension says of itself': {
    brings: { kind: 'install', behaviour: { scripts: { enable: "report transitioning 0 'Still at it'" } } },
    wanted: {},
    state: 'Enabling',
    step: 'awaiting-status',
    left: '2.0.0 enabled',
  },
  'the disable command of the version before': {
    before: { scripts: { disable: '[ -e "$dir/../again" ] || { touch "$dir/../again"; exec sleep 1000; }' } },
    brings: { kind: 'upgrade', behaviour: {} },
    wanted: {},
    state: 'Installing',
    step: 'disabling-previous',
    left: '1.0.0 enabled',
  },
  'the update command': {
    before: {},
    brings: { kind: 'upgrade', behaviour: { scripts: { update: endless } } },
    wanted: {},
    state: 'Installing',
    step: 'updating',
    left: '1.0.0 enabled',
  },
  'the disable command of a removal': {
    before: { scripts: { disable: endless } },
    wanted: { desired: 'absent', version: '' },
    state: 'Removing',
    step: 'disabling',
    left: '1.0.0 enabled',
  },
};

/** By whom, and what the reason says then. */
const ends: Readonly<
  Record<string, { readonly cancel: (managed: ManagedMachine, wanted: GoalExtension) => void; readonly why: string }>
> = {
  'the control plane': {
    cancel: (managed, wanted) => managed.begin({ ...wanted, cancel: true }),
    why: 'It was canceled from the control plane',
  },
  "the machine's administrator": {
    cancel: (managed) => expect(managed.cancel('thing')).toEqual(['thing']),
    why: "It was canceled on the machine, by the machine's administrator",
  },
};

describe.each(Object.entries(ends))('called off by %s', (_who, { cancel, why }) => {
  test.each(Object.entries(table))('at %s', async (_what, { before, brings, wanted, state, step, left }) => {
    await using managed = await managedMachine({ catalog: silentCatalog });
    if (before !== undefined) {
      managed.place(v1, 'one', 'install', before);
      await managed.want(installed);
    }
    if (brings !== undefined) managed.place(v2, 'two', brings.kind, brings.behaviour);
    const asked = entry({ version: v2, operationId: 'two', sequence: 2, ...wanted });
    managed.begin(asked);
    await expect.poll(() => managed.stepNow('two')).toBe(step);
    expect(managed.states('two')).toContain(state);
    cancel(managed, asked);
    await managed.idle();
    const end = managed.told();
    expect(end).toMatchObject({ operationId: 'two', state: 'Canceled', error: { code: 'OperationCanceled' } });
    expect(end?.error?.message).toContain(`${why}, at the step '${step}'`);
    expect(managed.machine.state()).toBe(left);
    // It is over: nothing begins it anew.
    const { length } = managed.machine.history();
    await managed.restart();
    await managed.want({ ...asked, cancel: true });
    expect(managed.machine.history()).toHaveLength(length);
    expect(managed.told()).toEqual(end);
  });
});
