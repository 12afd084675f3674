/**
 * Sends spans to a collector: OTLP over HTTP in its JSON form, in batches, never in the way of an answer. What cannot be sent is
 * dropped and counted. By hand, because the library weighs more than everything else here (decision 0143).
 */
import { messageOf } from '@sallyport/model';
import type { Log } from '../http/log.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { TraceContext } from './trace-context.ts';

export interface Span {
  readonly trace: TraceContext;
  readonly name: string;
  /** Milliseconds since 1970, with fractions. */
  readonly begun: number;
  readonly ended: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** The server failed; refusals are no failures of it. */
  readonly failed: boolean;
}

export interface SpanExporter {
  add(span: Span): void;
  /** How many were dropped so far. */
  dropped(): number;
  /** Sends what is left, within a few seconds. */
  close(): Promise<void>;
}

const everyMilliseconds = 5_000;
const largestBatch = 512;
const mostWaiting = 4096;
const timeoutMilliseconds = 5_000;
/** A collector answers with next to nothing. Bytes. */
const largestAnswer = 256 * 1024;

/** Exports to `url`, as in `http://127.0.0.1:4318/v1/traces`. */
export function createSpanExporter(url: string, version: string, outbound: Outbound, log: Log): SpanExporter {
  let waiting: Span[] = [];
  let dropped = 0;
  let sending: Promise<void> | undefined;
  let complained = false;

  async function send(batch: readonly Span[]): Promise<void> {
    try {
      const { status } = await outbound(new URL(url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(exportRequest(batch, version)),
        timeoutMilliseconds,
        largestBytes: largestAnswer,
      });
      if (status < 200 || status > 299) throw new Error(`HTTP ${status}`);
      complained = false;
    } catch (error) {
      dropped += batch.length;
      // Once, until it works again: a collector that is away must not fill the log.
      if (!complained) log.warn({ msg: 'traces cannot be sent', reason: messageOf(error) });
      complained = true;
    }
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, largestBatch);
      waiting = waiting.slice(largestBatch);
      await send(batch);
    }
  }

  const begin = (): Promise<void> => {
    sending ??= flush().finally(() => {
      sending = undefined;
    });
    return sending;
  };
  const timer = setInterval(() => void begin(), everyMilliseconds);
  timer.unref();
  return {
    add: (span) => {
      if (waiting.length >= mostWaiting) dropped += 1;
      else waiting.push(span);
      if (waiting.length >= largestBatch) void begin();
    },
    dropped: () => dropped,
    close: async () => {
      clearInterval(timer);
      await begin();
      await begin();
    },
  };
}

/** `ExportTraceServiceRequest` of OTLP 1.x, as JSON. */
function exportRequest(spans: readonly Span[], version: string): unknown {
  return {
    resourceSpans: [
      {
        resource: {
          attributes: attributesOf({ 'service.name': 'sallyport-control-plane', 'service.version': version }),
        },
        scopeSpans: [{ scope: { name: 'sallyport' }, spans: spans.map(spanOf) }],
      },
    ],
  };
}

const serverKind = 2;

function spanOf({ trace, name, begun, ended, attributes, failed }: Span): unknown {
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    ...(trace.parentSpanId === undefined ? {} : { parentSpanId: trace.parentSpanId }),
    name,
    kind: serverKind,
    startTimeUnixNano: nanoseconds(begun),
    endTimeUnixNano: nanoseconds(ended),
    attributes: attributesOf(attributes),
    status: failed ? { code: 2 } : {},
  };
}

function attributesOf(values: Readonly<Record<string, string | number>>): unknown {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}

function nanoseconds(milliseconds: number): string {
  return (BigInt(Math.round(milliseconds * 1000)) * 1000n).toString();
}
