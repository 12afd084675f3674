/**
 * Whatever an operation is at, it can be called off from either end: it ends there, at once, and is told. And when nobody does, its
 * deadline ends it (DESIGN: operations never hang).
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Catalog } from '@sallyport/catalog';
import {
  isTerminal,
  operationStates,
  parseHandlerVersion,
  type HandlerVersion,
  type OperationKind,
} from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { buildTestPackage, noopHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entry, extension } from './machine.fixture.ts';
import { managedMachine, type HandlerBehaviour, type ManagedMachine } from './managed-machine.fixture.ts';
import { Workplaces } from './unpack/workplaces.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];
const endless = 'exec sleep 1000';
const installed = entry({ version: v1, operationId: 'one', sequence: 1 });
const content = buildTestPackage(noopHandler);

/** Sends the package, or for `/silent` nothing, for ever. */
let server: Server;
let origin: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url !== '/silent') response.end(content);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

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
const catalog: Catalog = {
  ...silentCatalog,
  refresh: () => Promise.resolve(),
  find: () =>
    Promise.resolve({
      path: 'contoso.test/thing.zip',
      length: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      target: { ...extension, version: v2, operatingSystem: 'linux', architecture: 'any' },
    }),
};

interface Row {
  /** What is installed when the operation begins, and what its handler does. */
  readonly before?: HandlerBehaviour;
  /** What the operation brings; without, it has to be fetched. */
  readonly brings?: { readonly kind: OperationKind; readonly behaviour: HandlerBehaviour };
  readonly wanted: () => Partial<GoalExtension>;
  /** Where packages come from; without, from a catalog that never answers. */
  readonly catalog?: Catalog;
  /** What of the machine is otherwise. */
  readonly given?: (managed: ManagedMachine) => void;
  /** The state in which it is called off, the step that is told then, and the one that the reason names. */
  readonly state: string;
  readonly step: string;
  readonly named?: string;
  /** What is on the machine afterwards. */
  readonly left: string;
}

const table: Readonly<Record<string, Row>> = {
  'the catalog': { wanted: () => ({}), state: 'Downloading', step: 'downloading', left: 'nothing' },
  'the download': {
    catalog,
    wanted: () => ({ packageUrls: [`${origin}/silent`] }),
    state: 'Downloading',
    step: 'downloading',
    left: 'nothing',
  },
  'verification and unpacking': {
    catalog,
    wanted: () => ({ packageUrls: [`${origin}/package`] }),
    given({ machine }) {
      const { paths, environment } = machine.host;
      const program = join(machine.historyFile, '../silent.cjs');
      writeFileSync(program, 'setInterval(() => undefined, 1e6);');
      Object.assign(machine.host, { workplaces: new Workplaces({ paths, environment, program }) });
    },
    state: 'Verifying',
    step: 'downloading',
    left: 'nothing',
  },
  'its turn to run a command': {
    brings: { kind: 'install', behaviour: {} },
    wanted: () => ({}),
    given({ machine }) {
      const others = (): Promise<never> => new Promise(() => undefined);
      void machine.host.lane(others, new AbortController().signal);
    },
    state: 'Installing',
    step: 'waiting',
    named: 'installing',
    left: '2.0.0 placed',
  },
  'the install command': {
    brings: { kind: 'install', behaviour: { scripts: { install: endless } } },
    wanted: () => ({}),
    state: 'Installing',
    step: 'installing',
    left: '2.0.0 placed',
  },
  'the enable command': {
    brings: { kind: 'install', behaviour: { scripts: { enable: endless } } },
    wanted: () => ({}),
    state: 'Enabling',
    step: 'enabling',
    left: '2.0.0 installed',
  },
  'what the extension says of itself': {
    brings: { kind: 'install', behaviour: { scripts: { enable: "report transitioning 0 'Still at it'" } } },
    wanted: () => ({}),
    state: 'Enabling',
    step: 'awaiting-status',
    left: '2.0.0 enabled',
  },
  'the disable command of the version before': {
    before: { scripts: { disable: '[ -e "$dir/../again" ] || { touch "$dir/../again"; exec sleep 1000; }' } },
    brings: { kind: 'upgrade', behaviour: {} },
    wanted: () => ({}),
    state: 'Installing',
    step: 'disabling-previous',
    left: '1.0.0 enabled',
  },
  'the update command': {
    before: {},
    brings: { kind: 'upgrade', behaviour: { scripts: { update: endless } } },
    wanted: () => ({}),
    state: 'Installing',
    step: 'updating',
    left: '1.0.0 enabled',
  },
  'the disable command of a removal': {
    before: { scripts: { disable: endless } },
    wanted: () => ({ desired: 'absent', version: '' }),
    state: 'Removing',
    step: 'disabling',
    left: '1.0.0 enabled',
  },
  'the uninstall command of a removal': {
    before: { scripts: { uninstall: endless } },
    wanted: () => ({ desired: 'absent', version: '' }),
    state: 'Removing',
    step: 'uninstalling',
    left: '1.0.0 installed',
  },
};

