/** How programs sign in without a secret, with the stock credentials of `@azure/identity`, and tokens of another provider. */
import { X509Certificate, createHash, createPrivateKey, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT, type JWTHeaderParameters } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isInstalled } from '../../tooling/system-packages.ts';
import { azureCli, registerCloud, type AzureCli } from './azure-cli.ts';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { formBrowser, type FormBrowser } from './form-browser.ts';
import { httpClient, type Answer, type HttpClient } from './http-client.ts';
import { startIdentityProvider, type IdentityProvider } from './identity-provider.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { followScript } from './run-script.ts';
import { sallyportCli, type SallyportCli } from './sallyport-cli.ts';
import { makeCertificate } from './test-certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-credentials-'));
const audience = 'sallyport-test';
const exchange = 'api://AzureADTokenExchange';
const identityVersion = 'api-version=2026-11-01';

let provider: IdentityProvider;
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let http: HttpClient;
let sallyport: SallyportCli;
let certificate: string;
let deployer: string;
let pipeline: string;
let password: string;

beforeAll(async () => {
  provider = await startIdentityProvider(folder, audience);
  plane = await startControlPlaneProcess(join(folder, 'state'), '--identity-providers', provider.configurationFile);
  arm = await signIn(plane.operator);
  http = httpClient(plane.operator.endpoint, plane.operator.caFile);
  sallyport = sallyportCli(plane.operator, folder);
  await arm.arm('PUT', `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/Fleet?api-version=2021-04-01`, {
    location: 'here',
  });
  certificate = makeCertificate(folder, 'deployer');
  const create = async (name: string): Promise<string> =>
    (
      JSON.parse(await sallyport.run('service-principal', 'create', '--name', name, '--role', 'Reader')) as {
        readonly clientId: string;
      }
    ).clientId;
  const ofProvider = (subject: string): readonly string[] => ['--issuer', provider.issuer, '--subject', subject];
  const createUser = (name: string, ...more: readonly string[]): Promise<string> =>
    sallyport.run('user', 'create', name, '--role', 'Reader', ...more);
  const [first, second, anna] = await Promise.all([
    create('deployer'),
    create('pipeline'),
    createUser('anna@example.org', '--display-name', 'Anna'),
    createUser('bea@example.org', '--no-password'),
  ]);
  deployer = first;
  pipeline = second;
  password = (JSON.parse(anna) as { readonly password: string }).password;
  await Promise.all([
    sallyport.run('service-principal', 'credential', 'add', 'deployer', '--certificate', certificate),
    sallyport.run('service-principal', 'credential', 'add', 'pipeline', ...ofProvider('repo:fleet:main')),
    sallyport.run('user', 'add-identity', 'bea@example.org', ...ofProvider('bea')),
  ]);
});

afterAll(async () => {
  arm?.close();
  http?.close();
  await plane?.stop();
  await provider?.close();
  rmSync(folder, { recursive: true });
});

