/** How the pages end: the program on the person's machine is sent a code, or is told why not. */
import type { Environment } from '../../../environment.ts';
import type { Store } from '../../../store/store.ts';
import { issuerOf } from '../../access-token.ts';
import type { Endpoint } from '../../endpoint.ts';
import type { Principal } from '../../principals.ts';
import { newAuthorizationCode } from '../authorization-codes.ts';
import { redirectTo, type AuthorizationRequest, type ReadRequest } from './authorization-request.ts';
import { messagePage } from './templates.ts';

/** Where the program hears that somebody signed in. */
export async function grantCode(
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
  person: Principal,
  { clientId, redirectUri, codeChallenge, nonce, state }: AuthorizationRequest,
): Promise<string> {
  const grant = { objectId: person.object_id, clientId, redirectUri, codeChallenge, nonce };
  const code = await store.observe(async (writer) => ({
    value: await newAuthorizationCode(writer, environment, grant),
    events: [],
  }));
  // RFC 9207: a program that knows several authorities can tell who answers.
  return redirectTo(redirectUri, state, { code, iss: issuerOf(endpoint) });
}

/** The answer to a request that is not one. */
export function turnedAway(read: Exclude<ReadRequest, { readonly outcome: 'request' }>): Promise<Response> | Response {
  return read.outcome === 'redirect' ? goOn(read.address) : messagePage('This does not work', read.message, 400);
}

/** 303: what was posted, the password, is not sent along. */
export function goOn(location: string, cookie?: string): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  if (cookie !== undefined) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}
