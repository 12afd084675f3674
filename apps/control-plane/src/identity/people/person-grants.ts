/** The grants of the token endpoint by which people get tokens: a code of the sign-in page, a device's code, a refresh token. */
import { requestEvents, type ActivityEvents } from '../../activity-log/events-of.ts';
import { ownOrigin } from '../../activity-log/own-origin.ts';
import type { Environment } from '../../environment.ts';
import type { Store, Writer } from '../../store/store.ts';
import type { Endpoint } from '../endpoint.ts';
import { principalOfObject, type Principal } from '../principals.ts';
import { requiredParameter } from '../required-parameter.ts';
import { TokenError } from '../token-error.ts';
import { useAuthorizationCode } from './authorization-codes.ts';
import { pollDevice, type DevicePoll } from './device-codes.ts';
import { nameOfPublicClient } from './public-clients.ts';
import { newRefreshToken, useRefreshToken, type Session } from './sessions.ts';

/** A person signed in with a program, with the token that the session goes on by. */
export interface SignedIn {
  readonly person: Principal;
  readonly session: Session;
  readonly refreshToken: string;
  /** For the id token; empty when there is none. */
  readonly nonce: string;
}

type Grant = (form: URLSearchParams, clientId: string) => Promise<SignedIn>;

/** The grants by the name that clients send. Each throws {@link TokenError}. */
export function personGrants(
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
): ReadonlyMap<string, (form: URLSearchParams) => Promise<SignedIn>> {
  /** What goes on from here, with the token it goes on by. */
  async function withToken(
    writer: Writer,
    session: Session,
  ): Promise<{ readonly session: Session; readonly token: string }> {
    return { session, token: await newRefreshToken(writer, environment, session) };
  }

  async function signedIn(session: Session, refreshToken: string, nonce: string): Promise<SignedIn> {
    const person = await principalOfObject(store.read, session.object_id);
    if (person?.kind !== 'User')
      throw new TokenError('invalid_grant', 'The person who signed in is not known any more.');
    return { person, session, refreshToken, nonce };
  }

  const byCode: Grant = async (form, clientId) => {
    const use = {
      code: requiredParameter(form, 'code'),
      clientId,
      redirectUri: requiredParameter(form, 'redirect_uri'),
      codeVerifier: requiredParameter(form, 'code_verifier'),
    };
    const begun = await store.observe(async (writer) => {
      const used = await useAuthorizationCode(writer, environment, use);
      if (used === undefined) return { value: undefined, events: [] };
      return { value: { ...used, token: await newRefreshToken(writer, environment, used.session) }, events: [] };
    });
    if (begun === undefined)
      throw new TokenError(
        'invalid_grant',
        'The code is not valid, was used before, or belongs to another request. Sign in again.',
      );
    return signedIn(begun.session, begun.token, begun.nonce);
  };

  const byDevice: Grant = async (form, clientId) => {
    const deviceCode = requiredParameter(form, form.has('code') ? 'code' : 'device_code');
    const polled = await store.observe<DevicePoll & { readonly token?: string }>(async (writer) => {
      const poll = await pollDevice(writer, environment, deviceCode, clientId);
      const begun = poll.outcome === 'session' ? await withToken(writer, poll.session) : {};
      return { value: { ...poll, ...begun }, events: [] };
    });
    if (polled.outcome !== 'session') throw new TokenError(polled.outcome, waitingSentences[polled.outcome]);
    return signedIn(polled.session, polled.token ?? '', '');
  };

  const byRefreshToken: Grant = async (form, clientId) => {
    const token = requiredParameter(form, 'refresh_token');
    const begun = await store.observe(async (writer) => {
      const used = await useRefreshToken(writer, token, clientId, environment.now());
      return {
        value: used.outcome === 'session' ? await withToken(writer, used.session) : undefined,
        events: used.outcome === 'stolen' ? stolenEvents(used.session) : [],
      };
    });
    if (begun === undefined)
      throw new TokenError(
        'invalid_grant',
        'The refresh token has expired, was revoked or was used before. Sign in again.',
      );
    return signedIn(begun.session, begun.token, '');
  };

  function stolenEvents(session: Session): ActivityEvents {
    const resourceId = `/providers/Sallyport.Identity/sessions/${session.session_id}`;
    const origin = {
      ...ownOrigin(environment, endpoint.tenantId, '', resourceId, 'Sallyport.Identity/sessions/refresh/action'),
      caller: session.object_id,
    };
    const message = 'A refresh token was used a second time, as after a theft. The session has been ended.';
    const error = { code: 'RefreshTokenReused', message };
    return requestEvents(environment, origin, { status: 'Failed', subStatus: 'Forbidden', error });
  }

  function forPrograms(grant: Grant): (form: URLSearchParams) => Promise<SignedIn> {
    return (form) => {
      const clientId = requiredParameter(form, 'client_id').toLowerCase();
      requirePublicClient(clientId);
      return grant(form, clientId);
    };
  }
  return new Map([
    ['authorization_code', forPrograms(byCode)],
    ['refresh_token', forPrograms(byRefreshToken)],
    ['urn:ietf:params:oauth:grant-type:device_code', forPrograms(byDevice)],
    // The name from before the standard, which clients of version 1 send.
    ['device_code', forPrograms(byDevice)],
  ]);
}

/** Throws {@link TokenError} `unauthorized_client` for a program that people cannot sign in with. */
export function requirePublicClient(clientId: string): void {
  if (nameOfPublicClient(clientId) === undefined)
    throw new TokenError(
      'unauthorized_client',
      `People cannot sign in with the application '${clientId.slice(0, 60)}'.`,
    );
}

const waitingSentences = {
  authorization_pending: 'Nobody has signed in with the code yet.',
  slow_down: 'You ask too often. Wait as long as the interval says.',
  authorization_declined: 'The person who had the code said no.',
  expired_token: 'The code has expired. Start again.',
} as const;
