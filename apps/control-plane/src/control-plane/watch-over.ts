/** How a control plane is watched over: counted, traced, and asked on a port of its own. */
import type { Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import type { Admission } from '../http/admission.ts';
import type { Log } from '../http/log.ts';
import { addStoredMetrics, processMetrics } from '../monitoring/control-plane-metrics.ts';
import { drawnAhead } from '../monitoring/drawn-ahead.ts';
import { listenForMonitoring, type MonitoringServer } from '../monitoring/monitoring-server.ts';
import { createSpanExporter } from '../monitoring/span-exporter.ts';
import type { Watching } from '../monitoring/watched-requests.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { Services } from '../services.ts';
import { controlPlaneVersion } from '../version.ts';
import type { Readiness } from './readiness-answer.ts';

export interface Monitoring {
  readonly watching: Watching;
  /** Adds what a control plane that is open knows of itself, and listens where the configuration says so. Returns the port. */
  listen(services: Services, admission: Admission, readiness: Readiness): Promise<number | undefined>;
  /** Listens no more, and sends what is left to tell. */
  close(): Promise<void>;
}

/** Begins to count, and to trace where the configuration names a collector. */
export function startMonitoring(
  { tracesUrl, metricsHost, metricsPort }: Configuration,
  environment: Environment,
  outbound: Outbound,
  log: Log,
): Monitoring {
  const { metrics, requests, end } = processMetrics();
  const spans = tracesUrl === undefined ? undefined : createSpanExporter(tracesUrl, controlPlaneVersion, outbound, log);
  let server: MonitoringServer | undefined;
  return {
    watching: { requests, spans, randomBytes: drawnAhead((length) => environment.randomBytes(length)) },
    listen: async (services, admission, readiness) => {
      addStoredMetrics(metrics, services);
      metrics.collected(
        'sallyport_admitted_share',
        'gauge',
        'Which share of requests that can wait is let in; less than 1 while the process cannot keep up.',
        () => Promise.resolve([{ labels: {}, value: admission.share() }]),
      );
      metrics.collected('sallyport_trace_spans_dropped_total', 'counter', 'Spans that no collector took.', () =>
        Promise.resolve(spans === undefined ? [] : [{ labels: {}, value: spans.dropped() }]),
      );
      if (metricsPort === undefined) return undefined;
      server = await listenForMonitoring(metricsHost, metricsPort, { metrics: () => metrics.text(), readiness });
      return server.port;
    },
    close: async () => {
      await server?.close();
      await spans?.close();
      end();
    },
  };
}
