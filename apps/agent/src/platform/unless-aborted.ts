/** Waiting for work of others, no longer than whoever waits is there. */
import { CodedError } from '@sallyport/model';

/** What `work` gives, or a rejection as soon as the signal aborts; the work goes on for whoever else waits for it. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new CodedError('Aborted', 'Nobody waits for this any more.'));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
