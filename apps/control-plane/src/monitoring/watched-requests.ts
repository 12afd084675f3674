/** Every request on its way through: counted, timed, put into its trace. Neither query nor headers nor bodies are looked at (S1.7). */
import type { RequestMetrics } from './control-plane-metrics.ts';
import type { Labels } from './metrics.ts';
import type { RequestKind } from './request-kind.ts';
import type { SpanExporter } from './span-exporter.ts';
import { traceOf, withTrace } from './trace-context.ts';

export interface Watching {
  readonly requests: RequestMetrics;
  readonly spans: SpanExporter | undefined;
  readonly randomBytes: (length: number) => Uint8Array;
}

const longestPath = 500;

export interface WatchedRequest {
  readonly method: string;
  readonly kind: RequestKind;
  /** Without its query. */
  readonly path: string;
  readonly traceparent: string | undefined;
}

const origin = performance.timeOrigin;

/** Answers a request under watch. */
export async function watched<Answer extends { readonly status: number }>(
  { requests, spans, randomBytes }: Watching,
  { method: sent, kind, path, traceparent }: WatchedRequest,
  answer: () => Answer | Promise<Answer>,
): Promise<Answer> {
  const method = methodOf(sent);
  const trace = traceOf(traceparent, randomBytes);
  const begun = performance.now();
  const ofKind = labelsOf(kind);
  requests.inFlight.add(ofKind, 1);
  let status = 500;
  try {
    const response = await withTrace(trace, answer);
    ({ status } = response);
    return response;
  } finally {
    const ended = performance.now();
    requests.inFlight.add(ofKind, -1);
    requests.requests.add(labelsOf(kind, method, status));
    requests.seconds.observe(ofKind, (ended - begun) / 1000);
    // Heartbeats are held, and there is one of each machine at any time: only those that a caller records are worth a span.
    if (spans !== undefined && (kind !== 'heartbeat' || trace.sampled)) {
      spans.add({
        trace,
        name: `${method} ${kind}`,
        begun: origin + begun,
        ended: origin + ended,
        attributes: {
          'http.request.method': method,
          'http.response.status_code': status,
          'url.path': path.slice(0, longestPath),
        },
        failed: status >= 500,
      });
    }
  }
}

/** Labels that were used: there are as many as there are kinds, methods and statuses. */
const used = new Map<string, Labels>();

function labelsOf(kind: RequestKind, method?: string, status?: number): Labels {
  const key = method === undefined ? kind : `${kind} ${method} ${status}`;
  const known = used.get(key);
  if (known !== undefined) return known;
  const labels: Labels = method === undefined ? { kind } : { kind, method, status: String(status) };
  used.set(key, labels);
  return labels;
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS']);

/** Anybody can send any word as a method; a label is one of a few. */
function methodOf(method: string): string {
  return methods.has(method) ? method : 'other';
}
