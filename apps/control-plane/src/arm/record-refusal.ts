import type { EventOrigin } from '../activity-log/event-origin.ts';
import { requestEvents } from '../activity-log/events-of.ts';
import type { Services } from '../services.ts';
import type { ArmError } from './arm-error.ts';

/** Puts on record that a write was refused, and why (S2.2). */
export async function recordRefusal(
  { store, environment }: Pick<Services, 'store' | 'environment'>,
  origin: EventOrigin,
  error: ArmError,
): Promise<void> {
  await store.change(() =>
    Promise.resolve({
      value: undefined,
      events: requestEvents(environment, origin, {
        status: 'Failed',
        subStatus: statusWords[error.status] ?? String(error.status),
        error: { code: error.code, message: error.message },
      }),
    }),
  );
}

const statusWords: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};