function assertionForm(clientId: string, assertion: string): Promise<Answer> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    scope: `${plane.operator.endpoint}/.default`,
  });
  return http.send('POST', `/${plane.operator.tenantId}/oauth2/v2.0/token`, {
    body: form.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

async function outcome(clientId: string, assertion: string): Promise<string> {
  const answer = await assertionForm(clientId, assertion);
  return answer.status === 200 ? 'token' : (answer.json() as { readonly error: string }).error;
}

/** A person opens the page that a device names, and says yes. */
async function approve(userCode: string): Promise<void> {
  const browser = formBrowser(http, plane.operator.endpoint);
  const second = await browser.submit(await browser.open('/device'), { user_code: userCode });
  const done = await browser.submit(second, { user_name: 'anna@example.org', password, answer: 'yes' });
  expect(done.answer.status).toBe(200);
}

async function groupsSeenBy(token: string): Promise<number> {
  const path = `/subscriptions/${plane.operator.subscriptionId}/resourceGroups?api-version=2021-04-01`;
  return (await http.send('GET', path, { token })).status;
}

test(
  '@azure/identity: certificate, assertion, workload identity and device code, unmodified',
  { timeout: 120_000 },
  async () => {
    const tokenFile = join(folder, 'token');
    const foreignTokenFile = join(folder, 'foreign-token');
    writeFileSync(tokenFile, await provider.token('repo:fleet:main', exchange));
    writeFileSync(foreignTokenFile, await provider.token('repo:evil:main', exchange));
    const given = {
      certificateClient: deployer,
      certificate,
      otherCertificate: makeCertificate(folder, 'other'),
      federatedClient: pipeline,
      tokenFile,
      foreignTokenFile,
    };
    let told = '';
    let approved: Promise<void> | undefined;
    const said = await followScript<Record<string, unknown>>(
      (text) => {
        told += text;
        const code = /CODE ([A-Z-]+)/.exec(told)?.[1];
        if (code !== undefined) approved ??= approve(code);
      },
      'credentials.ts',
      plane.operator,
      JSON.stringify(given),
    );
    await approved;
    for (const way of ['byCertificate', 'byCertificateAdfs', 'byAssertion', 'byWorkload', 'byDevice'])
      expect([way, said[way]]).toEqual([way, ['Fleet']]);
    for (const way of ['byOtherCertificate', 'byForeignAssertion'])
      expect([way, JSON.stringify(said[way])]).toEqual([way, expect.stringContaining('AADSTS7000215')]);
  },
);

describe('assertions signed with a certificate', () => {
  const sign = async (
    over: {
      readonly header?: JWTHeaderParameters;
      readonly claims?: Readonly<Record<string, unknown>>;
      readonly lifetime?: number;
    } = {},
  ): Promise<string> => {
    const pem = readFileSync(certificate, 'utf8');
    const fingerprint = new X509Certificate(pem).fingerprint256.replaceAll(':', '');
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({
      iss: deployer,
      sub: deployer,
      aud: `${plane.operator.endpoint}/${plane.operator.tenantId}/oauth2/v2.0/token`,
      jti: randomUUID(),
      exp: now + (over.lifetime ?? 300),
      ...over.claims,
    })
      .setProtectedHeader({
        alg: 'PS256',
        'x5t#S256': Buffer.from(fingerprint, 'hex').toString('base64url'),
        ...over.header,
      })
      .sign(createPrivateKey(pem));
  };

  test('T11 each is taken once, for us, for ten minutes', async () => {
    const good = await sign();
    expect(await outcome(deployer, good)).toBe('token');
    expect(await outcome(deployer, good)).toBe('invalid_client');
    for (const over of [
      { lifetime: 12 * 60 },
      { lifetime: -120 },
      { claims: { aud: 'https://elsewhere.test/token' } },
      { claims: { iss: pipeline } },
      { claims: { sub: pipeline } },
      { claims: { jti: undefined } },
      { claims: { exp: undefined } },
    ])
      expect([over, await outcome(deployer, await sign(over))]).toEqual([over, 'invalid_client']);
    // In another's name, and for the issuer, which is a right name of ours too.
    expect(await outcome(pipeline, await sign())).toBe('invalid_client');
    expect(
      await outcome(
        deployer,
        await sign({ claims: { aud: `${plane.operator.endpoint}/${plane.operator.tenantId}/v2.0` } }),
      ),
    ).toBe('token');
  });

  test('T10 the header names one of the certificates that are registered, and chooses nothing else', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const now = Math.floor(Date.now() / 1000);
    const own = JSON.parse(
      Buffer.from((await sign()).split('.')[0] ?? '', 'base64url').toString(),
    ) as JWTHeaderParameters;
    const forged = (header: JWTHeaderParameters, key: Parameters<SignJWT['sign']>[0] = privateKey): Promise<string> =>
      new SignJWT({
        iss: deployer,
        sub: deployer,
        aud: `${plane.operator.endpoint}/adfs/oauth2/token`,
        jti: randomUUID(),
        exp: now + 300,
      })
        .setProtectedHeader(header)
        .sign(key);
    const jwk = await exportJWK(publicKey);
    const attempts = [
      // Another key under the name of ours, with itself along, or with an address to fetch it from.
      forged({ ...own, alg: 'RS256' }),
      forged({ ...own, alg: 'RS256', jwk }),
      forged({ alg: 'RS256', jwk }),
      forged({ alg: 'RS256', jku: `${provider.issuer}/keys`, kid: 'x' }),
      forged({ alg: 'RS256', x5u: `${provider.issuer}/keys`, kid: '../../server.key' }),
      // The certificate, which is public, as a shared secret.
      forged({ ...own, alg: 'HS256' }, new TextEncoder().encode(readFileSync(join(folder, 'deployer.crt'), 'utf8'))),
      sign({ header: { alg: 'PS256', 'x5t#S256': '' } }),
    ];
    for (const [index, attempt] of attempts.entries())
      expect([index, await outcome(deployer, await attempt)]).toEqual([index, 'invalid_client']);
    const [, payload] = (await sign()).split('.');
    const none = Buffer.from(JSON.stringify({ ...own, alg: 'none' })).toString('base64url');
    expect(await outcome(deployer, `${none}.${payload ?? ''}.`)).toBe('invalid_client');
    expect(provider.keysAsked()).toBeLessThanOrEqual(3);
  });

  test('a credential that is removed signs nobody in; what cannot be one is refused with a sentence', async () => {
    const second = makeCertificate(folder, 'second');
    const added = JSON.parse(
      await sallyport.run('service-principal', 'credential', 'add', 'deployer', '--certificate', second),
    ) as { readonly name: string; readonly properties: { readonly thumbprint: string } };
    expect(added.properties.thumbprint).toMatch(/^[0-9a-f]{64}$/);
    expect(await sallyport.run('service-principal', 'credential', 'list', 'deployer')).toContain(added.name);
    await sallyport.run('service-principal', 'credential', 'remove', 'deployer', added.name);
    expect(await sallyport.run('service-principal', 'credential', 'list', 'deployer')).not.toContain(added.name);
    const put = async (value: string): Promise<string> => {
      const path = `/providers/Sallyport.Identity/servicePrincipals/${deployer}/certificates/${randomUUID()}?${identityVersion}`;
      const answer = await arm.arm('PUT', path, { properties: { certificate: value } });
      return `${answer.status} ${answer.text}`;
    };
    expect(await put(readFileSync(second, 'utf8'))).toMatch(/^400 .*private key/);
    expect(await put('nothing')).toMatch(/^400 .*not a certificate/);
    expect(await put(readFileSync(join(folder, 'deployer.crt'), 'utf8'))).toMatch(/^409 .*there already/);
    expect(plane.output()).not.toContain('PRIVATE KEY');
  });
});

describe('tokens of another identity provider', () => {
  test('exchanged: of the registered identity, for the exchange, of this provider, still good', async () => {
    const good = await provider.token('repo:fleet:main', exchange);
    expect(await outcome(pipeline, good)).toBe('token');
    // A file that is read again and again holds the same token until it expires.
    expect(await outcome(pipeline, good)).toBe('token');
    const { privateKey } = await generateKeyPair('RS256');
    for (const token of [
      provider.token('repo:fleet:other', exchange),
      provider.token('repo:fleet:main', audience),
      provider.token('repo:fleet:main', exchange, { lifetime: -120 }),
      provider.token('repo:fleet:main', exchange, { issuer: 'https://elsewhere.test' }),
      provider.token('repo:fleet:main', exchange, { issuer: `${provider.issuer}/` }),
      provider.token('repo:fleet:main', exchange, { key: privateKey }),
    ])
      expect(await outcome(pipeline, await token)).toBe('invalid_client');
    expect(await outcome(deployer, good)).toBe('invalid_client');
  });

  test('sent to ARM as they are: people whom the provider knows, with the rights that roles give them here', async () => {
    const token = await provider.token('bea', audience);
    expect(await groupsSeenBy(token)).toBe(200);
    const group = `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/by-bea?api-version=2021-04-01`;
    const refused = await http.send('PUT', group, { token, body: { location: 'here' } });
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining("The client 'bea@example.org'")]);
    for (const wrong of [
      provider.token('bea', exchange),
      provider.token('nobody', audience),
      provider.token('bea', audience, { lifetime: -120 }),
    ])
      expect(await groupsSeenBy(await wrong)).toBe(401);
    expect((await http.send('GET', `/agent/v1/machines/${randomUUID()}/goal-state`, { token })).status).toBe(401);
  });

  test('T24 credentials name configured providers only, and an identity is one principal', async () => {
    const add = (issuer: string, subject: string): Promise<string> =>
      sallyport.refused('service-principal', 'credential', 'add', 'deployer', '--issuer', issuer, '--subject', subject);
    expect(await add('https://169.254.169.254', 'x')).toContain(
      'is not an identity provider that this control plane is configured with',
    );
    expect(await add(provider.issuer, 'repo:fleet:main')).toContain('CredentialExists');
    expect(await add(provider.issuer, 'bea')).toContain('bea@example.org');
  });

  test('new keys of the provider are found; keys that nobody has are not asked for without end', async () => {
    await groupsSeenBy(await provider.token('bea', audience));
    const asked = provider.keysAsked();
    const { privateKey } = await generateKeyPair('RS256');
    for (let guess = 0; guess < 20; guess += 1)
      await groupsSeenBy(await provider.token('bea', audience, { key: privateKey, header: { kid: `guess-${guess}` } }));
    expect(provider.keysAsked() - asked).toBeLessThanOrEqual(2);
  });
});

