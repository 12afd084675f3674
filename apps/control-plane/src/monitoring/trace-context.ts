/** The trace that a request belongs to (W3C Trace Context): taken over from the caller, passed on, and in every line of the log. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** The span of this request: 16 hex digits. */
  readonly spanId: string;
  /** The caller's span; undefined when the trace begins here. */
  readonly parentSpanId: string | undefined;
  /** The caller records this trace. */
  readonly sampled: boolean;
}

const storage = new AsyncLocalStorage<TraceContext>();

/** The trace of the request that is being answered. */
export function currentTrace(): TraceContext | undefined {
  return storage.getStore();
}

/** Answers within a trace. */
export function withTrace<T>(trace: TraceContext, work: () => T): T {
  return storage.run(trace, work);
}

/** A trace that begins here. Most requests are never spoken of, so its names are drawn when they are first asked for. */
class BegunTrace implements TraceContext {
  readonly parentSpanId = undefined;
  readonly sampled = false;
  readonly #random: (length: number) => Uint8Array;
  #traceId: string | undefined;
  #spanId: string | undefined;

  constructor(random: (length: number) => Uint8Array) {
    this.#random = random;
  }

  get traceId(): string {
    this.#traceId ??= hex(this.#random(16));
    return this.#traceId;
  }

  get spanId(): string {
    this.#spanId ??= hex(this.#random(8));
    return this.#spanId;
  }
}

/**
 * The trace of a request with this `traceparent`. One that is missing or malformed begins a new trace; later versions are read as
 * far as this one goes, as the recommendation wants. `random` gives bytes.
 */
export function traceOf(traceparent: string | undefined, random: (length: number) => Uint8Array): TraceContext {
  if (traceparent === undefined) return new BegunTrace(random);
  const spanId = hex(random(8));
  const [, version = '', traceId = '', parentSpanId = '', flags = '', rest = ''] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(traceparent.trim()) ?? [];
  const known =
    traceId !== '' &&
    version !== 'ff' &&
    !(version === '00' && rest !== '') &&
    !/^0+$/.test(traceId) &&
    !/^0+$/.test(parentSpanId);
  if (!known) return new BegunTrace(random);
  return { traceId, spanId, parentSpanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** As a `traceparent` to whoever is asked on behalf of this request. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

function hex(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('hex');
  // All zeros would mean "none".
  return /^0+$/.test(text) ? `${text.slice(1)}1` : text;
}
