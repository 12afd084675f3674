/** A control plane that is watched: health, metrics, traces, its log, and its end, over the wire (issue 4.10). */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { changeStored } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import { httpClient, type HttpClient } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { createTestGallery } from './test-gallery.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-monitoring-'));
const state = join(folder, 'state');
const main = join(import.meta.dirname, '../../apps/control-plane/src/main.ts');
const version = 'api-version=2024-07-10';
const spans: string[] = [];
const collector = createServer((message, response) => {
  message.on('data', (chunk: Buffer) => void spans.push(chunk.toString()));
  message.on('end', () => response.end('{}'));
});
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let http: HttpClient;
let agent: FakeAgent;
let monitoring: string;

beforeAll(async () => {
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const traces = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
  const gallery = await createTestGallery(join(folder, 'gallery'));
  plane = await startControlPlaneProcess(
    state,
    '--gallery',
    gallery.directory,
    '--metrics-port',
    '0',
    '--traces-url',
    traces,
  );
  const ready = lines().find(({ msg }) => msg === 'listening');
  monitoring = `http://127.0.0.1:${String(ready?.['monitoringPort'])}`;
  arm = await signIn(plane.operator);
  http = httpClient(plane.operator.endpoint, plane.operator.caFile);
  await arm.arm('PUT', `/subscriptions/${plane.operator.subscriptionId}/resourcegroups/g?api-version=2021-04-01`, {
    location: 'here',
  });
  agent = await enrolFakeAgent(() => plane.operator, arm, 'g', 'm');
});
afterAll(async () => {
  await agent?.stop();
  arm?.close();
  http?.close();
  await plane?.stop();
  collector.close();
  rmSync(folder, { recursive: true });
});

type Line = Readonly<Record<string, unknown>>;

/** The log, line by line. Throws when one is not JSON. */
function lines(): readonly Line[] {
  return plane
    .output()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

async function readyz(): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(`${monitoring}/readyz`);
  return { status: answer.status, body: await answer.json() };
}

describe('health', () => {
  test('/readyz names its checks, on both listeners, without a path or an address', async () => {
    const { status, body } = await readyz();
    expect(status, JSON.stringify(body)).toBe(200);
    const ok = { ok: true, message: 'ok' };
    expect(body).toEqual({ status: 'ready', checks: { database: ok, migrations: ok, catalog: ok, disk: ok } });
    expect((await http.send('GET', '/readyz')).json()).toEqual(body);
    expect((await http.send('GET', '/healthz')).status).toBe(200);
    expect((await http.send('GET', '/metrics')).status).not.toBe(200);
  });

  test('a database that a newer version has migrated is no database for this one', async () => {
    const name = '299901010000-of-a-later-version';
    changeStored(state, 'INSERT INTO kysely_migration (name, timestamp) VALUES (?, ?)', name, '2999-01-01');
    try {
      await expect.poll(async () => (await readyz()).status, { timeout: 20_000 }).toBe(503);
      const { body } = await readyz();
      expect(body).toMatchObject({
        status: 'not ready',
        checks: { migrations: { ok: false }, database: { ok: true } },
      });
      expect(JSON.stringify(body)).not.toContain(state);
    } finally {
      changeStored(state, 'DELETE FROM kysely_migration WHERE name = ?', name);
    }
    await expect.poll(async () => (await readyz()).status, { timeout: 20_000 }).toBe(200);
  });
});

