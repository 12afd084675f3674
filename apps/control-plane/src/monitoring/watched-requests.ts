/** Every request on its way through: counted, timed, put into its trace. Neither query nor headers nor bodies are looked at (S1.7). */
import type { RequestMetrics } from './control-plane-metrics.ts';
import { requestKind } from './request-kind.ts';
import type { SpanExporter } from './span-exporter.ts';
import { traceOf, withTrace } from './trace-context.ts';

export interface Watching {
  readonly requests: RequestMetrics;
  readonly spans: SpanExporter | undefined;
  readonly randomBytes: (length: number) => Uint8Array;
}

const longestPath = 500;

/** Answers a request under watch. */
export async function watched(
  { requests, spans, randomBytes }: Watching,
  request: Request,
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  const path = new URL(request.url).pathname;
  const kind = requestKind(path);
  const trace = traceOf(request.headers.get('traceparent') ?? undefined, randomBytes);
  const begun = performance.timeOrigin + performance.now();
  requests.inFlight.add({ kind }, 1);
  let status = 500;
  try {
    const response = await withTrace(trace, answer);
    ({ status } = response);
    return response;
  } finally {
    const ended = performance.timeOrigin + performance.now();
    requests.inFlight.add({ kind }, -1);
    requests.requests.add({ kind, method: methodOf(request), status: String(status) });
    requests.seconds.observe({ kind }, (ended - begun) / 1000);
    // Heartbeats are held, and there is one of each machine at any time: only those that a caller records are worth a span.
    if (spans !== undefined && (kind !== 'heartbeat' || trace.sampled)) {
      spans.add({
        trace,
        name: `${methodOf(request)} ${kind}`,
        begun,
        ended,
        attributes: {
          'http.request.method': methodOf(request),
          'http.response.status_code': status,
          'url.path': path.slice(0, longestPath),
        },
        failed: status >= 500,
      });
    }
  }
}

/** Anybody can send any word as a method; a label is one of a few. */
function methodOf({ method }: Request): string {
  return ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS'].includes(method) ? method : 'other';
}
