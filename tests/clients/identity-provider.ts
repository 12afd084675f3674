/** An OpenID Connect provider: TLS with a CA of its own, discovery, keys that can be exchanged, tokens with anything of them changed. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

export interface IdentityProvider {
  readonly issuer: string;
  /** The file that `--identity-providers` takes. */
  readonly configurationFile: string;
  /** How often its keys were asked for. */
  keysAsked(): number;
  token(subject: string, audience: string, over?: TokenChange): Promise<string>;
  /** New keys in the place of the old ones. */
  rotate(): Promise<void>;
  close(): Promise<void>;
}

export interface TokenChange {
  readonly issuer?: string;
  readonly lifetime?: number;
  readonly key?: CryptoKey;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Starts one. `audience` is what its tokens for ARM are for. */
export async function startIdentityProvider(folder: string, audience: string): Promise<IdentityProvider> {
  const authority = await createAuthority('Test provider', Date.now());
  const certificate = await issueServerCertificate(authority, ['localhost', '127.0.0.1'], Date.now());
  let asked = 0;
  let pair = await freshKey();
  let issuer = '';
  const server = createServer({ key: certificate.keyPem, cert: certificate.certificatePem }, (request, response) => {
    const json = (value: unknown): void => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    };
    if (request.url === '/realms/staff/.well-known/openid-configuration') json({ issuer, jwks_uri: `${issuer}/keys` });
    else if (request.url === '/realms/staff/keys') {
      asked += 1;
      json({ keys: [pair.publicJwk] });
    } else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}/realms/staff`;
  const configurationFile = join(folder, 'identity-providers.json');
  writeFileSync(join(folder, 'provider-ca.pem'), authority.certificatePem);
  const provider = { issuer, caFile: 'provider-ca.pem', audience };
  writeFileSync(configurationFile, JSON.stringify({ identityProviders: [provider] }));
  return {
    issuer,
    configurationFile,
    keysAsked: () => asked,
    rotate: async () => {
      pair = await freshKey();
    },
    token: (subject, forAudience, over = {}) => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({})
        .setProtectedHeader({ alg: 'RS256', kid: pair.publicJwk.kid ?? '', ...over.header })
        .setIssuer(over.issuer ?? issuer)
        .setSubject(subject)
        .setAudience(forAudience)
        .setIssuedAt(now)
        .setExpirationTime(now + (over.lifetime ?? 600))
        .sign(over.key ?? pair.privateKey);
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close').catch(() => undefined);
    },
  };
}

async function freshKey(): Promise<{ readonly privateKey: CryptoKey; readonly publicJwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, publicJwk: { ...jwk, alg: 'RS256', use: 'sig', kid: await calculateJwkThumbprint(jwk) } };
}
