/**
 * From an `Authorization` header to a caller. Used by ARM and by the agent API, each for its own audience. Tokens are our own, or
 * those of an identity provider that is configured, whose identities are known here as a principal (decision 0132).
 */
import { errors } from 'jose';
import type { Environment } from '../environment.ts';
import type { Store } from '../store/store.ts';
import { callerOf, issuerOf, plainClaims, verifyAccessToken } from './access-token.ts';
import type { Audience } from './audience.ts';
import type { Caller } from './caller.ts';
import { claimedIssuer } from './claimed-issuer.ts';
import { principalOfIdentity } from './credentials/federated-credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { principalOfObject, type Principal } from './principals.ts';
import { ProviderUnavailable, type IdentityProviders } from './providers/identity-providers.ts';
import { sessionOf } from './people/sessions.ts';
import type { SigningKeys } from './signing-keys.ts';

export type Authentication =
  | { readonly outcome: 'caller'; readonly caller: Caller; readonly principal: Principal }
  /** No token, or one that proves nothing. */
  | { readonly outcome: 'unknown'; readonly reason: string }
  /** Proven identity, but the token is for something else: the refusal can be recorded with who it was. */
  | { readonly outcome: 'refused'; readonly caller: Caller; readonly reason: string };

export interface Authenticator {
  authenticate(authorization: string | undefined, wanted: Audience['kind']): Promise<Authentication>;
}

type Unknown = Extract<Authentication, { readonly outcome: 'unknown' }>;

/** A principal and what its token said. */
interface Proven {
  readonly outcome: 'proven';
  readonly principal: Principal;
  readonly claims: Caller['claims'];
  readonly audience: Audience['kind'] | undefined;
}

const unknown = (reason: string): Unknown => ({ outcome: 'unknown', reason });

/** The authenticator of an endpoint. */
export function createAuthenticator(
  environment: Environment,
  store: Store,
  keys: SigningKeys,
  providers: IdentityProviders,
  endpoint: Endpoint,
): Authenticator {
  async function ofOurs(token: string): Promise<Proven | Unknown> {
    const now = environment.now();
    const { objectId, clientId, sessionId, audience, claims } = await verifyAccessToken(token, keys, endpoint, now);
    const principal = await principalOfObject(store.read, objectId);
    const own = sessionId === undefined && principal?.client_id === clientId && principal.kind !== 'User';
    if (principal === undefined || !(own || sessionId !== undefined))
      return unknown('The access token belongs to an identity that no longer exists.');
    if (sessionId !== undefined) {
      const session = await sessionOf(store.read, sessionId, now);
      if (session?.object_id !== objectId || session.client_id !== clientId)
        return unknown('The session of the access token has ended. Sign in again.');
    }
    return { outcome: 'proven', principal, claims, audience: audience?.kind };
  }

  async function ofProvider(token: string, issuer: string): Promise<Proven | Unknown> {
    const provider = providers.find(issuer);
    if (provider?.audience === undefined)
      return unknown(
        'The access token is not from this control plane, nor from an identity provider whose tokens it takes.',
      );
    const identity = await providers.verify(provider, token, provider.audience);
    const principal = await principalOfIdentity(store.read, identity.issuer, identity.subject);
    if (principal === undefined)
      return unknown(
        `'${identity.subject.slice(0, 100)}' of the identity provider '${issuer}' is not known here. An Owner can make it known.`,
      );
    return { outcome: 'proven', principal, claims: plainClaims(identity.payload), audience: 'arm' };
  }

  async function proven(token: string): Promise<Proven | Unknown> {
    const issuer = claimedIssuer(token);
    try {
      return issuer === undefined || issuer === issuerOf(endpoint)
        ? await ofOurs(token)
        : await ofProvider(token, issuer);
    } catch (error) {
      if (error instanceof ProviderUnavailable) return unknown(error.message);
      if (!(error instanceof errors.JOSEError) && !(error instanceof TypeError)) throw error;
      // Which check failed is not told: it would help only whoever forges.
      return unknown('The access token is invalid or has expired. Ask the token endpoint for a new one.');
    }
  }

  return {
    authenticate: async (authorization, wanted) => {
      const token = /^Bearer ([A-Za-z0-9_.-]+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined)
        return unknown("Authentication failed. The 'Authorization' header is missing or is not a bearer token.");
      const found = await proven(token);
      if (found.outcome === 'unknown') return found;
      const { principal } = found;
      if (principal.kind === 'Machine' && wanted === 'arm' && (await isQuarantined(store, principal)))
        return unknown('The access token belongs to a machine that is quarantined.');
      const caller = callerOf(found.claims, principal, endpoint.tenantId);
      if (found.audience !== wanted || (wanted === 'agent' && principal.kind !== 'Machine')) {
        return {
          outcome: 'refused',
          caller,
          reason: `The access token is for the wrong audience; this API needs one for ${wanted === 'arm' ? endpoint.url : 'the agent API'}.`,
        };
      }
      return { outcome: 'caller', caller, principal };
    },
  };
}

/** The agent API looks for itself, and says more. */
async function isQuarantined(store: Store, { object_id }: Principal): Promise<boolean> {
  const found = await store.read
    .selectFrom('machines')
    .select('vm_id')
    .where('principal_id', '=', object_id)
    .where('quarantined_at', 'is not', null)
    .executeTakeFirst();
  return found !== undefined;
}
