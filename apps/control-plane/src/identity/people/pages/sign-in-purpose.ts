/** What somebody signs in for at an identity provider: a program on their own machine, or a device that waits elsewhere. */
import type { Environment } from '../../../environment.ts';
import type { Store } from '../../../store/store.ts';
import type { Endpoint } from '../../endpoint.ts';
import type { Principal } from '../../principals.ts';
import { readUserCode, waitingDevice, type DeviceCode } from '../device-codes.ts';
import { endedVisitCookie } from '../provider-sign-in.ts';
import { approveDevice } from './answer-device.ts';
import { readAuthorizationRequest, type AuthorizationRequest } from './authorization-request.ts';
import { goOn, grantCode, turnedAway } from './grant-code.ts';
import { messagePage } from './templates.ts';

export type SignInPurpose =
  | { readonly kind: 'program'; readonly request: AuthorizationRequest }
  | { readonly kind: 'device'; readonly device: DeviceCode };

/** The field that names a device; a program's request has none of that name. */
export const deviceField = 'user_code';

/** Reads it from the query of our own link, or the answer to what is none. Asked again when the browser comes back: a device may not wait any more. */
export async function readPurpose(
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
  parameters: URLSearchParams,
): Promise<{ readonly purpose: SignInPurpose } | { readonly answer: Promise<Response> | Response }> {
  const typed = parameters.get(deviceField);
  if (typed === null) {
    const read = readAuthorizationRequest(parameters, endpoint);
    return read.outcome === 'request'
      ? { purpose: { kind: 'program', request: read.request } }
      : { answer: turnedAway(read) };
  }
  const userCode = readUserCode(typed);
  const device = userCode === undefined ? undefined : await waitingDevice(store.read, userCode, environment.now());
  if (device !== undefined) return { purpose: { kind: 'device', device } };
  const message = 'No device waits with this code any more. Start again on the device.';
  return { answer: messagePage('Signing in did not work', message, 400) };
}

/** The person has signed in: the program is sent a code, or the device goes on. Ends the visit. */
export async function fulfil(
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
  purpose: SignInPurpose,
  person: Principal,
): Promise<Response> {
  return purpose.kind === 'device'
    ? approveDevice(store, purpose.device, person, { 'set-cookie': endedVisitCookie })
    : goOn(await grantCode(environment, store, endpoint, person, purpose.request), endedVisitCookie);
}
