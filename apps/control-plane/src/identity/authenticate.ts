/**
 * From an `Authorization` header to a caller of ARM. Tokens are our own, or
 * those of an identity provider that is configured, whose identities are known here as a principal (decision 0132).
 */
import { errors } from 'jose';
import type { Environment } from '../environment.ts';
import type { Store } from '../store/store.ts';
import { callerOf, claimsOf, issuerOf, plainClaims, type VerifiedToken } from './access-token.ts';
import type { Audience } from './audience.ts';
import type { Caller } from './caller.ts';
import { claimedIssuer } from './claimed-issuer.ts';
import { principalOfIdentity } from './credentials/federated-credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { principalOfObject, type Principal } from './principals.ts';
import { ProviderUnavailable, type IdentityProviders } from './providers/identity-providers.ts';
import { sessionOf } from './people/sessions.ts';
import { bearerToken, invalidToken, keyIsOver, noBearerToken, noSuchIdentity, wrongAudience } from './refusals.ts';
import { isKeyOver } from './token-of-machine-key.ts';
import type { TokenVerifier } from './token-verifier.ts';

export type Authentication =
  | { readonly outcome: 'caller'; readonly caller: Caller; readonly principal: Principal }
  /** No token, or one that proves nothing. */
  | { readonly outcome: 'unknown'; readonly reason: string }
  /** Proven identity, but the token is for something else: the refusal can be recorded with who it was. */
  | { readonly outcome: 'refused'; readonly caller: Caller; readonly reason: string };

export interface Authenticator {
  authenticate(authorization: string | undefined): Promise<Authentication>;
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
  tokens: TokenVerifier,
  providers: IdentityProviders,
  endpoint: Endpoint,
): Authenticator {
  async function ofOurs(token: string): Promise<Proven | Unknown> {
    const now = environment.now();
    const verified = await tokens.verify(token, now);
    const { objectId, clientId, sessionId, audience } = verified;
    const principal = await principalOfObject(store.read, objectId);
    const own = sessionId === undefined && principal?.client_id === clientId && principal.kind !== 'User';
    if (principal === undefined || !(own || sessionId !== undefined)) return unknown(noSuchIdentity);
    if (sessionId !== undefined) {
      const session = await sessionOf(store.read, sessionId, now);
      if (session?.object_id !== objectId || session.client_id !== clientId)
        return unknown('The session of the access token has ended. Sign in again.');
    }
    const ended = principal.kind === 'Machine' ? await endedFor(store, principal, verified, now) : undefined;
    if (ended !== undefined) return unknown(ended);
    return { outcome: 'proven', principal, claims: claimsOf(token), audience: audience?.kind };
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
      return unknown(invalidToken);
    }
  }

  return {
    authenticate: async (authorization) => {
      const token = bearerToken(authorization);
      if (token === undefined) return unknown(noBearerToken);
      const found = await proven(token);
      if (found.outcome === 'unknown') return found;
      const { principal } = found;
      const caller = callerOf(found.claims, principal, endpoint.tenantId);
      if (found.audience !== 'arm') {
        return {
          outcome: 'refused',
          caller,
          reason: wrongAudience(endpoint.url),
        };
      }
      return { outcome: 'caller', caller, principal };
    },
  };
}

/** Why a machine's token is good for nothing although its identity exists, undefined when it is good. */
async function endedFor(
  store: Store,
  { object_id }: Principal,
  token: VerifiedToken,
  now: number,
): Promise<string | undefined> {
  const machine = await store.read
    .selectFrom('machines')
    .select(['vm_id', 'key_since', 'quarantined_at'])
    .where('principal_id', '=', object_id)
    .executeTakeFirst();
  if (machine === undefined) return noSuchIdentity;
  if (machine.quarantined_at !== null) return 'The access token belongs to a machine that is quarantined.';
  return isKeyOver(token, machine.key_since, machine.vm_id, now) ? keyIsOver : undefined;
}
