/** The token endpoint: tokens for applications and machines by their credentials, and for people by what they signed in with. */
import type { Environment } from '../environment.ts';
import type { Store } from '../store/store.ts';
import { issueAccessToken, type TokenSubject } from './access-token.ts';
import { audienceOf, requestedResource, type Audience } from './audience.ts';
import type { ClientAuthentication } from './credentials/client-authentication.ts';
import type { Endpoint } from './endpoint.ts';
import { deviceCodeLife, newDeviceCode, pollInterval, shownUserCode } from './people/device-codes.ts';
import { issueIdToken } from './people/id-token.ts';
import { devicePagePath } from './people/pages/paths.ts';
import { personGrants, requirePublicClient, type SignedIn } from './people/person-grants.ts';
import { requiredParameter } from './required-parameter.ts';
import type { SigningKeys } from './signing-keys.ts';
import { TokenError } from './token-error.ts';
import { tokenLifetime } from './token-lifetime.ts';

export interface TokenService {
  /** Answers a form of the token endpoint. Throws {@link TokenError}. */
  issue(form: URLSearchParams): Promise<Readonly<Record<string, string | number>>>;
  /** Answers a form of the device authorization endpoint. Throws {@link TokenError}. */
  askForDevice(form: URLSearchParams, clientIpAddress: string): Promise<Readonly<Record<string, string | number>>>;
}

/** The token service of an endpoint. */
export function createTokenService(
  environment: Environment,
  store: Store,
  keys: SigningKeys,
  authenticate: ClientAuthentication,
  endpoint: Endpoint,
): TokenService {
  const grants = personGrants(environment, store, endpoint);

  async function accessToken(
    subject: TokenSubject,
    audience: Audience,
  ): Promise<Readonly<Record<string, string | number>>> {
    const access_token = await issueAccessToken(environment, await keys.signer(), endpoint, subject, audience);
    return { token_type: 'Bearer', expires_in: tokenLifetime, ext_expires_in: tokenLifetime, access_token };
  }

  async function forClient(form: URLSearchParams): Promise<Readonly<Record<string, string | number>>> {
    const requested = requestedResource(form) ?? '';
    const audience = audienceOf(requested, endpoint.origins);
    const principal = await authenticate(form);
    if (audience === undefined) throw noSuchResource(requested);
    // The agent API is for machines only. A machine may ask for other tokens too: there it is a principal like any, and has
    // the rights that roles give it, which are none at first.
    if (audience.kind === 'agent' && principal.kind !== 'Machine')
      throw new TokenError('unauthorized_client', `A ${principal.kind} gets no token for '${audience.value}'.`);
    return accessToken({ principal }, audience);
  }

  async function forPerson(
    form: URLSearchParams,
    grant: (form: URLSearchParams) => Promise<SignedIn>,
  ): Promise<Readonly<Record<string, string | number>>> {
    // Before anything is used up.
    const requested = requestedResource(form) ?? endpoint.url;
    const audience = audienceOf(requested, endpoint.origins);
    if (audience?.kind !== 'arm') throw noSuchResource(requested);
    const { person, session, refreshToken, nonce } = await grant(form);
    const subject = { principal: person, session: { sessionId: session.session_id, clientId: session.client_id } };
    const key = await keys.signer();
    return {
      ...(await accessToken(subject, audience)),
      scope: `${audience.value.replace(/\/+$/, '')}/.default`,
      refresh_token: refreshToken,
      id_token: await issueIdToken(environment, key, endpoint, person, session.client_id, nonce),
      // Clients key their cache by it.
      client_info: Buffer.from(JSON.stringify({ uid: person.object_id, utid: endpoint.tenantId })).toString(
        'base64url',
      ),
    };
  }

  return {
    issue: async (form) => {
      const name = requiredParameter(form, 'grant_type');
      if (name === 'client_credentials') return forClient(form);
      const grant = grants.get(name);
      if (grant !== undefined) return forPerson(form, grant);
      throw new TokenError(
        'unsupported_grant_type',
        `The grant type '${name.slice(0, 60)}' is not supported; there are client_credentials, ${[...grants.keys()].join(', ')}.`,
      );
    },
    askForDevice: async (form, clientIpAddress) => {
      const clientId = requiredParameter(form, 'client_id').toLowerCase();
      requirePublicClient(clientId);
      const begun = await store.observe(async (writer) => ({
        value: await newDeviceCode(writer, environment, clientId, clientIpAddress),
        events: [],
      }));
      if (begun === undefined)
        throw new TokenError(
          'temporarily_unavailable',
          'Too many devices wait for somebody to sign in. Try again later.',
        );
      const user_code = shownUserCode(begun.userCode);
      const verification_uri = endpoint.url + devicePagePath;
      return {
        user_code,
        device_code: begun.deviceCode,
        verification_uri,
        verification_url: verification_uri,
        expires_in: deviceCodeLife,
        interval: pollInterval,
        message: `To sign in, use a web browser to open the page ${verification_uri} and enter the code ${user_code} to authenticate.`,
      };
    },
  };
}

function noSuchResource(requested: string): TokenError {
  return new TokenError(
    'invalid_scope',
    `There is no resource '${requested.slice(0, 200)}' that tokens are issued for.`,
  );
}
