/** The token endpoint: client credentials with a secret (service principals) or with a signed assertion (machines). */
import type { Environment } from '../environment.ts';
import type { Store } from '../store/store.ts';
import { issueAccessToken, tokenLifetime } from './access-token.ts';
import { audienceOf } from './audience.ts';
import { claimedIssuer } from './client-assertion.ts';
import type { Endpoint } from './endpoint.ts';
import { machineSignIn } from './machine-sign-in.ts';
import { principalOfClient, type Principal } from './principals.ts';
import { secretMatches } from './secret-hash.ts';
import type { SigningKey } from './signing-key.ts';
import { TokenError } from './token-error.ts';

export interface TokenResponse {
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly ext_expires_in: number;
  readonly access_token: string;
}

export interface TokenService {
  /** Answers a form of the token endpoint. Throws {@link TokenError}. */
  issue(form: URLSearchParams): Promise<TokenResponse>;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The token service of an endpoint. */
export function createTokenService(
  environment: Environment,
  store: Store,
  key: SigningKey,
  endpoint: Endpoint,
): TokenService {
  async function authenticate(form: URLSearchParams): Promise<Principal> {
    const assertion = form.get('client_assertion');
    if (assertion !== null) return authenticateByAssertion(form, assertion);
    const clientId = required(form, 'client_id');
    const secret = required(form, 'client_secret');
    const principal = await principalOfClient(store.read, clientId);
    if (!(await secretMatches(secret, principal?.secret_hash ?? undefined)) || principal === undefined) {
      throw new TokenError('invalid_client', 'The client id is unknown, or the client secret is not its secret.');
    }
    return principal;
  }

  async function authenticateByAssertion(form: URLSearchParams, assertion: string): Promise<Principal> {
    if (form.get('client_assertion_type') !== assertionType) {
      throw new TokenError('invalid_request', `The client_assertion_type must be '${assertionType}'.`);
    }
    const clientId = form.get('client_id') ?? claimedIssuer(assertion) ?? '';
    const principal = await principalOfClient(store.read, clientId);
    if (principal === undefined || principal.public_key === null) {
      throw new TokenError('invalid_client', 'The client assertion is not from a machine that is known here.');
    }
    await machineSignIn(environment, store, endpoint, principal, assertion);
    return principal;
  }

  return {
    issue: async (form) => {
      const grant = required(form, 'grant_type');
      if (grant !== 'client_credentials') {
        throw new TokenError(
          'unsupported_grant_type',
          `The grant type '${grant.slice(0, 60)}' is not supported; use client_credentials.`,
        );
      }
      const requested = form.get('scope') ?? form.get('resource') ?? '';
      const audience = audienceOf(requested.split(' ')[0] ?? '', endpoint.origins);
      const principal = await authenticate(form);
      if (audience === undefined) {
        throw new TokenError(
          'invalid_scope',
          `There is no resource '${requested.slice(0, 200)}' that tokens are issued for.`,
        );
      }
      // The agent API is for machines only. A machine may ask for other tokens too: there it is a principal like any, and has
      // the rights that roles give it, which are none at first.
      if (audience.kind === 'agent' && principal.kind !== 'Machine') {
        throw new TokenError('unauthorized_client', `A ${principal.kind} gets no token for '${audience.value}'.`);
      }
      const access_token = await issueAccessToken(environment, key, endpoint, principal, audience);
      return { token_type: 'Bearer', expires_in: tokenLifetime, ext_expires_in: tokenLifetime, access_token };
    },
  };
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null || value === '') {
    throw new TokenError('invalid_request', `The request body must contain the parameter '${name}'.`);
  }
  return value;
}
