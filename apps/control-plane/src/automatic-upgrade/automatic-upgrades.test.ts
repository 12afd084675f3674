import { randomUUID } from 'node:crypto';
import { parseHandlerVersion } from '@sallyport/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CatalogEntry } from '../gallery/catalog-source.ts';
import { createLog } from '../http/log.ts';
import { endOperation } from '../machines/end-operation.ts';
import { startOperation } from '../providers/microsoft.hybridcompute/start-operation.ts';
import type { Machine } from '../providers/microsoft.hybridcompute/machine-view.ts';
import type { Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { eachStore } from '../testing/each-store.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { testEvent } from '../testing/test-event.ts';
import { addMachine, addOperation } from '../testing/test-machine.ts';
import { testOrigin } from '../testing/test-origin.ts';
import { lookAtUpgrades } from './automatic-upgrades.ts';
import { gatherRollouts, type Subject } from './gather-rollouts.ts';
import { planRollout } from './plan-rollout.ts';
import { openControls } from '../testing/heartbeat-content.ts';

const fleet = 12;
const hour = 3600;
const log = createLog('error');

eachStore('S2.1 automatic upgrades', (makeStore) => {
  const environment = manualEnvironment();
  let store: Store;
  let services: Services;
  let machines: readonly Machine[];
  const published: CatalogEntry[] = [];
  /** Machines that are asked, in the order in which they are. */
  const asked: string[] = [];

  beforeAll(async () => {
    store = await makeStore().open();
    const catalog = { list: () => Promise.resolve(published) };
    services = { store, environment, catalog } as unknown as Services;
    publish('2.0.0');
    machines = [];
    for (let i = 0; i < fleet; i += 1) {
      const machine = await addMachine(environment, store);
      machines = [...machines, machine];
      await addOperation(environment, store, machine, 'install', '', undefined);
      await end(machine.vm_id, 'Succeeded', '2.0.0');
    }
    await hear();
  });
  afterAll(() => store.close());

  function publish(version: string): void {
    const named = { publisher: 'P', type: 'T', operatingSystem: 'linux', architecture: 'any' } as const;
    published.push({ ...named, version, sha256: version });
  }

  /** All machines are connected, and say so. */
  async function hear(): Promise<void> {
    const now = environment.now();
    await store.observe(async (writer) => {
      await writer.deleteFrom('heartbeats').execute();
      const said = { connected_since: now, agent_version: '1', generation: 1, service_statuses: '{}', system: '{}' };
      const beats = { beat: 0, beat_from: 0, forks: 0 };
      const heard = { ...said, ...beats, received_at: now, agent_configuration: JSON.stringify(openControls) };
      await writer
        .insertInto('heartbeats')
        .values(machines.map(({ vm_id }) => ({ ...heard, vm_id })))
        .execute();
      return { value: undefined, events: [] };
    });
  }

  async function propose({ vmId, extensionName }: Subject, version: string): Promise<void> {
    asked.push(vmId);
    const machine = machines.find(({ vm_id }) => vm_id === vmId);
    if (machine === undefined) throw new Error('no such machine');
    const operationId = randomUUID();
    await store.change(async (writer) => {
      await startOperation(writer, environment, machine, extensionName, 'upgrade', testOrigin(operationId));
      await writer
        .updateTable('extensions')
        .set({ operation_id: operationId, type_handler_version: version })
        .where('vm_id', '=', vmId)
        .execute();
      return { value: undefined, events: [testEvent()] };
    });
  }

  const look = (): Promise<void> => lookAtUpgrades(services, (subject, { version }) => propose(subject, version), log);

  /** The operation of a machine's extension ends, and leaves this version. */
  async function end(vmId: string, state: 'Succeeded' | 'Failed', version: string): Promise<void> {
    await store.observe(async (writer) => {
      const operation = await writer
        .selectFrom('operations')
        .selectAll()
        .where('vm_id', '=', vmId)
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow();
      const error = state === 'Failed' ? { error: { code: 'HandlerUpdateFailed', message: 'exit code 7' } } : {};
      const time = new Date(environment.now()).toISOString();
      const event = await endOperation(writer, environment, operation, { state, time, ...error });
      const goal = JSON.stringify({
        desired: 'present',
        version,
        sha256: '',
        operationId: operation.operation_id,
        sequence: 1,
        settings: null,
        protectedSettings: { kind: 'none' },
      });
      await writer
        .updateTable('extensions')
        .set({ installed_version: version, goal })
        .where('vm_id', '=', vmId)
        .execute();
      return { value: undefined, events: [event] };
    });
  }

  async function plan(version: string): Promise<ReturnType<typeof planRollout>> {
    const found = await gatherRollouts(services, environment.now());
    const one = found.find((gathered) => gathered.version === parseHandlerVersion(version));
    if (one === undefined) throw new Error(`nothing is known of ${version}`);
    return planRollout(one.rollout, environment.now());
  }

  test('with nothing newer there is nothing to do', async () => {
    await look();
    expect(asked).toEqual([]);
    expect(await gatherRollouts(services, environment.now())).toEqual([]);
  });

  test('a new version waits its delay, then one machine has it, then a wave after the other', async () => {
    publish('2.1.0');
    await look();
    expect(asked).toEqual([]);
    expect(await plan('2.1.0')).toMatchObject({ state: 'waiting', reason: 'The version is too new.' });
    environment.pass(hour);
    await hear();
    await look();
    expect(asked).toHaveLength(1);
    // Looking again begins nothing twice.
    await look();
    expect(asked).toHaveLength(1);
    await end(asked[0] ?? '', 'Succeeded', '2.1.0');
    await look();
    expect(asked).toHaveLength(1);
    for (const reached of [2, 6, fleet]) {
      environment.pass(hour);
      await hear();
      await look();
      expect(asked).toHaveLength(reached);
      for (const vmId of asked.slice(asked.findLastIndex((id) => id === asked[0]) + 1))
        if (await runs(vmId)) await end(vmId, 'Succeeded', '2.1.0');
    }
    await look();
    expect(new Set(asked).size).toBe(fleet);
    expect((await plan('2.1.0')).state).toBe('completed');
  });

  test('a version that does harm stops at the first machine, and the brake is let go by an operator only', async () => {
    publish('2.2.0');
    asked.length = 0;
    await look();
    environment.pass(hour);
    await hear();
    await look();
    expect(asked).toHaveLength(1);
    await end(asked[0] ?? '', 'Failed', '2.1.0');
    for (let i = 0; i < 3; i += 1) {
      environment.pass(24 * hour);
      await hear();
      await look();
    }
    expect(asked).toHaveLength(1);
    const halted = await plan('2.2.0');
    expect(halted.state).toBe('halted');
    expect(halted.reason).toContain('exit code 7');
    await store.observe(async (writer) => {
      await writer
        .updateTable('rollouts')
        .set({ order_kind: 'resume', order_at: environment.now(), order_by: 'me' })
        .where('version', '=', '2.2.0')
        .execute();
      return { value: undefined, events: [] };
    });
    await look();
    expect(asked).toHaveLength(2);
  });

  test('a version that was taken back goes nowhere', async () => {
    const at = published.findIndex(({ version }) => version === '2.2.0');
    const bad = published[at];
    if (bad !== undefined) published[at] = { ...bad, yanked: { reason: 'it does harm', at: '2026-01-01T00:00:00Z' } };
    const before = asked.length;
    environment.pass(24 * hour);
    await hear();
    await look();
    expect(asked).toHaveLength(before);
  });

  async function runs(vmId: string): Promise<boolean> {
    const running = await store.read
      .selectFrom('operations')
      .select('operation_id')
      .where('vm_id', '=', vmId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return running !== undefined;
  }
});