test('signing keys rotate by command: old tokens stay good, JWKS shows both; a revoked key ends its tokens', async () => {
  const keys = async (): Promise<readonly string[]> =>
    (
      (await http.send('GET', `/${plane.operator.tenantId}/discovery/v2.0/keys`)).json() as {
        readonly keys: readonly { readonly kid: string }[];
      }
    ).keys.map(({ kid }) => kid);
  const [first = ''] = await keys();
  const old = await signIn(plane.operator);
  expect(await sallyport.run('signing-key', 'rotate')).toContain(first);
  const both = await keys();
  expect(both).toHaveLength(2);
  expect(both).toContain(first);
  expect(await groupsSeenBy(old.token)).toBe(200);
  const fresh = await signIn(plane.operator);
  const kid = (
    JSON.parse(Buffer.from(fresh.token.split('.')[0] ?? '', 'base64url').toString()) as { readonly kid: string }
  ).kid;
  expect(kid).not.toBe(first);
  expect(await groupsSeenBy(fresh.token)).toBe(200);
  await sallyport.run('signing-key', 'revoke', first);
  expect(await groupsSeenBy(old.token)).toBe(401);
  expect(await groupsSeenBy(fresh.token)).toBe(200);
  // Whoever can read the list of keys can sign nothing with it.
  const published = (await http.send('GET', `/${plane.operator.tenantId}/discovery/v2.0/keys`)).json() as {
    readonly keys: readonly Record<string, string>[];
  };
  for (const jwk of published.keys) {
    expect(jwk).not.toHaveProperty('d');
    await importJWK(jwk, 'ES256');
  }
  old.close();
  fresh.close();
});

