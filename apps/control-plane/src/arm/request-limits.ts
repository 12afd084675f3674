/**
 * How many requests one caller, and all callers of one subscription together, may make (T19): buckets that fill at a steady rate and
 * hold what a burst may take, as ARM has them. Each control plane counts its own.
 */
import type { Environment } from '../environment.ts';

/** What a request counts as; ARM's own three. */
export type RequestClass = 'reads' | 'writes' | 'deletes';

export interface LimitedRequest {
  readonly method: string;
  /** Who asks: the object id of the principal. */
  readonly principal: string;
  readonly subscriptionId: string | undefined;
}

export interface RequestLimit {
  /** Told with every answer, so that clients can slow down before they are told to. */
  readonly headers: Readonly<Record<string, string>>;
  /** When to come again, where the request is one too many. Seconds, at least 1. */
  readonly retryAfterSeconds: number | undefined;
  /** Whether this is the first refusal of the caller in a while: a flood of refusals is told once. */
  readonly isNews: boolean;
}

export interface RequestLimits {
  /** Counts a request. */
  take(request: LimitedRequest): RequestLimit;
}

/** Requests a second that one principal may make for ever; 0 for no limit. */
export interface Rates {
  readonly reads: number;
  readonly writes: number;
}

/** A bucket holds what its rate brings in this time. Seconds. */
const burstSeconds = 100;
/** All callers of a subscription have as much as this many callers. */
const callersOfSubscription = 10;
/** Buckets beyond this many are looked through for full ones, which say nothing. */
const mostBuckets = 10_000;
/** Refusals of one caller are news this seldom. Milliseconds. */
const newsMilliseconds = 60_000;

interface Bucket {
  tokens: number;
  filledAt: number;
  readonly rate: number;
  newsAt: number;
}

/** Limits that are kept in memory: a restart forgets them, which does no harm. */
export function createRequestLimits(environment: Pick<Environment, 'now'>, rates: Rates): RequestLimits {
  const buckets = new Map<string, Bucket>();

  function bucketOf(key: string, rate: number, now: number): Bucket {
    const found = buckets.get(key);
    if (found !== undefined) {
      fill(found, now);
      return found;
    }
    if (buckets.size >= mostBuckets) forgetFull(buckets, now);
    const fresh = { tokens: rate * burstSeconds, filledAt: now, rate, newsAt: 0 };
    buckets.set(key, fresh);
    return fresh;
  }

  return {
    take: ({ method, principal, subscriptionId }) => {
      const kind = classOf(method);
      const rate = kind === 'reads' ? rates.reads : rates.writes;
      if (rate === 0) return { headers: {}, retryAfterSeconds: undefined, isNews: false };
      const now = environment.now();
      const where = subscriptionId?.toLowerCase() ?? '';
      const own = bucketOf(`${kind} ${where} ${principal}`, rate, now);
      const shared =
        subscriptionId === undefined ? undefined : bucketOf(`${kind} ${where}`, rate * callersOfSubscription, now);
      const empty = [own, shared].find((bucket) => bucket !== undefined && bucket.tokens < 1);
      const isNews = empty !== undefined && now - own.newsAt >= newsMilliseconds;
      if (isNews) own.newsAt = now;
      if (empty === undefined) {
        own.tokens -= 1;
        if (shared !== undefined) shared.tokens -= 1;
      }
      const scope = shared === undefined ? 'tenant' : 'subscription';
      return {
        headers: {
          [`x-ms-ratelimit-remaining-${scope}-${kind}`]: String(Math.floor(own.tokens)),
          ...(shared === undefined
            ? {}
            : { [`x-ms-ratelimit-remaining-subscription-global-${kind}`]: String(Math.floor(shared.tokens)) }),
        },
        retryAfterSeconds: empty === undefined ? undefined : Math.max(1, Math.ceil((1 - empty.tokens) / empty.rate)),
        isNews,
      };
    },
  };
}

function classOf(method: string): RequestClass {
  if (method === 'GET' || method === 'HEAD') return 'reads';
  return method === 'DELETE' ? 'deletes' : 'writes';
}

function fill(bucket: Bucket, now: number): void {
  // A clock that is set back gives nothing and takes nothing (T71).
  const seconds = Math.max(0, now - bucket.filledAt) / 1000;
  bucket.tokens = Math.min(bucket.rate * burstSeconds, bucket.tokens + seconds * bucket.rate);
  bucket.filledAt = now;
}

function forgetFull(buckets: Map<string, Bucket>, now: number): void {
  for (const [key, bucket] of buckets) {
    fill(bucket, now);
    if (bucket.tokens >= bucket.rate * burstSeconds) buckets.delete(key);
  }
}