describe('what is told', () => {
  test('metrics count what was asked and know what is in the database', async () => {
    await agent.heartbeat(1, 0);
    const text = await (await fetch(`${monitoring}/metrics`)).text();
    const sample = (name: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')
          .at(-1),
      );
    expect(sample('sallyport_machines{state="known"}')).toBe(1);
    expect(sample('sallyport_machines{state="connected"}')).toBe(1);
    expect(sample('sallyport_http_requests_total{kind="heartbeat",method="POST",status="200"}')).toBeGreaterThanOrEqual(
      1,
    );
    expect(sample('sallyport_activity_events_total')).toBeGreaterThan(1);
    expect(sample('process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect(text).not.toContain(plane.operator.subscriptionId);
  });

  test('T50 T65 the trace of the caller is in every line of its request and in its span; no secret is, wherever it was sent', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const canaries = [
      'canary-in-settings',
      'canary-in-protected',
      'canary-in-query',
      'canary-in-header',
      'canary-in-form',
    ];
    const put = await arm.arm(
      'PUT',
      `${agent.resourceId}/extensions/traced?${version}&extra=canary-in-query`,
      {
        location: 'here',
        properties: {
          publisher: 'Contoso.Scripts',
          type: 'Runner',
          typeHandlerVersion: '1.0',
          settings: { word: 'canary-in-settings' },
          protectedSettings: { word: 'canary-in-protected' },
        },
      },
      { traceparent, 'x-extra': 'canary-in-header' },
    );
    expect(put.status, put.text).toBe(200);
    const refused = await http.send('POST', `/${plane.operator.tenantId}/oauth2/v2.0/token`, {
      body: `grant_type=client_credentials&client_id=${plane.operator.clientId}&client_secret=canary-in-form&scope=x`,
      headers: { 'content-type': 'application/x-www-form-urlencoded', traceparent },
    });
    expect(refused.status).toBe(401);
    await http.send('GET', `/subscriptions/a%0a{"level":"error","msg":"forged"}?${version}`, { token: arm.token });
    const own = lines().filter((line) => line['traceId'] === traceId);
    expect(own.map(({ msg }) => msg)).toEqual(['request', 'token refused']);
    expect(own[0]).toMatchObject({
      method: 'PUT',
      status: 200,
      correlationId: put.headers['x-ms-correlation-request-id'],
    });
    expect(lines().some(({ msg }) => msg === 'forged')).toBe(false);
    for (const line of lines().filter(({ msg }) => msg === 'request')) {
      expect(line['correlationId'], JSON.stringify(line)).toMatch(/^[0-9a-f-]{36}$/i);
    }
    await expect.poll(() => spans.join(''), { timeout: 30_000 }).toContain(traceId);
    const told = plane.output() + spans.join('') + (await (await fetch(`${monitoring}/metrics`)).text());
    expect(spans.join('')).toContain('"PUT arm"');
    for (const canary of [...canaries, plane.operator.clientSecret, arm.token]) expect(told).not.toContain(canary);
  });
});

describe('settings and the end', () => {
  const check = (...settings: readonly string[]): { readonly status: number | null; readonly text: string } => {
    const args = [main, 'start', '--state', join(folder, 'never'), '--check', ...settings];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });
    return { status, text: stdout + stderr };
  };

  test('--check says whether the settings can be used, with exit code 0 or 2, and makes nothing', () => {
    expect(check('--port', '0')).toEqual({ status: 0, text: 'The settings can be used.\n' });
    const { status, text } = check('--port', 'x', '--metrics-port', 'y');
    expect(status).toBe(2);
    expect(text).toBe(
      'The value of --port cannot be used: give a whole number from 0 to 65535.\nThe value of --metrics-port cannot be used: give a whole number from 0 to 65535.\n',
    );
  });

  test('told to end, it answers who is held and what is under way, then ends with 0', async () => {
    const held = agent.heartbeat(2, 50);
    await expect
      .poll(
        async () => (await (await fetch(`${monitoring}/metrics`)).text()).includes('in_flight{kind="heartbeat"} 1'),
        {
          timeout: 20_000,
        },
      )
      .toBe(true);
    const body = JSON.stringify({ tags: { ending: 'yes' } });
    const underWay = request(`${plane.operator.endpoint}${agent.resourceId}?${version}`, {
      method: 'PATCH',
      agent: false,
      ca: readFileSync(plane.operator.caFile),
      headers: {
        authorization: `Bearer ${arm.token}`,
        'content-type': 'application/json',
        'content-length': body.length,
      },
    });
    const answered = once(underWay, 'response') as Promise<[IncomingMessage]>;
    underWay.write(body.slice(0, 5));
    await expect
      .poll(async () => (await (await fetch(`${monitoring}/metrics`)).text()).includes('in_flight{kind="arm"} 1'), {
        timeout: 20_000,
      })
      .toBe(true);
    const ended = plane.stop();
    // The rest of it arrives when the end has begun, not before.
    await expect.poll(() => lines().some(({ msg }) => msg === 'ending'), { timeout: 20_000 }).toBe(true);
    underWay.end(body.slice(5));
    expect((await held).status).toBe(200);
    const [answer] = await answered;
    expect(answer.statusCode).toBe(200);
    answer.resume();
    expect(await ended).toBe(0);
    const told = lines().map(({ msg }) => msg);
    expect(told.slice(told.indexOf('ending'))).toEqual(['ending', 'request']);
    await expect(fetch(`${monitoring}/healthz`)).rejects.toThrow('fetch failed');
  });
});

test('a control plane that cannot be watched where it is told to be says so and ends: nobody finds a door without answers', async () => {
  const { port } = collector.address() as AddressInfo;
  const second = startControlPlaneProcess(join(folder, 'second'), '--metrics-port', String(port));
  await expect(second).rejects.toThrow(
    `Another program listens on 127.0.0.1:${port}, the address for monitoring, already.`,
  );
});
