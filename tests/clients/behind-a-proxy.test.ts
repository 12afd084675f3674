/** A control plane behind a proxy that ends TLS: what clients see is the same, and what the log says of them is true. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../system/processes.ts';
import { channelOf, openChannel, type ChannelAnswer } from '../../apps/control-plane/src/testing/channel-client.ts';
import { heartbeatContent } from '../../apps/control-plane/src/testing/heartbeat-content.ts';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import { httpClient } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { createTestGallery } from './test-gallery.ts';
import { hasTlsProxy, startTlsProxy, type TlsProxy } from './tls-proxy.ts';

const version = 'api-version=2024-07-10';

describe.skipIf(!hasTlsProxy())("behind a proxy that ends TLS (Debian's package haproxy)", () => {
  const folder = temporaryDirectory('behind-a-proxy');
  const state = join(folder.path, 'state');
  const socket = join(folder.path, 'plane.sock');
  let settings: readonly string[];
  let plane: ControlPlaneProcess;
  let proxy: TlsProxy;
  let arm: OperatorClient;
  let agent: FakeAgent;

  beforeAll(async () => {
    const port = await freePort();
    const { directory } = await createTestGallery(join(folder.path, 'gallery'));
    settings = ['--gallery', directory, '--public-url', `https://localhost:${port}`, '--proxy-socket', socket];
    plane = await startControlPlaneProcess(state, ...settings);
    proxy = await startTlsProxy({
      folder: join(folder.path, 'proxy'),
      port,
      socket,
      certificatePem: readFileSync(join(state, 'server.pem'), 'utf8'),
      keyPem: readFileSync(join(state, 'server.key'), 'utf8'),
      mostConnections: 100,
    });
    arm = await signIn(plane.operator);
    await arm.arm('PUT', `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/g?${version}`, {
      location: 'here',
    });
    agent = await enrolFakeAgent(() => plane.operator, arm, 'g', 'm');
  });
  afterAll(async () => {
    await agent.stop();
    arm.close();
    await proxy.stop();
    await plane.stop();
    folder[Symbol.dispose]();
  });

  async function extension(name: string, { resourceId } = agent): Promise<void> {
    const answer = await arm.arm('PUT', `${resourceId}/extensions/${name}?${version}`, {
      location: 'here',
      properties: { publisher: 'Contoso.Scripts', type: 'Runner', settings: {} },
    });
    expect(answer.status, answer.text).toBe(200);
  }

  test('a held heartbeat wakes through it, links name it, and nobody but its group reaches the socket', async () => {
    const first = (await agent.heartbeat(0, 0)).json() as { readonly generation: number };
    const held = agent.heartbeat(first.generation, 40);
    await extension('woken');
    const woken = (await held).json() as { readonly generation: number };
    expect(woken.generation).toBeGreaterThan(first.generation);
    expect((await agent.goalState()).extensions.map(({ resourceName }) => resourceName)).toEqual(['woken']);
    const { headers } = await arm.arm('DELETE', `${agent.resourceId}/extensions/woken?${version}`);
    expect(String(headers['azure-asyncoperation'] ?? headers['location'])).toContain(plane.operator.endpoint);
    expect(statSync(socket).mode & 0o777).toBe(0o660);
  });

  test('S2.1 it passes channels on: a held heartbeat wakes on one, and it ends with the control plane', async () => {
    const machine = await enrolFakeAgent(() => plane.operator, arm, 'g', 'on-a-channel');
    const opening = {
      port: proxy.port,
      ca: readFileSync(plane.operator.caFile, 'utf8'),
      path: `/agent/v1/machines/${machine.vmId}/channel`,
      token: await machine.token(),
    };
    const channel = channelOf(await openChannel(opening));
    const generationOf = ({ text }: ChannelAnswer): number =>
      (JSON.parse(text) as { readonly generation: number }).generation;
    const first = generationOf(await channel.ask('heartbeat', JSON.stringify(heartbeatContent(0))));
    const held = channel.ask('heartbeat', JSON.stringify({ ...heartbeatContent(first), holdSeconds: 40 }));
    expect((await channel.ask('goal-state')).status).toBe(200);
    await extension('rung', machine);
    expect(generationOf(await held)).toBeGreaterThan(first);
    expect(await openChannel({ ...opening, token: 'none' })).toMatchObject({ status: 401 });
    await machine.stop();
    await plane.stop();
    await channel.closed;
    plane = await startControlPlaneProcess(state, ...settings);
  });

  test('S2.2 the log names the client that the proxy saw, whatever the client says of itself', async () => {
    const id = '5f0f4b6e-0000-4000-8000-000000000001';
    const spoofed = { 'x-forwarded-for': '203.0.113.9', 'x-ms-correlation-request-id': id };
    const path = `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/spoofed?${version}`;
    await arm.arm('PUT', path, { location: 'here' }, spoofed);
    // On its own port nobody stands in between, and the header says nothing.
    const direct = httpClient(`https://localhost:${plane.port}`, plane.operator.caFile);
    await direct.send('PUT', path.replace('spoofed', 'direct'), {
      token: arm.token,
      body: { location: 'here' },
      headers: spoofed,
    });
    direct.close();
    const from = new Date(Date.now() - 3_600_000).toISOString();
    const filter = encodeURIComponent(`eventTimestamp ge '${from}' and correlationId eq '${id}'`);
    const log = await arm.arm(
      'GET',
      `/subscriptions/${plane.operator.subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${filter}`,
    );
    const { value } = log.json() as {
      readonly value: readonly { readonly httpRequest?: { readonly clientIpAddress: string } }[];
    };
    const addresses = new Set(value.map(({ httpRequest }) => httpRequest?.clientIpAddress));
    expect([...addresses]).toEqual(['127.0.0.1']);
    expect(value.length).toBeGreaterThanOrEqual(4);
  });

  test('it comes back on its socket after it was killed, and to the same clients', async () => {
    await plane.crash();
    const away = await arm.arm('GET', `${agent.resourceId}?${version}`).catch(() => undefined);
    expect(away?.status ?? 503).toBe(503);
    plane = await startControlPlaneProcess(state, ...settings);
    expect((await arm.arm('GET', `${agent.resourceId}?${version}`)).status).toBe(200);
    expect((await agent.heartbeat(0, 0)).status).toBe(200);
  });
});

describe('the socket for a proxy', () => {
  test('a socket that somebody listens on is not taken, and a file is not removed', async () => {
    using folder = temporaryDirectory('proxy-socket');
    const taken = join(folder.path, 'taken.sock');
    const other = createServer().listen(taken);
    await once(other, 'listening');
    await expect(startControlPlaneProcess(join(folder.path, 'state'), '--proxy-socket', taken)).rejects.toThrow(
      'Another program listens on',
    );
    other.close();
    const file = join(folder.path, 'file');
    writeFileSync(file, 'mine');
    await expect(startControlPlaneProcess(join(folder.path, 'state'), '--proxy-socket', file)).rejects.toThrow(
      'Another program listens on',
    );
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});
