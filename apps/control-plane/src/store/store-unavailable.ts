import { CodedError } from '@sallyport/model';

/**
 * The database cannot be reached right now, or is not taking work: being restarted, failing over, overloaded. Whoever asked is told to
 * ask again; nothing of what they asked for is half done.
 */
export class StoreUnavailable extends CodedError<'StoreUnavailable'> {
  override readonly name = 'StoreUnavailable';
  constructor(cause: unknown) {
    super('StoreUnavailable', 'The control plane cannot reach its database right now. Try again in a few seconds.', {
      cause,
    });
  }
}

/** Seconds after which asking again may succeed. */
export const storeRetrySeconds = 3;