describe.skipIf(!isInstalled('az'))('azure-cli', { timeout: 120_000 }, () => {
  let az: AzureCli;
  beforeAll(async () => {
    az = azureCli(plane.operator, folder);
    await registerCloud(az, plane.operator);
  });
  afterAll(() => az?.close());

  test('az login --service-principal with a certificate, and with a federated token', async () => {
    const { tenantId } = plane.operator;
    const byCertificate = await az.run(
      'login --service-principal -u',
      deployer,
      '-p',
      certificate,
      '--tenant',
      tenantId,
    );
    expect(byCertificate).toMatchObject([{ user: { name: deployer, type: 'servicePrincipal' } }]);
    expect(await az.run('group list --query [].name')).toEqual(['Fleet']);
    const token = await provider.token('repo:fleet:main', exchange);
    await az.text('logout');
    const byToken = await az.run(
      'login --service-principal -u',
      pipeline,
      '--federated-token',
      token,
      '--tenant',
      tenantId,
    );
    expect(byToken).toMatchObject([{ user: { name: pipeline } }]);
    expect(await az.run('group list --query [].name')).toEqual(['Fleet']);
    await az.text('logout');
  });

  test('az login --use-device-code: a person, who is shown as who they are', async () => {
    let approved: Promise<void> | undefined;
    const signedIn = await az.follow((text) => {
      const code = /enter the code ([A-Z]{4}-[A-Z]{4})/.exec(text)?.[1];
      if (code !== undefined) approved ??= approve(code);
    }, 'login --use-device-code');
    await approved;
    expect(signedIn).toMatchObject([
      { id: plane.operator.subscriptionId, user: { name: 'anna@example.org', type: 'user' } },
    ]);
    expect(await az.run('group list --query [].name')).toEqual(['Fleet']);
    expect(await az.refused('group create --name Mine --location here')).toContain("The client 'anna@example.org'");
    await sallyport.run('user', 'sign-out', 'anna@example.org');
    expect(await az.refused('group list')).not.toBe('');
  });
});

