/** What happens while a heartbeat is on its way to the store: whoever changes something then has rung already when the heartbeat is held. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endpointOf } from '../identity/endpoint.ts';
import type { MachineState } from '../identity/machine-authentication.ts';
import { noBells } from '../store/bells.ts';
import type { Store } from '../store/store.ts';
import { eachStore } from '../testing/each-store.ts';
import { heartbeatContent } from '../testing/heartbeat-content.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { testEvent } from '../testing/test-event.ts';
import { addMachine } from '../testing/test-machine.ts';
import type { PlainAnswer, PlainRequest } from '../http/plain-request.ts';
import { createAgentApi } from './agent-api.ts';
import { createDoorbells, type Doorbell } from './doorbell.ts';
import { quarantineMachine } from './quarantine.ts';

eachStore('a heartbeat that asks to be held', (makeStore) => {
  const environment = manualEnvironment(Date.UTC(2026, 10, 28));
  let store: Store;
  beforeAll(async () => {
    store = await makeStore().open();
  });
  afterAll(() => store.close());

  /** Sends a heartbeat, during which `meanwhile` happens, after its machine was looked at and before it is held. */
  async function heartbeat(
    meanwhile: (machine: MachineState, doorbell: Doorbell) => Promise<void>,
  ): Promise<PlainAnswer> {
    const machine = await addMachine(environment, store);
    const { doorbell, endBell } = await createDoorbells(noBells);
    const endpoint = endpointOf('https://localhost', 443, randomUUID());
    const routes = createAgentApi(
      { environment, store, doorbell, endBell, endpoint, packages: undefined },
      { authenticate: () => Promise.resolve({ outcome: 'machine', vmId: machine.vm_id, state: machine }) },
      {
        record: async (_vmId, text) => {
          await meanwhile(machine, doorbell);
          return { heartbeat: JSON.parse(text) as ReturnType<typeof heartbeatContent> };
        },
      },
      () => undefined,
    );
    const body = JSON.stringify({ ...heartbeatContent(machine.generation), holdSeconds: 300 });
    const request: PlainRequest = {
      method: 'POST',
      path: `/agent/v1/machines/${machine.vm_id}/heartbeat`,
      presented: { authorization: 'Bearer t' },
      header: (name) => (name === 'content-type' ? 'application/json' : undefined),
      text: () => Promise.resolve(body),
      whenGone: () => undefined,
      release: () => undefined,
    };
    const answer = routes(request.method, request.path)?.answer(request);
    if (answer === undefined) throw new Error('There is no route for a heartbeat.');
    let isAnswered = false;
    void answer.then(() => (isAnswered = true));
    // Whoever is held is answered in five minutes; whoever is not, now.
    await expect.poll(() => isAnswered || doorbell.waiting(machine.vm_id) === 1, { timeout: 30_000 }).toBe(true);
    doorbell.close();
    return answer;
  }

  const change = async (machine: MachineState, over: { readonly generation: number }): Promise<void> => {
    await store.change(async (writer) => {
      await writer.updateTable('machines').set(over).where('vm_id', '=', machine.vm_id).execute();
      return { value: undefined, events: [testEvent()] };
    });
  };

  test('T73 is told of a quarantine that came while it was written down, and not held', async () => {
    const answer = await heartbeat(async ({ vm_id: vmId }, doorbell) => {
      await store.observe(async (writer) => ({
        value: undefined,
        events: await quarantineMachine(writer, environment, 't', vmId, 'forked-heartbeats'),
      }));
      doorbell.ring(vmId);
    });
    expect(answer).toMatchObject({ status: 403, body: expect.stringContaining('MachineQuarantined') });
  });

  test('is told of a goal that changed while it was written down, and not held', async () => {
    const answer = await heartbeat(async (machine, doorbell) => {
      await change(machine, { generation: 7 });
      doorbell.ring(machine.vm_id);
    });
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"generation":7,') });
  });

  test('is told that its machine was deleted while it was written down, and not held', async () => {
    const answer = await heartbeat(async ({ vm_id: vmId }, doorbell) => {
      await store.observe(async (writer) => {
        await writer.deleteFrom('machines').where('vm_id', '=', vmId).execute();
        return { value: undefined, events: [] };
      });
      doorbell.ring(vmId);
    });
    expect(answer).toMatchObject({ status: 404, body: expect.stringContaining('MachineNotFound') });
  });

  test('is held when somebody rang for something else, and answered as it was at the end', async () => {
    const answer = await heartbeat(async ({ vm_id: vmId }, doorbell) => {
      doorbell.ring(vmId);
      await Promise.resolve();
    });
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"generation":1,') });
  });
});
