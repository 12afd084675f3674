/** What a request is told that failed in a way nobody foresaw. */
import { messageOf } from '@sallyport/model';
import type { Log } from '../http/log.ts';
import { jsonAnswer, type PlainAnswer } from '../http/plain-request.ts';
import { storeRetrySeconds, StoreUnavailable } from '../store/store-unavailable.ts';

/**
 * For agents and sign-in; ARM says it in its own envelope. When the database is away nothing was done, and asking again is all there
 * is to do.
 */
export function failureAnswer(error: unknown, log: Log): PlainAnswer {
  if (error instanceof StoreUnavailable) {
    const { message, cause } = error;
    log.warn({ msg: 'the database cannot be reached', reason: messageOf(cause) });
    const headers = { 'retry-after': String(storeRetrySeconds) };
    return jsonAnswer({ error: { code: 'ServiceUnavailable', message } }, 503, headers);
  }
  log.error({
    msg: 'unexpected failure',
    reason: messageOf(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  const message = 'The control plane failed in a way it does not know. Its log has the details.';
  return jsonAnswer({ error: { code: 'InternalServerError', message } }, 500);
}
