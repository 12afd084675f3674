/** Access tokens: ES256, one hour, for exactly one audience. */
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { Environment } from '../environment.ts';
import { audienceOf, type Audience } from './audience.ts';
import type { Caller } from './caller.ts';
import type { Endpoint } from './endpoint.ts';
import type { Principal } from './principals.ts';
import type { SigningKey } from './signing-key.ts';
import type { VerifyingKey } from './signing-keys.ts';
import { tokenLifetime } from './token-lifetime.ts';

/** Whose token: an application's or a machine's own, or a person's, who signed in with a client. */
export interface TokenSubject {
  readonly principal: Principal;
  readonly session?: { readonly sessionId: string; readonly clientId: string };
}

/** RFC 9068: told apart from id tokens, which are signed with the same key. */
const accessTokenType = 'at+jwt';

/** Signs a token for a principal. */
export function issueAccessToken(
  environment: Environment,
  key: SigningKey,
  endpoint: Endpoint,
  subject: TokenSubject,
  audience: Audience,
): Promise<string> {
  const now = Math.floor(environment.now() / 1000);
  const { principal } = subject;
  return new SignJWT({
    ...(subject.session === undefined ? claimsOfApplication(principal) : claimsOfPerson(principal, subject.session)),
    oid: principal.object_id,
    sub: principal.object_id,
    tid: endpoint.tenantId,
    uti: environment.guid(),
    ver: '2.0',
  })
    .setProtectedHeader({ alg: 'ES256', typ: accessTokenType, kid: key.keyId })
    .setIssuer(issuerOf(endpoint))
    .setAudience(audience.value)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + tokenLifetime)
    .sign(key.privateKey);
}

function claimsOfApplication({ client_id }: Principal): JWTPayload {
  return { appid: client_id, azp: client_id, idtyp: 'app' };
}

function claimsOfPerson(
  { client_id, display_name }: Principal,
  { sessionId, clientId }: NonNullable<TokenSubject['session']>,
): JWTPayload {
  return {
    appid: clientId,
    azp: clientId,
    idtyp: 'user',
    scp: 'user_impersonation',
    sid: sessionId,
    upn: client_id,
    unique_name: client_id,
    name: display_name,
  };
}

/** What a token proves: whose it is and what for. Whether key, principal and session still exist is the caller's to ask. */
export interface VerifiedToken {
  /** The key that signed it (`kid`). */
  readonly keyId: string;
  /** Milliseconds since 1970; clocks may differ by {@link clockTolerance}. */
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly objectId: string;
  readonly clientId: string;
  /** The session of a person's token. */
  readonly sessionId: string | undefined;
  readonly audience: Audience | undefined;
}

/** How far clocks may be apart. Seconds. */
const clockTolerance = 5;

/** The id of the key that a token says it is signed with. Throws jose's error when it says nothing of the kind. */
export function claimedKeyId(token: string): string {
  const { kid } = decodeProtectedHeader(token);
  if (typeof kid !== 'string') throw unknownKey();
  return kid;
}

/**
 * Checks signature, type, issuer and time of a token under a key. Throws jose's error. Nothing of the header chooses anything but one
 * of our own keys. The audience is returned, not judged: a refusal is recorded with its identity.
 */
export async function verifySignature(
  token: string,
  keyId: string,
  key: VerifyingKey,
  endpoint: Endpoint,
  now: number,
): Promise<VerifiedToken> {
  const { payload } = await jwtVerify(token, key.key, {
    algorithms: ['ES256'],
    typ: accessTokenType,
    issuer: issuerOf(endpoint),
    clockTolerance,
    currentDate: new Date(now),
    requiredClaims: ['exp', 'iat', 'aud', 'oid', 'appid', 'tid'],
  });
  const { iat = 0, nbf = 0, exp = 0 } = payload;
  const claims = plainClaims(payload);
  const verified = {
    keyId,
    issuedAt: iat * 1000,
    notBefore: nbf * 1000,
    expiresAt: exp * 1000,
    objectId: claims['oid'] ?? '',
    clientId: claims['appid'] ?? '',
    sessionId: claims['idtyp'] === 'user' ? (claims['sid'] ?? '') : undefined,
    audience: audienceOf(claims['aud'] ?? '', endpoint.origins),
  };
  requireInKeysTime(verified, key);
  return verified;
}

/** A key that was retired signs nothing new, whoever has it by then. Throws jose's error. */
export function requireInKeysTime({ issuedAt, expiresAt }: VerifiedToken, { signedUntil }: VerifyingKey): void {
  if (issuedAt > signedUntil || expiresAt - issuedAt > tokenLifetime * 1000)
    throw new errors.JWTInvalid('The token was not issued while its key was in use.');
}

/** Whether a token that was verified at some time is good at this one (milliseconds since 1970). */
export function isInItsTime({ notBefore, expiresAt }: VerifiedToken, now: number): boolean {
  const tolerance = clockTolerance * 1000;
  return now < expiresAt + tolerance && now >= notBefore - tolerance;
}

/** For a token that is not good yet, or no longer. */
export function outOfItsTime(): Error {
  return new errors.JWTInvalid('The token is not good at this time.');
}

/** For a token whose key is none of ours, or no longer. */
export function unknownKey(): Error {
  return new errors.JWTInvalid('The token is not signed with a key that is known here.');
}

/** The claims of a token that was verified; reading them proves nothing. */
export function claimsOf(token: string): Readonly<Record<string, string>> {
  return plainClaims(decodeJwt(token));
}

/** Claims that are texts or numbers, as texts: what is worth keeping with an event. */
export function plainClaims(payload: JWTPayload): Readonly<Record<string, string>> {
  const claims: Record<string, string> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'string' || typeof value === 'number') claims[name] = String(value);
  }
  return claims;
}

/** The caller of a verified token whose principal still exists. */
export function callerOf(claims: Caller['claims'], principal: Principal, tenantId: string): Caller {
  return {
    kind: principal.kind,
    objectId: principal.object_id,
    clientId: principal.client_id,
    displayName: principal.display_name,
    tenantId,
    claims: {
      ...claims,
      'http://schemas.microsoft.com/identity/claims/objectidentifier': principal.object_id,
      'http://schemas.microsoft.com/identity/claims/tenantid': tenantId,
    },
  };
}

/** The issuer in tokens and in the discovery document. */
export function issuerOf(endpoint: Endpoint): string {
  return `${endpoint.url}/${endpoint.tenantId}/v2.0`;
}
