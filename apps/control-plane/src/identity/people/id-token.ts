import { SignJWT } from 'jose';
import type { Environment } from '../../environment.ts';
import { issuerOf } from '../access-token.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Principal } from '../principals.ts';
import type { SigningKey } from '../signing-key.ts';
import { tokenLifetime } from '../token-lifetime.ts';

/** Tells the program who signed in (OpenID Connect §2). It opens nothing: its audience is the program. */
export function issueIdToken(
  environment: Environment,
  key: SigningKey,
  endpoint: Endpoint,
  person: Principal,
  clientId: string,
  nonce: string,
): Promise<string> {
  const now = Math.floor(environment.now() / 1000);
  return new SignJWT({
    oid: person.object_id,
    sub: person.object_id,
    tid: endpoint.tenantId,
    upn: person.client_id,
    preferred_username: person.client_id,
    name: person.display_name,
    ver: '2.0',
    ...(nonce === '' ? {} : { nonce }),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: key.keyId })
    .setIssuer(issuerOf(endpoint))
    .setAudience(clientId)
    .setIssuedAt(now)
    .setExpirationTime(now + tokenLifetime)
    .sign(key.privateKey);
}