/** What a row begins with. */
async function begun(row: Row, deadlineSeconds?: number): Promise<{ managed: ManagedMachine; asked: GoalExtension }> {
  const deadline = deadlineSeconds === undefined ? {} : { deadlineSeconds };
  const managed = await managedMachine({ catalog: row.catalog ?? silentCatalog, ...deadline });
  if (row.before !== undefined) {
    managed.place(v1, 'one', 'install', row.before);
    await managed.want(installed);
  }
  row.given?.(managed);
  if (row.brings !== undefined) managed.place(v2, 'two', row.brings.kind, row.brings.behaviour);
  const asked = entry({ version: v2, operationId: 'two', sequence: 2, ...row.wanted() });
  managed.begin(asked);
  return { managed, asked };
}

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

test('no state that an operation can be in here is left out; before these it is the control plane that ends it, or it waits', () => {
  const here = operationStates.filter((state) => !isTerminal(state) && state !== 'Accepted' && state !== 'Delivered');
  expect(new Set(Object.values(table).map(({ state }) => state))).toEqual(new Set(here));
});

describe.each(Object.entries(ends))('called off by %s', (who, { cancel, why }) => {
  test.each(Object.entries(table))('at %s', async (_what, row) => {
    const { state, step, named = step, left } = row;
    const { managed, asked } = await begun(row);
    await using _over = managed;
    await expect.poll(() => managed.stepNow('two')).toBe(step);
    await expect.poll(() => managed.states('two')).toContain(state);
    cancel(managed, asked);
    await managed.idle();
    const end = managed.told();
    expect(end).toMatchObject({ operationId: 'two', state: 'Canceled', error: { code: 'OperationCanceled' } });
    expect(end?.error?.message).toContain(`${why}, at the step '${named}'`);
    expect(managed.machine.state()).toBe(left);
    // It is over: nothing begins it anew.
    const { length } = managed.machine.history();
    await managed.restart();
    await managed.want({ ...asked, cancel: true });
    expect(managed.machine.history()).toHaveLength(length);
    expect(managed.told()).toEqual(end);
  });

  test('in `Delivered`, where it waits for one that comes first', async () => {
    await using managed = await managedMachine({ catalog: silentCatalog });
    const first = entry({ resourceName: 'first', type: 'First', operationId: 'one', dependencyLevel: 0 });
    const second = entry({ operationId: 'two', sequence: 2, dependencyLevel: 1 });
    managed.begin(first, second);
    await expect.poll(() => managed.stepNow('two')).toBe('waiting');
    if (who === 'the control plane') managed.begin(first, { ...second, cancel: true });
    else cancel(managed, second);
    await expect.poll(() => managed.states('two')).toEqual(['Delivered', 'Canceled']);
    expect(managed.journal.conclusions().get('thing')).toMatchObject({ state: 'Canceled' });
    expect(managed.cancel('first')).toEqual(['first']);
    await managed.idle();
    expect(managed.cancel('first')).toEqual([]);
  });
});

