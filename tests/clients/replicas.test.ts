/** Several control planes on one PostgreSQL behind a load balancer, as processes: wake-ups, renewal, and the database's own fail-over. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hasPostgres, startPostgres, temporaryDirectory, type PostgresServer } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import { httpClient, type Answer } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { startBalancer, type Balancer } from './tcp-balancer.ts';
import { createTestGallery } from './test-gallery.ts';

const version = 'api-version=2024-07-10';

describe.skipIf(!hasPostgres())("replicas on PostgreSQL (Debian's package postgresql)", () => {
  const folder = temporaryDirectory('replicas');
  let server: PostgresServer;
  let database: string;
  let balancer: Balancer;
  let gallery: string;
  let planes: ControlPlaneProcess[] = [];
  let made = 0;
  let arm: OperatorClient;
  let agent: FakeAgent;
  /** Where the agent goes instead of the balancer. */
  let agentEndpoint: string | undefined;

  async function startReplica(): Promise<ControlPlaneProcess> {
    const state = join(folder.path, `state-${(made += 1)}`);
    if (made > 1) {
      mkdirSync(state, { mode: 0o700 });
      copyFileSync(join(folder.path, 'state-1', 'store.key'), join(state, 'store.key'));
    }
    const url = `https://localhost:${balancer.port}`;
    const settings = ['--store', database, '--gallery', gallery, '--public-url', url, '--drain-seconds', '1'];
    return startControlPlaneProcess(state, ...settings);
  }
  const operator = (): ControlPlaneProcess['operator'] => {
    const [first] = planes;
    if (first === undefined) throw new Error('Nobody is running.');
    return first.operator;
  };
  const scope = (): string => `/subscriptions/${operator().subscriptionId}`;

  /** A heartbeat that has been recorded and is held. Under load that takes its time. */
  async function heldHeartbeat(): Promise<{ readonly generation: number; readonly held: Promise<Answer> }> {
    const beats = (): string => server.run(database, 'SELECT received_at FROM heartbeats').join();
    const { generation } = await agent.goalState();
    const before = beats();
    const held = agent.heartbeat(generation, 50);
    await expect.poll(beats, { timeout: 60_000 }).not.toBe(before);
    await pause(300);
    return { generation, held };
  }

  beforeAll(async () => {
    server = await startPostgres();
    database = server.database();
    balancer = await startBalancer();
    gallery = (await createTestGallery(join(folder.path, 'gallery'))).directory;
    planes = [await startReplica()];
    planes.push(await startReplica());
    await balancer.use(planes.map(({ port }) => port));
    arm = await signIn(operator());
    await arm.arm('PUT', `${scope()}/resourceGroups/g?${version}`, { location: 'here' });
    agent = await enrolFakeAgent(
      () => ({ ...operator(), ...(agentEndpoint === undefined ? {} : { endpoint: agentEndpoint }) }),
      arm,
      'g',
      'm',
    );
  });
  afterAll(async () => {
    await agent?.stop();
    arm?.close();
    await Promise.all(planes.map((plane) => plane.stop()));
    await balancer?.close();
    await server?.stop();
    folder.remove();
  });

  test('S2.1 a change that is asked of one wakes a machine that another one holds', async () => {
    const [first, ...others] = planes.map(({ port }) => `https://localhost:${port}`);
    const ask = httpClient(first ?? '', operator().caFile);
    for (const endpoint of others) {
      agentEndpoint = endpoint;
      const { generation, held } = await heldHeartbeat();
      const put = await ask.send('PUT', `${agent.resourceId}/extensions/Runner?${version}`, {
        token: arm.token,
        body: { location: 'here', properties: { publisher: 'Contoso.Scripts', type: 'Runner' } },
      });
      expect(put.status).toBe(200);
      // Without the ring it would be held to its end, and learn it then.
      const late = new AbortController();
      const answer = await Promise.race([held, pause(40_000, 'not woken', { signal: late.signal })]);
      late.abort();
      expect(answer).not.toBe('not woken');
      expect((await held).json()).toMatchObject({ generation: generation + 1 });
    }
    agentEndpoint = undefined;
    ask.close();
  });

  /** Writes without pause until told to stop; every answer that is none of `accepted` is returned. */
  function writing(accepted: readonly number[]): {
    stop(): Promise<{ names: string[]; others: unknown[]; away: number }>;
  } {
    const stopping = new AbortController();
    const names: string[] = [];
    const others: unknown[] = [];
    let away = 0;
    const one = async (): Promise<void> => {
      const client = httpClient(operator().endpoint, operator().caFile);
      while (!stopping.signal.aborted) {
        const name = `group-${randomUUID()}`;
        try {
          const answer = await client.send('PUT', `${scope()}/resourceGroups/${name}?${version}`, {
            token: arm.token,
            body: { location: 'here' },
          });
          if (answer.status === 201) names.push(name);
          else if (answer.status === 503 && accepted.includes(503)) {
            away += 1;
            others.push(...(answer.headers['retry-after'] === undefined ? ['503 without Retry-After'] : []));
            await pause(50);
          } else others.push([answer.status, answer.text]);
        } catch (error) {
          others.push(error);
        }
        // Others run on this machine too.
        await pause(20);
      }
      client.close();
    };
    const all = Promise.all([one(), one()]);
    return {
      stop: async () => {
        stopping.abort();
        await all;
        return { names, others, away };
      },
    };
  }

  const groupsAndEvents = (): { readonly groups: readonly string[]; readonly events: readonly string[] } => ({
    groups: server.run(database, "SELECT name FROM resource_groups WHERE name LIKE 'group-%' ORDER BY name"),
    events: server.run(
      database,
      `SELECT split_part(resource_key, '/', 5) FROM activity_events
       WHERE status = 'Succeeded' AND resource_key LIKE '%/resourcegroups/group-%' ORDER BY 1`,
    ),
  });

  test('S2.2 all of them are renewed one after the other, and no request fails', async () => {
    const load = writing([]);
    for (let turn = 0; turn < 2; turn += 1) {
      const fresh = await startReplica();
      const [oldest, ...others] = planes;
      planes = [...others, fresh];
      await balancer.use([...(oldest === undefined ? [] : [oldest.port]), ...planes.map(({ port }) => port)]);
      expect(await oldest?.stop()).toBe(0);
      await balancer.use(planes.map(({ port }) => port));
    }
    const { names, others } = await load.stop();
    expect(others).toEqual([]);
    expect(names.length).toBeGreaterThan(3);
    expect(groupsAndEvents().groups).toEqual(names.toSorted());
    expect(groupsAndEvents().events).toEqual(names.toSorted());
  });

  test('S2.2 T84 the database goes away and comes back: 503 with Retry-After, nothing lost, held machines are woken', async () => {
    const before = groupsAndEvents();
    const { held } = await heldHeartbeat();
    const token = await agent.token();
    const load = writing([503]);
    await pause(500);
    await server.halt();
    // Told that it cannot be done, by whom it cannot be done.
    const direct = httpClient(`https://localhost:${planes[0]?.port ?? 0}`, operator().caFile);
    await expect.poll(async () => (await direct.send('GET', '/readyz')).status, { timeout: 60_000 }).toBe(503);
    const refused = await direct.send('GET', `${scope()}/resourceGroups?${version}`, { token: arm.token });
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '3']);
    expect(refused.json()).toMatchObject({ error: { code: 'ServiceUnavailable' } });
    // A machine that comes now cannot be recorded, and is told when to come again.
    const late = await direct.send('POST', `/agent/v1/machines/${agent.vmId}/heartbeat`, { token, body: {} });
    expect([late.status, late.headers['retry-after']]).toEqual([503, '3']);
    await server.resume();
    await expect.poll(async () => (await direct.send('GET', '/readyz')).status, { timeout: 60_000 }).toBe(200);
    direct.close();
    // Rings may have been lost meanwhile: everybody is answered and looks for themselves.
    expect((await held).status).toBe(200);
    await balancer.use(planes.map(({ port }) => port));
    await pause(500);
    const { names } = await load.stop();
    const after = groupsAndEvents();
    // What was answered with success is there; what is there has its event. A commit whose answer was cut off may be there as well.
    expect(after.groups).toEqual(expect.arrayContaining(names));
    expect(after.events).toEqual(after.groups);
    expect(after.groups.length).toBeGreaterThan(before.groups.length);
    expect(names.length).toBeGreaterThan(0);
  });

  test('T66 the log of all of them is one chain, and the checkpoints of each agree with it', async () => {
    await Promise.all(planes.map((plane) => plane.stop()));
    const main = join(import.meta.dirname, '../../apps/control-plane/src/main.ts');
    for (let replica = 1; replica <= made; replica += 1) {
      const args = [main, 'verify-activity-log', '--state', join(folder.path, `state-${replica}`), '--store', database];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect([status, stdout, stderr]).toEqual([0, expect.stringContaining('is intact'), '']);
    }
  });
});