describe('signing in at another identity provider', () => {
  const redirect = 'http://localhost:49152';
  const verifier = 'a-verifier-that-is-long-enough-for-the-standard-0';
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const client = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

  function authorizePath(): string {
    const query = new URLSearchParams({
      client_id: client,
      response_type: 'code',
      redirect_uri: redirect,
      scope: `${plane.operator.endpoint}/.default offline_access openid profile`,
      state: 'the & "state"',
      nonce: 'of-the-program',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    return `/${plane.operator.tenantId}/oauth2/v2.0/authorize?${query.toString()}`;
  }

  /** From the program's request to where the provider sends the browser back. */
  async function visited(browser: FormBrowser): Promise<string> {
    const page = await browser.open(authorizePath());
    const away = await browser.open(page.links['Sign in with Example & Co'] ?? '');
    expect([away.answer.status, away.words]).toEqual([303, '']);
    const back = provider.visit(String(away.answer.headers['location']));
    expect(back.origin).toBe(plane.operator.endpoint);
    return back.pathname + back.search;
  }

  const browserOf = (): FormBrowser => formBrowser(http, plane.operator.endpoint);

  test('S2.1 away from the sign-in page and back, and the program has a token of the person who is registered', async () => {
    provider.signsIn = 'bea';
    const browser = browserOf();
    const done = await browser.open(await visited(browser));
    expect([done.answer.status, done.words]).toEqual([303, '']);
    const back = new URL(String(done.answer.headers['location']));
    expect([back.origin, back.searchParams.get('state')]).toEqual([redirect, 'the & "state"']);
    const form = {
      client_id: client,
      grant_type: 'authorization_code',
      redirect_uri: redirect,
      code_verifier: verifier,
      code: back.searchParams.get('code') ?? '',
    };
    const tokens = await http.send('POST', `/${plane.operator.tenantId}/oauth2/v2.0/token`, {
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([tokens.status, tokens.text]).toEqual([200, expect.stringContaining('refresh_token')]);
    const { access_token: token, id_token: idToken } = tokens.json() as {
      readonly access_token: string;
      readonly id_token: string;
    };
    expect([decodeJwt(token), decodeJwt(idToken)]).toMatchObject([
      { upn: 'bea@example.org' },
      { nonce: 'of-the-program' },
    ]);
    const read = await http.send(
      'GET',
      `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/Fleet?api-version=2021-04-01`,
      { token },
    );
    expect(read.status).toBe(200);
    // Keys were revoked above, and the tokens that they signed.
    const operator = await signIn(plane.operator);
    const log = await operator.arm(
      'GET',
      `/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${encodeURIComponent("eventTimestamp ge '2026-01-01T00:00:00Z' and caller eq 'bea@example.org'")}`,
    );
    operator.close();
    expect(log.text).toContain('Sallyport.Identity/users/signIn/action');
    expect(plane.output()).not.toContain('the & secret');
  });

  test('T77 an answer is taken by the browser that went there, once; nobody else’s link leads there', async () => {
    provider.signsIn = 'bea';
    const browser = browserOf();
    const back = await visited(browser);
    const foreign = await browserOf().open(back);
    expect([foreign.answer.status, foreign.words]).toEqual([
      400,
      expect.stringContaining('belongs to no sign-in of this browser'),
    ]);
    const forged = await browser.open(back.replace(/state=[^&]*/, 'state=other'));
    expect(forged.answer.status).toBe(400);
    expect((await browser.open(back)).answer.status).toBe(303);
    expect((await browser.open(back)).answer.status).toBe(400);
    const link = (await browser.open(authorizePath())).links['Sign in with Example & Co'] ?? '';
    expect((await browserOf().open(link)).answer.status).toBe(403);
    expect((await browser.open(link.replace(/form_key=[^&]*/, ''))).answer.status).toBe(403);
  });

  test.each<[string, () => void, string]>([
    ['T11 a token of another sign-in', () => (provider.idToken = { nonce: 'seen-elsewhere' }), 'cannot be taken'],
    ['T30 a token for another client', () => (provider.idToken = { audience: 'another' }), 'cannot be taken'],
    [
      'somebody whom nobody has registered',
      () => (provider.signsIn = 'mallory'),
      "nobody here is registered as 'mallory'",
    ],
  ])('%s signs nobody in', async (_what, change, words) => {
    provider.signsIn = 'bea';
    try {
      change();
      const browser = browserOf();
      const page = await browser.open(await visited(browser));
      expect([page.answer.status >= 400, page.words]).toEqual([true, expect.stringContaining(words)]);
      expect(page.answer.headers['location']).toBeUndefined();
    } finally {
      provider.idToken = {};
    }
  });

  test('S2.1 T77 a device that waits elsewhere goes on as whoever signed in there, once, and no link of somebody else’s lets it', async () => {
    provider.signsIn = 'bea';
    const post = async (path: string, fields: Readonly<Record<string, string>>): Promise<Answer> =>
      http.send('POST', `/${plane.operator.tenantId}/oauth2/v2.0/${path}`, {
        body: new URLSearchParams({ client_id: client, ...fields }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const asked = (await post('devicecode', { scope: `${plane.operator.endpoint}/.default` })).json() as {
      readonly device_code: string;
      readonly user_code: string;
    };
    const browser = browserOf();
    const page = await browser.submit(await browser.open('/device'), { user_code: asked.user_code });
    const link = page.links['Sign in with Example & Co'] ?? '';
    expect((await browserOf().open(link)).answer.status).toBe(403);
    const unknown = await browser.open(link.replace(/user_code=[^&]*/, 'user_code=BBBBBBBB'));
    expect([unknown.answer.status, unknown.words]).toEqual([400, expect.stringContaining('No device waits')]);
    const away = await browser.open(link);
    const back = provider.visit(String(away.answer.headers['location']));
    const done = await browser.open(back.pathname + back.search);
    expect([done.answer.status, done.words]).toEqual([200, expect.stringContaining('goes on as bea@example.org')]);
    expect((await browser.open(back.pathname + back.search)).answer.status).toBe(400);
    const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: asked.device_code };
    const tokens = await post('token', grant);
    expect(tokens.status, tokens.text).toBe(200);
    const { access_token: token } = tokens.json() as { readonly access_token: string };
    expect(decodeJwt(token)).toMatchObject({ upn: 'bea@example.org' });
  });

  test('an answer of another provider, and one without a code', async () => {
    const browser = browserOf();
    const back = await visited(browser);
    const other = await browser.open(back.replace(/iss=[^&]*/, 'iss=https%3A%2F%2Fevil.test'));
    expect([other.answer.status, other.words]).toEqual([400, expect.stringContaining('another identity provider')]);
    const refused = await browser.open(back.replace(/code=[^&]*/, 'error=access_denied'));
    expect([refused.answer.status, refused.words]).toEqual([400, expect.stringContaining('access_denied')]);
  });
});
