/** What is counted and measured of a control plane. Every family is documented in docs/reference/monitoring.md; a test holds them together. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Services } from '../services.ts';
import { connectedMilliseconds } from '../machines/machine-status.ts';
import { Metrics, type Counter, type Gauge, type Histogram, type Sample } from './metrics.ts';

export interface RequestMetrics {
  readonly requests: Counter;
  readonly inFlight: Gauge;
  readonly seconds: Histogram;
}

/** Seconds; the upper ones are for heartbeats, which are held. */
const requestBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** How often it is looked how late the event loop is: each look wakes the process, which is a third of a percent of a core with 20. */
const lookMilliseconds = 100;

/** Families about requests and the process: they need no database. */
export function processMetrics(): {
  readonly metrics: Metrics;
  readonly requests: RequestMetrics;
  readonly end: () => void;
} {
  const metrics = new Metrics();
  const requests: RequestMetrics = {
    requests: metrics.counter(
      'sallyport_http_requests_total',
      'Requests that were answered, by kind, method and status.',
    ),
    inFlight: metrics.gauge(
      'sallyport_http_requests_in_flight',
      'Requests that wait for their answer, by kind; held heartbeats are agents that are connected.',
    ),
    seconds: metrics.histogram(
      'sallyport_http_request_duration_seconds',
      'How long answers took, by kind; heartbeats are held on purpose.',
      requestBounds,
    ),
  };
  const delay = monitorEventLoopDelay({ resolution: lookMilliseconds });
  delay.enable();
  const one = (value: number): Promise<readonly Sample[]> => Promise.resolve([{ labels: {}, value }]);
  metrics.collected('process_cpu_seconds_total', 'counter', 'Processor time of this process.', () => {
    const { user, system } = process.cpuUsage();
    return one((user + system) / 1e6);
  });
  metrics.collected('process_resident_memory_bytes', 'gauge', 'Memory of this process.', () =>
    one(process.memoryUsage.rss()),
  );
  metrics.collected('process_start_time_seconds', 'gauge', 'When this process began, seconds since 1970.', () =>
    one(Math.floor(Date.now() / 1000 - process.uptime())),
  );
  metrics.collected(
    'nodejs_eventloop_delay_seconds',
    'gauge',
    'How late the event loop was since the last scrape, 99th percentile.',
    () => {
      // What is recorded is the time between two looks.
      const late = Math.max(0, delay.percentile(99) / 1e6 - lookMilliseconds) / 1000;
      delay.reset();
      return one(late);
    },
  );
  return { metrics, requests, end: () => void delay.disable() };
}

/** Families that the database knows; each scrape asks it once for each. */
export function addStoredMetrics(metrics: Metrics, { store, environment }: Services): void {
  const { read } = store;
  metrics.collected('sallyport_machines', 'gauge', 'Machines, by what is known of them.', async () => {
    const since = environment.now() - connectedMilliseconds;
    const [all, connected, quarantined] = await Promise.all([
      read
        .selectFrom('machines')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow(),
      read
        .selectFrom('heartbeats')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('received_at', '>', since)
        .executeTakeFirstOrThrow(),
      read
        .selectFrom('machines')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('quarantined_at', 'is not', null)
        .executeTakeFirstOrThrow(),
    ]);
    return [
      { labels: { state: 'known' }, value: all.count },
      { labels: { state: 'connected' }, value: connected.count },
      { labels: { state: 'quarantined' }, value: quarantined.count },
    ];
  });
  metrics.collected('sallyport_operations_running', 'gauge', 'Operations that have not ended, by state.', async () => {
    const rows = await read
      .selectFrom('operations')
      .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
      .where('ended_at', 'is', null)
      .groupBy('state')
      .execute();
    return rows.map(({ state, count }) => ({ labels: { state }, value: count }));
  });
  metrics.collected('sallyport_activity_events_total', 'counter', 'Events of the activity log.', async () => {
    const last = await read
      .selectFrom('activity_events')
      .select('position')
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst();
    return [{ labels: {}, value: last?.position ?? 0 }];
  });
}
