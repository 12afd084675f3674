/** Access tokens: ES256, one hour, for exactly one audience. */
import { jwtVerify, SignJWT } from 'jose';
import type { Environment } from '../environment.ts';
import { audienceOf, type Audience } from './audience.ts';
import type { Caller } from './caller.ts';
import type { Endpoint } from './endpoint.ts';
import type { Principal } from './principals.ts';
import type { SigningKey } from './signing-key.ts';

/** Life of a token in seconds. */
export const tokenLifetime = 3600;

/** Signs a token for a principal. */
export function issueAccessToken(
  environment: Environment,
  key: SigningKey,
  endpoint: Endpoint,
  principal: Principal,
  audience: Audience,
): Promise<string> {
  const now = Math.floor(environment.now() / 1000);
  return new SignJWT({
    appid: principal.client_id,
    azp: principal.client_id,
    idtyp: 'app',
    oid: principal.object_id,
    sub: principal.object_id,
    tid: endpoint.tenantId,
    uti: environment.guid(),
    ver: '2.0',
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: key.keyId })
    .setIssuer(issuerOf(endpoint))
    .setAudience(audience.value)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + tokenLifetime)
    .sign(key.privateKey);
}

/** What a token proves: whose it is and what for. Whether the principal still exists is the caller's to ask. */
export interface VerifiedToken {
  readonly objectId: string;
  readonly clientId: string;
  readonly audience: Audience | undefined;
  readonly claims: Readonly<Record<string, string>>;
}

/** Checks signature, issuer and time. Throws jose's error. The audience is returned, not judged: a refusal is recorded with its identity. */
export async function verifyAccessToken(
  token: string,
  key: SigningKey,
  endpoint: Endpoint,
  now: number,
): Promise<VerifiedToken> {
  const { payload } = await jwtVerify(token, key.publicKey, {
    algorithms: ['ES256'],
    issuer: issuerOf(endpoint),
    clockTolerance: 5,
    currentDate: new Date(now),
    requiredClaims: ['exp', 'aud', 'oid', 'appid', 'tid'],
  });
  const claims: Record<string, string> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'string' || typeof value === 'number') claims[name] = String(value);
  }
  return {
    objectId: claims['oid'] ?? '',
    clientId: claims['appid'] ?? '',
    audience: audienceOf(claims['aud'] ?? '', endpoint.origins),
    claims,
  };
}

/** The caller of a verified token whose principal still exists. */
export function callerOf(token: VerifiedToken, principal: Principal, tenantId: string): Caller {
  return {
    kind: principal.kind,
    objectId: principal.object_id,
    clientId: principal.client_id,
    displayName: principal.display_name,
    tenantId,
    claims: {
      ...token.claims,
      'http://schemas.microsoft.com/identity/claims/objectidentifier': principal.object_id,
      'http://schemas.microsoft.com/identity/claims/tenantid': tenantId,
    },
  };
}

/** The issuer in tokens and in the discovery document. */
export function issuerOf(endpoint: Endpoint): string {
  return `${endpoint.url}/${endpoint.tenantId}/v2.0`;
}
