/** S4.5: the manager itself, whose permit changes its mind in the middle of an operation. */
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion, type OperationKind } from '@sallyport/model';
import type { GoalExtension, ReportRequest } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import { HttpClient } from '../connection/http-client.ts';
import { createMachineKey } from '../connection/machine-key.ts';
import { ExtensionManager } from './extension-manager.ts';
import { entry, extension, questionsIn, testMachine, until, type TestMachine } from './machine.fixture.ts';
import type { Permit } from './plan/permission.ts';
import { unguarded } from './orders/unguarded.fixture.ts';
import { Reporter } from './report/reporter.ts';
import { Journal } from './state/journal.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];

/** Lets a manager work on one goal until it is idle, twice; what the centre has been told in the end. */
async function work(
  machine: TestMachine,
  wanted: GoalExtension,
  refuseAt: number | undefined,
  goalOf = (vmId: string): string => vmId,
): Promise<unknown> {
  const { host } = machine;
  let asked = 0;
  const permit: Permit = (operation, name) => {
    asked += 1;
    machine.note(`? ${operation} ${name.publisher}/${name.type}: ${machine.state()}`);
    const refused = refuseAt !== undefined && asked >= refuseAt;
    const explanation = { outcome: refused ? 'block' : 'allow', rule: 'test', message: 'No longer.' } as const;
    return refused ? { allowed: false, code: 'ExtensionNotAllowed', explanation } : { allowed: true, explanation };
  };
  const journal = new Journal(join(host.paths.guestConfig, 'operations.json'));
  const told: ReportRequest[] = [];
  const send = (request: ReportRequest): Promise<void> => Promise.resolve(void told.push(request));
  const reporter = new Reporter({ journal, log: host.log, send });
  const machineKey = await createMachineKey(join(host.paths.certificates, 'machine.key'));
  const supplies = {
    http: new HttpClient({ origin: 'http://127.0.0.1:1', proxy: () => undefined }),
    machineKey,
    catalog: () => Promise.reject(new Error('nothing is to be fetched here')),
    only: undefined,
    packageUrls: () => Promise.resolve([]),
  };
  const manager = new ExtensionManager({
    host,
    supplies,
    journal,
    reporter,
    permit,
    orders: unguarded,
    hosting: () => 'on',
  });
  manager.start();
  manager.want({ machineId: goalOf(machineKey.vmId), generation: 3, extensions: [wanted] });
  await manager.idle();
  // Whatever happened, it is over: planning again begins nothing.
  manager.reconcile();
  await manager.idle();
  await expect.poll(() => journal.unsent()).toEqual([]);
  await manager.stop();
  await reporter.stop();
  return told.at(-1);
}

interface Situation {
  readonly wanted: GoalExtension;
  readonly enabled: HandlerVersion;
  readonly history: readonly string[];
  /** The version that works in the end. */
  readonly left: string;
}

function asked(operation: OperationKind, state: string): string {
  return `? ${operation} Contoso.Test/Thing: ${state}`;
}

const situations: Readonly<Record<'update' | 'delete', Situation>> = {
  update: {
    wanted: entry({ sequence: 9 }),
    enabled: v2,
    history: [...Array.from({ length: 4 }, () => asked('update', '2.0.0 enabled')), '2.0.0 enable'],
    left: '2.0.0',
  },
  delete: {
    wanted: entry({ desired: 'absent', version: '' }),
    enabled: v1,
    history: [
      ...Array.from({ length: 3 }, () => asked('delete', '1.0.0 enabled')),
      '1.0.0 disable',
      ...Array.from({ length: 2 }, () => asked('delete', '1.0.0 installed')),
      '1.0.0 uninstall',
    ],
    left: '',
  },
};

for (const [name, { wanted, enabled, history, left }] of Object.entries(situations)) {
  const operation = { id: 'earlier', kind: 'install' } as const;
  const record = {
    name: extension,
    version: enabled,
    resourceName: 'thing',
    phase: 'enabled',
    enabledSequence: 8,
    operation,
  } as const;

  test(`S4.5 ${name}: the permit is asked when planning and again at every step, always for this operation`, async () => {
    using machine = testMachine();
    machine.put(record);
    const told = await work(machine, wanted, undefined);
    expect(machine.history()).toEqual(history);
    expect(told).toMatchObject({
      generation: 3,
      extensions: [{ resourceName: 'thing', operationId: 'wanted', state: 'Succeeded', version: left }],
    });
  });

  test.each(questionsIn(history))(
    `S4.5 ${name}: refused at question %i it ends there, is told with its explanation and not begun again`,
    async (n) => {
      using machine = testMachine();
      machine.put(record);
      const told = await work(machine, wanted, n);
      expect(machine.history()).toEqual(until(n, history));
      expect(told).toMatchObject({
        extensions: [
          {
            operationId: 'wanted',
            state: 'Failed',
            version: enabled,
            error: { code: 'ExtensionNotAllowed', message: 'No longer.' },
            explanation: { outcome: 'block', rule: 'test', message: 'No longer.' },
          },
        ],
      });
    },
  );
}

test('T12 a goal state of another machine: nobody is asked, nothing is done, nothing is told', async () => {
  for (const machineId of ['00000000-0000-8000-8000-000000000000', '']) {
    using machine = testMachine();
    const record = {
      name: extension,
      version: v2,
      resourceName: 'thing',
      phase: 'enabled',
      enabledSequence: 8,
    } as const;
    machine.put({ ...record, operation: { id: 'earlier', kind: 'install' } });
    expect(await work(machine, entry({ sequence: 9 }), undefined, () => machineId)).toBeUndefined();
    expect(machine.history()).toEqual([]);
  }
  using machine = testMachine();
  await work(machine, entry({ desired: 'absent', version: '' }), undefined, (vmId) => vmId.toUpperCase());
  expect(machine.history()).not.toEqual([]);
});
