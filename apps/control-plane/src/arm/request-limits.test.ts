import { describe, expect, test } from 'vitest';
import { createRequestLimits, type RequestLimit } from './request-limits.ts';

const subscriptionId = 'AAAAAAAA-0000-4000-8000-000000000000';

function limitsAt(rates: { reads: number; writes: number }): {
  clock: { now: number };
  take: (method: string, principal?: string, subscription?: string) => RequestLimit;
} {
  const clock = { now: 1_000_000 };
  const limits = createRequestLimits({ now: () => clock.now }, rates);
  return {
    clock,
    take: (method, principal = 'one', subscription = subscriptionId) =>
      limits.take({ method, principal, subscriptionId: subscription }),
  };
}

describe('T19 limits of requests', () => {
  test('a burst is taken, then as many as the rate brings, and the answer says when', () => {
    const { clock, take } = limitsAt({ reads: 2, writes: 1 });
    for (let i = 199; i >= 0; i -= 1) {
      const { headers, retryAfterSeconds } = take('GET');
      expect(headers['x-ms-ratelimit-remaining-subscription-reads']).toBe(String(i));
      expect(retryAfterSeconds).toBeUndefined();
    }
    expect(take('HEAD')).toMatchObject({ retryAfterSeconds: 1, isNews: true });
    expect(take('GET')).toMatchObject({ retryAfterSeconds: 1, isNews: false });
    clock.now += 500;
    expect(take('GET').retryAfterSeconds).toBeUndefined();
    expect(take('GET').retryAfterSeconds).toBe(1);
    clock.now -= 10_000;
    expect(take('GET').retryAfterSeconds).toBe(1);
    clock.now += 70_000;
    expect(take('GET').retryAfterSeconds).toBeUndefined();
  });

  test('reads, writes and deletes are counted apart, and so are callers and subscriptions', () => {
    const { take } = limitsAt({ reads: 1, writes: 1 });
    for (let i = 0; i < 100; i += 1) take('PUT');
    expect(take('PATCH').retryAfterSeconds).toBe(1);
    expect(take('POST').retryAfterSeconds).toBe(1);
    expect(take('DELETE').retryAfterSeconds).toBeUndefined();
    expect(take('GET').retryAfterSeconds).toBeUndefined();
    expect(take('PUT', 'two').retryAfterSeconds).toBeUndefined();
    expect(take('PUT', 'one', 'bbbbbbbb-0000-4000-8000-000000000000').retryAfterSeconds).toBeUndefined();
    expect(take('PUT', 'one', subscriptionId.toLowerCase()).retryAfterSeconds).toBe(1);
  });

  test('many callers of one subscription share what it has', () => {
    const { take } = limitsAt({ reads: 1, writes: 1 });
    for (let caller = 0; caller < 10; caller += 1) {
      for (let i = 0; i < 100; i += 1) expect(take('PUT', `caller ${caller}`).retryAfterSeconds).toBeUndefined();
    }
    expect(take('PUT', 'one more')).toMatchObject({
      retryAfterSeconds: 1,
      headers: { 'x-ms-ratelimit-remaining-subscription-global-writes': '0' },
    });
  });

  test('requests of the tenant have no subscription to share', () => {
    const limits = createRequestLimits({ now: () => 5 }, { reads: 1, writes: 1 });
    const { headers } = limits.take({ method: 'GET', principal: 'one', subscriptionId: undefined });
    expect(headers).toEqual({ 'x-ms-ratelimit-remaining-tenant-reads': '99' });
  });

  test('0 is no limit, and callers without number do not fill the memory', () => {
    const { take } = limitsAt({ reads: 0, writes: 1 });
    for (let i = 0; i < 1000; i += 1) expect(take('GET')).toMatchObject({ headers: {}, retryAfterSeconds: undefined });
    const { clock, take: takeMany } = limitsAt({ reads: 1, writes: 1 });
    for (let i = 0; i < 25_000; i += 1) {
      clock.now += 1000;
      takeMany('GET', `caller ${i}`);
    }
    expect(takeMany('GET', 'caller 24999').retryAfterSeconds).toBeUndefined();
  });
});