test('the administrator means one by its name, its type or both in any case, or all of them; nothing else is called off', async () => {
  await using managed = await managedMachine({ catalog: silentCatalog });
  const first = entry({ resourceName: 'first', type: 'First', operationId: 'one', dependencyLevel: 0 });
  const waiting = (operationId: string): GoalExtension =>
    entry({ resourceName: 'second', operationId, sequence: 2, dependencyLevel: 1 });
  // It is brought back some time, and what was asked for is over: nobody is told that it waits, and there is nothing to call off.
  const over = { resourceName: 'late', type: 'Late', operationId: 'late', operationDone: true, dependencyLevel: 1 };
  const late = entry({ ...over, sequence: 3 });
  const names = ['SECOND', ' Thing', 'contoso.test/thing', 'Contoso.Test.THING'];
  for (const name of names) {
    managed.begin(first, waiting(name), late);
    for (const other of ['', 'late', 'Contoso.Test', 'seconds', 'econd', 'Contoso.Test/First.', 'Thing/Contoso.Test'])
      expect([other, managed.cancel(other)]).toEqual([other, []]);
    expect([name, managed.cancel(name)]).toEqual([name, ['second']]);
    expect(managed.journal.conclusions().get('second')).toMatchObject({ operationId: name, state: 'Canceled' });
  }
  managed.begin(first, waiting('last'));
  expect(managed.cancel(undefined)).toEqual(['first', 'second']);
  await managed.idle();
  for (const operation of ['one', 'last']) await expect.poll(() => managed.states(operation)).toContain('Canceled');
  expect(managed.cancel(undefined)).toEqual([]);
  expect(managed.countOf('late')).toBe(0);
});

test('the next command, which was started ahead and waits at its gate, ends with the operation', async () => {
  await using managed = await managedMachine();
  const before = new Set(startedFromHere());
  const since = (): readonly string[] => startedFromHere().filter((pid) => !before.has(pid));
  managed.place(v2, 'two', 'install', { scripts: { install: endless } });
  managed.begin(entry({ operationId: 'two', sequence: 2 }));
  await expect.poll(since).toHaveLength(2);
  expect(managed.cancel('thing')).toEqual(['thing']);
  await managed.idle();
  await expect.poll(since).toEqual([]);
});

/** Numbers of the processes that this one has started, as long as they run. */
function startedFromHere(): readonly string[] {
  const parent = new RegExp(`^PPid:\\t${process.pid}$`, 'm');
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parent.test(statusOf(pid)));
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    // It has ended.
    return '';
  }
}

test('one that another request replaces ends where it is, and says so; then that one is done', async () => {
  await using managed = await managedMachine();
  managed.place(v2, 'two', 'install', { scripts: { install: endless } });
  managed.begin(entry({ operationId: 'two', sequence: 2 }));
  await expect.poll(() => managed.stepNow('two')).toBe('installing');
  managed.begin(entry({ desired: 'absent', version: '', operationId: 'three', sequence: 3 }));
  await managed.idle();
  await expect.poll(() => managed.states('three')).toContain('Succeeded');
  expect(managed.endOf('two')).toMatchObject({ state: 'Canceled', error: { code: 'OperationCanceled' } });
  expect(managed.endOf('two')?.error?.message).toMatch(
    /^Another request has taken its place, at the step 'installing'\./,
  );
});

describe('called off by nobody', () => {
  test.concurrent.each(Object.entries(table))('its deadline ends it at %s', async (_what, row) => {
    const { managed } = await begun(row, 2);
    await using _over = managed;
    await managed.idle();
    const end = managed.told();
    expect(end).toMatchObject({ operationId: 'two', state: expect.stringMatching(/^(TimedOut|Failed)$/) });
    expect(end?.error?.code).toMatch(/^(OperationTimedOut|HandlerTimedOut)$/);
  });
});
