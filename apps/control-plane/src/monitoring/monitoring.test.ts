import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { Log } from '../http/log.ts';
import type { Services } from '../services.ts';
import { addStoredMetrics, processMetrics } from './control-plane-metrics.ts';
import { Metrics } from './metrics.ts';
import { listenForMonitoring } from './monitoring-server.ts';
import { requestKind, type RequestKind } from './request-kind.ts';
import { createOutbound } from '../outbound/outbound.ts';
import { outboundRule } from '../outbound/outbound-rule.ts';
import { createSpanExporter, type Span } from './span-exporter.ts';
import { currentTrace, formatTraceparent, traceOf } from './trace-context.ts';
import { watched } from './watched-requests.ts';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

/** What Prometheus would read: every line is a comment or a sample of a family that was announced. Throws when one is not. */
function parsed(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  const families = new Map<string, string>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, family = '', rest = ''] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
    if (kind !== undefined) {
      if (kind === 'TYPE') families.set(family, rest);
      continue;
    }
    const [, name = '', labels = '', value = ''] =
      /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\}))?)+\})? (-?[0-9.e+-]+|\+Inf|NaN)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not a sample: ${line}`);
    const own = families.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, '');
    if (!families.has(own)) throw new Error(`no family of ${line}`);
    samples.set(`${name}${labels}`, Number(value));
  }
  return samples;
}

describe('metrics', () => {
  test('counters, gauges and histograms are served as Prometheus reads them', async () => {
    const metrics = new Metrics();
    const counter = metrics.counter('a_total', 'Counts "things"\nof any kind.');
    counter.add({ kind: 'x' });
    counter.add({ kind: 'x' }, 2);
    counter.add({ kind: 'quoted "\\\n' });
    metrics.gauge('b', 'Goes down.').add({}, -3);
    const histogram = metrics.histogram('c_seconds', 'Spread.', [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe({ kind: 'x' }, value);
    metrics.collected('d', 'gauge', 'Fails.', () => Promise.reject(new Error('database away')));
    const samples = parsed(await metrics.text());
    expect(samples.get('a_total{kind="x"}')).toBe(3);
    expect(samples.get('a_total{kind="quoted \\"\\\\\\n"}')).toBe(1);
    expect(samples.get('b')).toBe(-3);
    expect(samples.get('c_seconds_bucket{kind="x",le="0.1"}')).toBe(2);
    expect(samples.get('c_seconds_bucket{kind="x",le="1"}')).toBe(3);
    expect(samples.get('c_seconds_bucket{kind="x",le="+Inf"}')).toBe(4);
    expect(samples.get('c_seconds_count{kind="x"}')).toBe(4);
    expect(samples.get('c_seconds_sum{kind="x"}')).toBeCloseTo(7.65);
  });

  test('every family is in the reference', async () => {
    const { metrics, end } = processMetrics();
    ended.push(end);
    addStoredMetrics(metrics, { store: {}, environment: {} } as unknown as Services);
    const reference = readFileSync(join(import.meta.dirname, '../../../../docs/reference/monitoring.md'), 'utf8');
    expect(metrics.names().filter((name) => !reference.includes(`\`${name}\``))).toEqual([]);
    expect(metrics.names().length).toBeGreaterThan(8);
  });

  test('paths become one of a few kinds, whatever is in them', () => {
    const kinds = {
      '/agent/v1/machines/x/heartbeat': 'heartbeat',
      '/agent/v1/machines/x/goal-state': 'goal-state',
      '/t/oauth2/v2.0/token': 'token',
      '/adfs/oauth2/token': 'token',
      '/adfs/.well-known/openid-configuration': 'discovery',
      '/catalog/1.root.json': 'catalog',
      '/packages/x.zip': 'package',
      '/readyz': 'health',
      '/subscriptions/x/anything"}\n': 'arm',
    };
    for (const [path, kind] of Object.entries(kinds)) expect(requestKind(path), path).toBe(kind);
  });
});

