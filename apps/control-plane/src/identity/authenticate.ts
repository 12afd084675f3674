/** From an `Authorization` header to a caller. Used by ARM and by the agent API, each for its own audience. */
import type { Environment } from '../environment.ts';
import type { Store } from '../store/store.ts';
import { callerOf, verifyAccessToken, type VerifiedToken } from './access-token.ts';
import type { Audience } from './audience.ts';
import type { Caller } from './caller.ts';
import type { Endpoint } from './endpoint.ts';
import { principalOfClient, type Principal } from './principals.ts';
import type { SigningKey } from './signing-key.ts';

export type Authentication =
  | { readonly outcome: 'caller'; readonly caller: Caller; readonly principal: Principal }
  /** No token, or one that proves nothing. */
  | { readonly outcome: 'unknown'; readonly reason: string }
  /** Proven identity, but the token is for something else: the refusal can be recorded with who it was. */
  | { readonly outcome: 'refused'; readonly caller: Caller; readonly reason: string };

export interface Authenticator {
  authenticate(authorization: string | undefined, wanted: Audience['kind']): Promise<Authentication>;
}

/** The authenticator of an endpoint. */
export function createAuthenticator(
  environment: Environment,
  store: Store,
  key: SigningKey,
  endpoint: Endpoint,
): Authenticator {
  return {
    authenticate: async (authorization, wanted) => {
      const token = /^Bearer ([A-Za-z0-9_.-]+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) {
        return {
          outcome: 'unknown',
          reason: "Authentication failed. The 'Authorization' header is missing or is not a bearer token.",
        };
      }
      let verified: VerifiedToken;
      try {
        verified = await verifyAccessToken(token, key, endpoint, environment.now());
      } catch {
        // Which check failed is not told: it would help only whoever forges.
        return {
          outcome: 'unknown',
          reason: 'The access token is invalid or has expired. Ask the token endpoint for a new one.',
        };
      }
      const principal = await principalOfClient(store.read, verified.clientId);
      if (principal === undefined || principal.object_id !== verified.objectId) {
        return { outcome: 'unknown', reason: 'The access token belongs to an identity that no longer exists.' };
      }
      if (principal.kind === 'Machine' && wanted === 'arm' && (await isQuarantined(store, principal))) {
        return { outcome: 'unknown', reason: 'The access token belongs to a machine that is quarantined.' };
      }
      const caller = callerOf(verified, principal, endpoint.tenantId);
      if (verified.audience?.kind !== wanted || (wanted === 'agent' && principal.kind !== 'Machine')) {
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
