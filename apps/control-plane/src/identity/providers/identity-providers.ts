/** Tokens of the identity providers that are configured: keys are fetched, kept for a while, and fetched again when one is new. */
import { messageOf } from '@sallyport/model';
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod/mini';
import type { Outbound } from '../../outbound/outbound.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { providerFetch } from './provider-fetch.ts';

/** Signatures with a public key only: a shared secret (`HS256`) would make a public key a secret, and `none` is no signature. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** How long fetched keys are used without asking again: a key that the provider takes back is taken back here after that. */
const keysKept = 10 * 60_000;
/** A token with a key that is not known makes us ask again, this often at most. */
const cooldown = 30_000;
/** How far clocks may be apart. Seconds. */
const skew = 60;

const discoverySchema = z.object({
  issuer: z.string(),
  jwks_uri: z.string().check(z.regex(/^https:\/\//, 'is not an https address')),
});

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
}

/** The providers of a configuration. `now` is in milliseconds since 1970. */
export function createIdentityProviders(
  configured: readonly IdentityProvider[],
  outbound: Outbound,
  now: () => number,
): IdentityProviders {
  const byIssuer = new Map(configured.map((provider) => [provider.issuer, provider]));
  const keys = new Map<string, Promise<JWTVerifyGetKey>>();

  function keysOf(provider: IdentityProvider): Promise<JWTVerifyGetKey> {
    const known = keys.get(provider.issuer);
    if (known !== undefined) return known;
    const found = discover(provider, outbound);
    keys.set(provider.issuer, found);
    // What failed is tried again with the next token.
    found.catch(() => keys.delete(provider.issuer));
    return found;
  }

  return {
    find: (issuer) => byIssuer.get(issuer),
    verify: async (provider, token, audience) => {
      const getKey = await keysOf(provider);
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
  };
}

async function discover(provider: IdentityProvider, outbound: Outbound): Promise<JWTVerifyGetKey> {
  const fetch = providerFetch(outbound, provider.caPem);
  try {
    const answer = await fetch(`${provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (answer.status !== 200) throw new Error(`its discovery document answers with status ${answer.status}`);
    const document = discoverySchema.parse(await answer.json());
    if (document.issuer !== provider.issuer) throw new Error(`its discovery document names '${document.issuer}'`);
    return createRemoteJWKSet(new URL(document.jwks_uri), {
      [customFetch]: (url) => fetch(url),
      cacheMaxAge: keysKept,
      cooldownDuration: cooldown,
    });
  } catch (error) {
    throw unavailable(provider, error);
  }
}

function unavailable(provider: IdentityProvider, cause: unknown): ProviderUnavailable {
  return new ProviderUnavailable(
    `The identity provider '${provider.issuer}' could not be asked for its keys: ${messageOf(cause)}. Try again later.`,
    { cause },
  );
}