describe('traces', () => {
  const caller = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  test('a traceparent is taken over; one that is malformed, all zeros or of version ff begins a new trace', () => {
    const taken = traceOf(caller, randomBytes);
    expect(taken).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentSpanId: '00f067aa0ba902b7',
      sampled: true,
    });
    expect(formatTraceparent(taken)).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
    expect(formatTraceparent(taken)).not.toContain('00f067aa0ba902b7');
    expect(traceOf(`cc${caller.slice(2)}-later`, randomBytes).traceId).toBe(taken.traceId);
    for (const text of [
      undefined,
      '',
      'x',
      caller.toUpperCase(),
      `${caller}-more`,
      `ff${caller.slice(2)}`,
      caller.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32)),
      caller.replace('00f067aa0ba902b7', '0'.repeat(16)),
      `${caller}\n{"level":"error"}`,
    ]) {
      const begun = traceOf(text, randomBytes);
      expect(begun.parentSpanId, text).toBeUndefined();
      expect(begun.traceId, text).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
      expect(begun.traceId).not.toBe(taken.traceId);
    }
    expect(traceOf(undefined, (length) => new Uint8Array(length)).traceId).toMatch(/1$/);
  });

  test('a request is counted, timed and answered within its trace; heartbeats have one only when recorded', async () => {
    const { metrics, requests, end } = processMetrics();
    ended.push(end);
    const spans: Span[] = [];
    const exporter = { add: (span: Span) => void spans.push(span), dropped: () => 0, close: () => Promise.resolve() };
    const ask = (kind: RequestKind, status: number, traceparent?: string): Promise<Response> =>
      watched({ requests, spans: exporter, randomBytes }, { method: 'GET', kind, path: '/x', traceparent }, () => {
        expect(currentTrace()).toBeDefined();
        return new Response(null, { status });
      });
    await ask('arm', 200, caller);
    await ask('heartbeat', 503);
    await ask('heartbeat', 200, caller);
    const failing = watched(
      { requests, spans: exporter, randomBytes },
      { method: 'GET', kind: 'arm', path: '/x', traceparent: undefined },
      () => {
        throw new Error('boom');
      },
    );
    await expect(failing).rejects.toThrow('boom');
    expect(currentTrace()).toBeUndefined();
    expect(spans.map(({ name, failed }) => [name, failed])).toEqual([
      ['GET arm', false],
      ['GET heartbeat', false],
      ['GET arm', true],
    ]);
    const samples = parsed(await metrics.text());
    expect(samples.get('sallyport_http_requests_total{kind="heartbeat",method="GET",status="503"}')).toBe(1);
    expect(samples.get('sallyport_http_requests_in_flight{kind="heartbeat"}')).toBe(0);
    expect(samples.get('sallyport_http_request_duration_seconds_count{kind="arm"}')).toBe(2);
  });

  test('spans reach a collector as OTLP; one that is away costs the spans, one line in the log and nothing else', async () => {
    const bodies: unknown[] = [];
    let status = 200;
    const collector = createServer((message: IncomingMessage, response) => {
      let text = '';
      message.on('data', (chunk: Buffer) => void (text += chunk.toString()));
      message.on('end', () => {
        bodies.push(JSON.parse(text));
        response.writeHead(status).end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    ended.push(() => collector.close());
    const warnings: unknown[] = [];
    const log = {
      info: () => undefined,
      error: () => undefined,
      warn: (entry: unknown) => void warnings.push(entry),
    } as unknown as Log;
    const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
    const span: Span = {
      trace: traceOf(caller, randomBytes),
      name: 'GET arm',
      begun: 1_800_000_000_000.5,
      ended: 1_800_000_000_001,
      attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200 },
      failed: false,
    };
    const exporter = createSpanExporter(url, '0.1.0', createOutbound(outboundRule([], [new URL(url)])), log);
    for (let i = 0; i < 600; i += 1) exporter.add(span);
    await exporter.close();
    const sent = bodies.flatMap((body) => (body as Otlp).resourceSpans[0]?.scopeSpans[0]?.spans ?? []);
    expect(sent).toHaveLength(600);
    expect(sent[0]).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentSpanId: '00f067aa0ba902b7',
      kind: 2,
      startTimeUnixNano: '1800000000000500000',
      endTimeUnixNano: '1800000000001000000',
    });
    expect([exporter.dropped(), warnings]).toEqual([0, []]);

    status = 500;
    const unlucky = createSpanExporter(url, '0.1.0', createOutbound(outboundRule([], [new URL(url)])), log);
    for (let i = 0; i < 5_000; i += 1) unlucky.add(span);
    await unlucky.close();
    expect(unlucky.dropped()).toBe(5_000);
    expect(warnings).toHaveLength(1);
  });
});

interface Otlp {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly unknown[] }[] }[];
}

test('the listener serves metrics and health to whoever watches, and nothing else', async () => {
  const server = await listenForMonitoring('127.0.0.1', 0, {
    metrics: () => Promise.resolve('a 1\n'),
    readiness: () => Promise.resolve({ status: 503, body: { status: 'ending' } }),
  });
  ended.push(() => server.close());
  const get = async (path: string, method = 'GET'): Promise<readonly [number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return [answer.status, await answer.text()];
  };
  expect(await get('/metrics')).toEqual([200, 'a 1\n']);
  expect(await get('/healthz')).toEqual([200, '{"status":"ok"}']);
  expect(await get('/readyz')).toEqual([503, '{"status":"ending"}']);
  expect((await get('/subscriptions'))[0]).toBe(404);
  expect((await get('/metrics', 'POST'))[0]).toBe(405);
  await expect(listenForMonitoring('127.0.0.1', server.port, {} as never)).rejects.toThrow(/for monitoring, already/);
});
