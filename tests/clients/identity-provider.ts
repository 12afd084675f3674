/** An OpenID Connect provider: TLS with a CA of its own, discovery, keys that can be exchanged, tokens with anything of them changed. */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

export interface IdentityProvider {
  readonly issuer: string;
  /** The file that `--identity-providers` takes. */
  readonly configurationFile: string;
  /** How often its keys were asked for. */
  keysAsked(): number;
  token(subject: string, audience: string, over?: TokenChange): Promise<string>;
  /** Who signs in on its page, by pressing nothing. */
  signsIn: string;
  /** What is changed of the id token of the next sign-in. */
  idToken: { nonce?: string; audience?: string };
  /** What a browser is answered that comes to one of its addresses. */
  visit(url: string): URL;
  /** New keys in the place of the old ones. */
  rotate(): Promise<void>;
  close(): Promise<void>;
}

export interface TokenChange {
  readonly issuer?: string;
  readonly lifetime?: number;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** The client that people sign in with at it. */
const signInClient = 'sallyport-sign-in';
const signInSecret = 'the & secret';

/** Starts one. `audience` is what its tokens for ARM are for. */
export async function startIdentityProvider(folder: string, audience: string): Promise<IdentityProvider> {
  const authority = await createAuthority('Test provider', Date.now());
  const certificate = await issueServerCertificate(authority, ['localhost', '127.0.0.1'], Date.now());
  let asked = 0;
  let pair = await freshKey();
  let issuer = '';
  const codes = new Map<string, { readonly challenge: string; readonly nonce: string; readonly redirectUri: string }>();
  const server = createServer({ key: certificate.keyPem, cert: certificate.certificatePem }, (request, response) => {
    const json = (value: unknown): void => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    };
    if (request.url === '/realms/staff/.well-known/openid-configuration')
      json({
        issuer,
        jwks_uri: `${issuer}/keys`,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
      });
    else if (request.url === '/realms/staff/keys') {
      asked += 1;
      json({ keys: [pair.publicJwk] });
    } else if (request.url === '/realms/staff/token') {
      void answerToken(request, response, json);
    } else response.writeHead(404).end();
  });
  async function answerToken(
    request: IncomingMessage,
    response: ServerResponse,
    json: (value: unknown) => void,
  ): Promise<void> {
    const tokens = await redeemed(new URLSearchParams(await text(request)));
    if (tokens === undefined) response.writeHead(400).end('{"error":"invalid_grant"}');
    else json(tokens);
  }
  /** A code is good once, for whoever asked for it, knows the verifier, and is the client that is registered. */
  async function redeemed(form: URLSearchParams): Promise<{ readonly id_token: string } | undefined> {
    const code = form.get('code') ?? '';
    const asked = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const right =
      asked !== undefined &&
      asked.challenge === challenge &&
      asked.redirectUri === form.get('redirect_uri') &&
      form.get('client_id') === signInClient &&
      form.get('client_secret') === signInSecret;
    if (!right) return undefined;
    const { nonce = asked.nonce, audience: forAudience = signInClient } = provider.idToken;
    return { id_token: await provider.token(provider.signsIn, forAudience, { claims: { nonce } }) };
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}/realms/staff`;
  const configurationFile = join(folder, 'identity-providers.json');
  writeFileSync(join(folder, 'provider-ca.pem'), authority.certificatePem);
  writeFileSync(join(folder, 'provider-secret'), `${signInSecret}\n`);
  const signIn = { name: 'Example & Co', clientId: signInClient, clientSecretFile: 'provider-secret' };
  const configured = { issuer, caFile: 'provider-ca.pem', audience, signIn };
  writeFileSync(configurationFile, JSON.stringify({ identityProviders: [configured] }));
  const provider: IdentityProvider = {
    signsIn: '',
    idToken: {},
    visit: (address) => {
      const { origin, pathname, searchParams } = new URL(address);
      if (`${origin}${pathname}` !== `${issuer}/authorize`) throw new Error(`${address} is not my page.`);
      const redirectUri = searchParams.get('redirect_uri') ?? '';
      const code = randomUUID();
      codes.set(code, {
        challenge: searchParams.get('code_challenge') ?? '',
        nonce: searchParams.get('nonce') ?? '',
        redirectUri,
      });
      const back = new URL(redirectUri);
      back.searchParams.set('code', code);
      back.searchParams.set('state', searchParams.get('state') ?? '');
      back.searchParams.set('iss', issuer);
      return back;
    },
    issuer,
    configurationFile,
    keysAsked: () => asked,
    rotate: async () => {
      pair = await freshKey();
    },
    token: (subject, forAudience, over = {}) => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ ...over.claims })
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
  return provider;
}

async function freshKey(): Promise<{ readonly privateKey: CryptoKey; readonly publicJwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, publicJwk: { ...jwk, alg: 'RS256', use: 'sig', kid: await calculateJwkThumbprint(jwk) } };
}
