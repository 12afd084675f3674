/** Tokens of the identity providers that are configured: keys are fetched, kept for a while, and fetched again when one is new. */
import { messageOf } from '@sallyport/model';
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod/mini';
import type { Outbound } from '../../outbound/outbound.ts';
import type { IdentityProvider, SignInProvider } from './identity-provider.ts';
import { providerFetch } from './provider-fetch.ts';

/** Signatures with a public key only: a shared secret (`HS256`) would make a public key a secret, and `none` is no signature. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** How long fetched keys are used without asking again: a key that the provider takes back is taken back here after that. */
const keysKept = 10 * 60_000;
/** A token with a key that is not known makes us ask again, this often at most. */
const cooldown = 30_000;
/** How far clocks may be apart. Seconds. */
const skew = 60;

const https = z.string().check(z.regex(/^https:\/\//, 'is not an https address'));

const discoverySchema = z.object({
  issuer: z.string(),
  jwks_uri: https,
  authorization_endpoint: z.optional(https),
  token_endpoint: z.optional(https),
});

const tokensSchema = z.object({ id_token: z.string() });

/** An identity of a provider, proven by its token. */
export interface ExternalIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly payload: JWTPayload;
}

export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
}

export interface IdentityProviders {
  /** The provider of an issuer, undefined when none is configured. */
  find(issuer: string): IdentityProvider | undefined;
  /** Checks a token for an audience. Throws jose's error, or {@link ProviderUnavailable} when its keys cannot be had. */
  verify(provider: IdentityProvider, token: string, audience: string): Promise<ExternalIdentity>;
  /** Those that people can sign in at. */
  forSignIn(): readonly SignInProvider[];
  /** Where its sign-in page is. Throws {@link ProviderUnavailable}. */
  signInEndpoints(provider: SignInProvider): Promise<{ readonly authorizationEndpoint: string }>;
  /** Who a code stands for that the provider has sent a browser back with. Throws jose's error, or {@link ProviderUnavailable}. */
  redeem(provider: SignInProvider, answer: ProviderAnswer): Promise<ExternalIdentity>;
}

export interface ProviderAnswer {
  readonly code: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly redirectUri: string;
}

interface Discovered {
  readonly keys: JWTVerifyGetKey;
  readonly authorizationEndpoint: string | undefined;
  readonly tokenEndpoint: string | undefined;
}

/** The providers of a configuration. `now` is in milliseconds since 1970. */
export function createIdentityProviders(
  configured: readonly IdentityProvider[],
  outbound: Outbound,
  now: () => number,
): IdentityProviders {
  const byIssuer = new Map(configured.map((provider) => [provider.issuer, provider]));
  const documents = new Map<string, Promise<Discovered>>();

  function discovered(provider: IdentityProvider): Promise<Discovered> {
    const known = documents.get(provider.issuer);
    if (known !== undefined) return known;
    const found = discover(provider, outbound);
    documents.set(provider.issuer, found);
    // What failed is tried again with the next token.
    found.catch(() => documents.delete(provider.issuer));
    return found;
  }

  const providers: IdentityProviders = {
    find: (issuer) => byIssuer.get(issuer),
    verify: async (provider, token, audience) => {
      const { keys: getKey } = await discovered(provider);
      const { payload } = await jwtVerify(token, getKey, {
        algorithms,
        issuer: provider.issuer,
        audience,
        clockTolerance: skew,
        currentDate: new Date(now()),
        requiredClaims: ['exp', 'iss', 'aud', provider.subjectClaim],
      }).catch((error: unknown) => {
        if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
          throw unavailable(provider, error);
        throw error;
      });
      const subject = payload[provider.subjectClaim];
      if (typeof subject !== 'string' || subject === '')
        throw new errors.JWTInvalid(`The claim '${provider.subjectClaim}' is not a text.`);
      return { issuer: provider.issuer, subject, payload };
    },
    forSignIn: () => configured.filter((provider): provider is SignInProvider => provider.signIn !== undefined),
    signInEndpoints: async (provider) => {
      const { authorizationEndpoint } = await discovered(provider);
      if (authorizationEndpoint === undefined) throw lacks(provider, 'authorization_endpoint');
      return { authorizationEndpoint };
    },
    redeem: async (provider, { code, verifier, nonce, redirectUri }) => {
      const { tokenEndpoint } = await discovered(provider);
      if (tokenEndpoint === undefined) throw lacks(provider, 'token_endpoint');
      const { clientId, clientSecret } = provider.signIn;
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
        client_id: clientId,
        ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
      });
      const idToken = await tokenFor(provider, outbound, tokenEndpoint, form);
      const identity = await providers.verify(provider, idToken, clientId);
      // Of this visit and no other: an id token that was seen elsewhere is of no use here (T11).
      if (identity.payload['nonce'] !== nonce) throw new errors.JWTInvalid('The nonce is not the one that was sent.');
      return identity;
    },
  };
  return providers;
}

async function tokenFor(
  provider: SignInProvider,
  outbound: Outbound,
  tokenEndpoint: string,
  form: URLSearchParams,
): Promise<string> {
  try {
    const answer = await providerFetch(outbound, provider.caPem)(tokenEndpoint, form);
    if (answer.status !== 200) throw new Error(`its token endpoint answers with status ${answer.status}`);
    return tokensSchema.parse(await answer.json()).id_token;
  } catch (error) {
    throw unavailable(provider, error);
  }
}

function lacks(provider: IdentityProvider, what: string): ProviderUnavailable {
  return unavailable(provider, new Error(`its discovery document has no ${what}`));
}

async function discover(provider: IdentityProvider, outbound: Outbound): Promise<Discovered> {
  const fetch = providerFetch(outbound, provider.caPem);
  try {
    const answer = await fetch(`${provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (answer.status !== 200) throw new Error(`its discovery document answers with status ${answer.status}`);
    const document = discoverySchema.parse(await answer.json());
    if (document.issuer !== provider.issuer) throw new Error(`its discovery document names '${document.issuer}'`);
    const keys = createRemoteJWKSet(new URL(document.jwks_uri), {
      [customFetch]: (url) => fetch(url),
      cacheMaxAge: keysKept,
      cooldownDuration: cooldown,
    });
    const { authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint } = document;
    return { keys, authorizationEndpoint, tokenEndpoint };
  } catch (error) {
    throw unavailable(provider, error);
  }
}

function unavailable(provider: IdentityProvider, cause: unknown): ProviderUnavailable {
  return new ProviderUnavailable(
    `The identity provider '${provider.issuer}' could not be asked: ${messageOf(cause)}. Try again later.`,
    { cause },
  );
}
