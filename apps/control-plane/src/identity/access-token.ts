/** Access tokens: ES256, one hour, for exactly one audience. */
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { Environment } from '../environment.ts';
import { audienceOf, type Audience } from './audience.ts';
import type { Caller } from './caller.ts';
import type { Endpoint } from './endpoint.ts';
import type { Principal } from './principals.ts';
import type { SigningKey } from './signing-key.ts';
import type { SigningKeys } from './signing-keys.ts';
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

/** What a token proves: whose it is and what for. Whether principal and session still exist is the caller's to ask. */
export interface VerifiedToken {
  readonly objectId: string;
  readonly clientId: string;
  /** The session of a person's token. */
  readonly sessionId: string | undefined;
  readonly audience: Audience | undefined;
  readonly claims: Readonly<Record<string, string>>;
}

/**
 * Checks key, signature, type, issuer and time. Throws jose's error. Nothing of the header chooses anything but one of our own
 * keys. The audience is returned, not judged: a refusal is recorded with its identity.
 */
export async function verifyAccessToken(
  token: string,
  keys: SigningKeys,
  endpoint: Endpoint,
  now: number,
): Promise<VerifiedToken> {
  const { kid } = decodeProtectedHeader(token);
  const verifying = typeof kid === 'string' ? await keys.verifier(kid) : undefined;
  if (verifying === undefined) throw new errors.JWTInvalid('The token is not signed with a key that is known here.');
  const { payload } = await jwtVerify(token, verifying.key, {
    algorithms: ['ES256'],
    typ: accessTokenType,
    issuer: issuerOf(endpoint),
    clockTolerance: 5,
    currentDate: new Date(now),
    requiredClaims: ['exp', 'iat', 'aud', 'oid', 'appid', 'tid'],
  });
  const { iat = 0, exp = 0 } = payload;
  // A key that was retired signs nothing new, whoever has it by then.
  if (iat * 1000 > verifying.signedUntil || exp - iat > tokenLifetime)
    throw new errors.JWTInvalid('The token was not issued while its key was in use.');
  const claims = plainClaims(payload);
  return {
    objectId: claims['oid'] ?? '',
    clientId: claims['appid'] ?? '',
    sessionId: claims['idtyp'] === 'user' ? (claims['sid'] ?? '') : undefined,
    audience: audienceOf(claims['aud'] ?? '', endpoint.origins),
    claims,
  };
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
export function callerOf(claims: VerifiedToken['claims'], principal: Principal, tenantId: string): Caller {
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
