/** How people sign in: the pages, their forms, the tokens that come of it and how they end. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { formBrowser } from './form-browser.ts';
import { httpClient, type Answer, type HttpClient } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-sign-in-'));
const identity = 'api-version=2026-11-01';
const client = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';
const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';
const redirect = 'http://localhost:49152';
const verifier = 'a-verifier-that-is-long-enough-for-the-standard-0';
const challenge = createHash('sha256').update(verifier).digest('base64url');

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
}

let plane: ControlPlaneProcess;
let arm: OperatorClient;
let http: HttpClient;
let subscription: string;

beforeAll(async () => {
  plane = await startControlPlaneProcess(join(folder, 'state'));
  arm = await signIn(plane.operator);
  http = httpClient(plane.operator.endpoint, plane.operator.caFile);
  subscription = `/subscriptions/${plane.operator.subscriptionId}`;
});

afterAll(async () => {
  arm?.close();
  http?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

interface Person {
  readonly name: string;
  readonly password: string;
  readonly objectId: string;
}

async function newPerson(name: string): Promise<Person> {
  const made = await arm.arm('PUT', `/providers/Sallyport.Identity/users/${name}?${identity}`, {
    properties: { displayName: name },
  });
  expect(made.status).toBe(201);
  const { objectId, password } = (made.json() as { readonly properties: { objectId: string; password: string } })
    .properties;
  const assignment = `/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`;
  const roleDefinitionId = `/providers/Microsoft.Authorization/roleDefinitions/${owner}`;
  const assigned = await arm.arm('PUT', subscription + assignment, {
    properties: { roleDefinitionId, principalId: objectId, principalType: 'User' },
  });
  expect([assigned.status, assigned.json()]).toMatchObject([201, { properties: { principalType: 'User' } }]);
  return { name, password, objectId };
}

function authorizePath(
  over: Readonly<Record<string, string>> = {},
  authority = `/${plane.operator.tenantId}/oauth2/v2.0`,
): string {
  const query = new URLSearchParams({
    client_id: client,
    response_type: 'code',
    redirect_uri: redirect,
    scope: `${plane.operator.endpoint}/.default offline_access openid profile`,
    state: 'the & "state"',
    nonce: 'the-nonce',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...over,
  });
  return `${authority}/authorize?${query.toString()}`;
}

function form(
  fields: Readonly<Record<string, string>>,
  path = `/${plane.operator.tenantId}/oauth2/v2.0/token`,
): Promise<Answer> {
  return http.send('POST', path, {
    body: new URLSearchParams({ client_id: client, ...fields }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

function errorOf(answer: Answer): string {
  return (answer.json() as { readonly error: string }).error;
}

async function code(person: Person, authority?: string): Promise<string> {
  const browser = formBrowser(http, plane.operator.endpoint);
  const page = await browser.open(authorizePath({}, authority));
  const sent = await browser.submit(page, { user_name: person.name, password: person.password });
  expect([sent.answer.status, sent.words]).toEqual([303, '']);
  const back = new URL(String(sent.answer.headers['location']));
  expect(back.origin).toBe(redirect);
  expect(back.searchParams.get('state')).toBe('the & "state"');
  expect(back.searchParams.get('iss')).toBe(`${plane.operator.endpoint}/${plane.operator.tenantId}/v2.0`);
  return back.searchParams.get('code') ?? '';
}

function redeem(code: string): Promise<Answer> {
  return form({ grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier });
}

async function tokensOf(person: Person): Promise<Tokens> {
  const answer = await redeem(await code(person));
  expect(answer.status).toBe(200);
  return answer.json() as Tokens;
}

async function opens(token: string): Promise<number> {
  return (await http.send('GET', `${subscription}/resourceGroups?api-version=2021-04-01`, { token })).status;
}

describe('the sign-in page', () => {
  test('a person signs in for a program on their machine; what they do is on record under their name', async () => {
    const anna = await newPerson('anna@example.org');
    for (const authority of ['/adfs/oauth2', '/common/oauth2/v2.0', `/${plane.operator.tenantId}/oauth2`])
      expect(await code(anna, authority)).not.toBe('');
    const { access_token, id_token, refresh_token } = await tokensOf(anna);
    expect(decodeJwt(id_token)).toMatchObject({
      aud: client,
      nonce: 'the-nonce',
      oid: anna.objectId,
      preferred_username: anna.name,
    });
    expect(decodeJwt(access_token)).toMatchObject({ idtyp: 'user', upn: anna.name, appid: client });
    const group = `${subscription}/resourceGroups/by-anna`;
    const body = { location: 'here' };
    expect((await http.send('PUT', `${group}?api-version=2021-04-01`, { token: access_token, body })).status).toBe(201);
    const filter = encodeURIComponent(`eventTimestamp ge '2026-01-01T00:00:00Z' and resourceUri eq '${group}'`);
    const log = `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${filter}`;
    const { value } = (await arm.arm('GET', log)).json() as { readonly value: readonly { readonly caller: string }[] };
    expect(value.map(({ caller }) => caller)).toEqual([anna.name, anna.name]);
    // An id token opens nothing, a refresh token neither.
    expect([await opens(id_token), await opens(refresh_token)]).toEqual([401, 401]);
  });

  test('T11 codes and refresh tokens are used once; a code that comes twice ends what it began', async () => {
    const bea = await newPerson('bea@example.org');
    const once = await code(bea);
    const begun = (await redeem(once)).json() as Tokens;
    const next = await form({ grant_type: 'refresh_token', refresh_token: begun.refresh_token });
    expect(next.status).toBe(200);
    const { access_token, refresh_token } = next.json() as Tokens;
    expect(refresh_token).not.toBe(begun.refresh_token);
    expect(await opens(access_token)).toBe(200);
    expect(errorOf(await redeem(once))).toBe('invalid_grant');
    expect([await opens(access_token), await opens(begun.access_token)]).toEqual([401, 401]);
    expect(errorOf(await form({ grant_type: 'refresh_token', refresh_token }))).toBe('invalid_grant');
  });

  test('whoever signs somebody out, changes a password or removes a person ends their tokens at once', async () => {
    const carla = await newPerson('carla@example.org');
    const path = `/providers/Sallyport.Identity/users/${carla.name}`;
    const first = await tokensOf(carla);
    expect(await opens(first.access_token)).toBe(200);
    expect((await arm.arm('POST', `${path}/endSessions?${identity}`)).status).toBe(200);
    expect(await opens(first.access_token)).toBe(401);
    const second = await tokensOf(carla);
    expect(await opens(second.access_token)).toBe(200);
    const browser = formBrowser(http, plane.operator.endpoint);
    const page = await browser.open('/password');
    const fields = { user_name: carla.name, password: carla.password };
    const chosen = 'several words in a row';
    const differ = await browser.submit(page, { ...fields, new_password: chosen, again: 'others' });
    expect([differ.answer.status, differ.words]).toEqual([400, expect.stringContaining('not the same')]);
    const weak = await browser.submit(page, { ...fields, new_password: 'carla', again: 'carla' });
    expect([weak.answer.status, weak.words]).toEqual([400, expect.stringContaining('at least 12 characters')]);
    const done = await browser.submit(page, { ...fields, new_password: chosen, again: chosen });
    expect([done.answer.status, done.words]).toEqual([200, expect.stringContaining('Password changed')]);
    expect(await opens(second.access_token)).toBe(401);
    const third = await tokensOf({ ...carla, password: chosen });
    expect(await opens(third.access_token)).toBe(200);
    expect((await arm.arm('DELETE', `${path}?${identity}`)).status).toBe(200);
    expect(await opens(third.access_token)).toBe(401);
    expect(errorOf(await form({ grant_type: 'refresh_token', refresh_token: third.refresh_token }))).toBe(
      'invalid_grant',
    );
  });

  test('T74 wrong names and wrong passwords are told the same; after five a name waits', async () => {
    const dora = await newPerson('dora@example.org');
    const browser = formBrowser(http, plane.operator.endpoint);
    const page = await browser.open(authorizePath());
    const said = new Set<string>();
    for (const name of [dora.name, 'nobody@example.org', plane.operator.clientId]) {
      const wrong = await browser.submit(page, { user_name: name, password: 'guess' });
      expect(wrong.answer.status).toBe(401);
      said.add(wrong.words.replaceAll(name, ''));
    }
    expect(said.size).toBe(1);
    for (let failure = 1; failure < 5; failure += 1)
      await browser.submit(page, { user_name: dora.name, password: 'guess' });
    const blocked = await browser.submit(page, { user_name: dora.name, password: dora.password });
    expect([blocked.answer.status, blocked.words]).toEqual([
      429,
      expect.stringMatching(/Too many tries. Wait \d+ seconds/),
    ]);
    // The token endpoint is no way round.
    const asClient = { grant_type: 'client_credentials', scope: `${plane.operator.endpoint}/.default` };
    expect(errorOf(await form({ ...asClient, client_id: dora.name, client_secret: dora.password }))).toBe(
      'invalid_client',
    );
    expect(errorOf(await form({ grant_type: 'password', username: dora.name, password: dora.password }))).toBe(
      'unsupported_grant_type',
    );
    expect(plane.output()).not.toContain(dora.password);
  });

  test('T77 no link makes the control plane send a code away', async () => {
    for (const address of ['https://evil.test/', 'http://localhost.evil.test/', 'http://localhost:1@evil.test/', '']) {
      const answer = await http.send('GET', authorizePath({ redirect_uri: address }));
      expect([address, answer.status, answer.headers['location']]).toEqual([address, 400, undefined]);
      expect(answer.text).not.toContain('evil.test');
    }
    const twice = await http.send('GET', `${authorizePath()}&redirect_uri=https://evil.test`);
    expect([twice.status, twice.headers['location']]).toEqual([400, undefined]);
    const unknown = await http.send('GET', authorizePath({ client_id: randomUUID() }));
    expect([unknown.status, unknown.headers['location']]).toEqual([400, undefined]);
  });

  test('T76 what the program asks wrongly goes back to the program, PKCE before all', async () => {
    const back = async (over: Readonly<Record<string, string>>): Promise<string | null> => {
      const answer = await http.send('GET', authorizePath(over));
      expect(answer.status).toBe(303);
      const url = new URL(String(answer.headers['location']));
      expect(url.origin).toBe(redirect);
      expect(url.searchParams.get('code')).toBeNull();
      return url.searchParams.get('error');
    };
    expect(await back({ response_type: 'token' })).toBe('unsupported_response_type');
    expect(await back({ code_challenge: '' })).toBe('invalid_request');
    expect(await back({ code_challenge_method: 'plain' })).toBe('invalid_request');
    expect(await back({ response_mode: 'form_post' })).toBe('invalid_request');
    expect(await back({ scope: 'api://sallyport-agent/.default' })).toBe('invalid_scope');
    expect(await back({ prompt: 'none' })).toBe('login_required');
  });

  test('T77 forms are taken from pages of this host only, and no page can be framed or run a script', async () => {
    const eve = await newPerson('eve@example.org');
    const browser = formBrowser(http, plane.operator.endpoint);
    const page = await browser.open(authorizePath());
    expect(page.answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' http:\/\/localhost:49152; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(page.answer.headers).toMatchObject({ 'x-frame-options': 'DENY', 'cache-control': 'no-store' });
    // The style is applied: it is the one that the policy names.
    const style = /<style>([\s\S]*)<\/style>/.exec(page.answer.text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page.answer.headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
    const cookie = String(page.answer.headers['set-cookie']);
    expect(cookie).toMatch(/^__Host-sallyport-form=[^;]+; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
    const fields = { ...page.hidden, user_name: eve.name, password: eve.password };
    const send = async (
      headers: Readonly<Record<string, string>>,
      over: Readonly<Record<string, string>> = {},
    ): Promise<number> =>
      (
        await http.send('POST', page.action, {
          body: new URLSearchParams({ ...fields, ...over }).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        })
      ).status;
    const own = {
      cookie: cookie.split(';')[0] ?? '',
      origin: plane.operator.endpoint,
      'sec-fetch-site': 'same-origin',
    };
    expect(await send({})).toBe(403);
    expect(await send({ origin: own.origin })).toBe(403);
    expect(await send({ ...own, origin: 'https://evil.test' })).toBe(403);
    expect(await send({ ...own, origin: 'null' })).toBe(403);
    expect(await send({ ...own, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await send({ ...own, 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await send({ ...own, cookie: `__Host-sallyport-form=${'A'.repeat(43)}` })).toBe(403);
    expect(await send(own, { form_key: '' })).toBe(403);
    expect(await send(own)).toBe(303);
  });

  test('T80 what is shown is shown as text', async () => {
    const payload = '"><script>alert(1)</script><img src=x onerror=alert(1)>';
    for (const answer of [
      await http.send('GET', authorizePath({ state: payload, login_hint: payload, nonce: payload })),
      await http.send('GET', `/device?user_code=${encodeURIComponent(payload)}`),
      await http.send('GET', authorizePath({ client_id: payload })),
    ]) {
      expect(answer.text).not.toContain('<script');
      expect(answer.text).not.toContain('<img');
    }
  });
});

describe('the device page', () => {
  const ask = async (
    authority = '/adfs/oauth2',
  ): Promise<{ device_code: string; user_code: string; verification_uri: string; interval: number }> => {
    const answer = await form({ scope: `${plane.operator.endpoint}/.default openid` }, `${authority}/devicecode`);
    expect(answer.status).toBe(200);
    return answer.json() as { device_code: string; user_code: string; verification_uri: string; interval: number };
  };
  const poll = (device_code: string): Promise<Answer> =>
    form({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code }, '/adfs/oauth2/token');

  test('a person types the code, sees who asks from where, and says yes', async () => {
    const fay = await newPerson('fay@example.org');
    const asked = await ask();
    expect(asked.user_code).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
    expect(asked.verification_uri).toBe(`${plane.operator.endpoint}/device`);
    expect(errorOf(await poll(asked.device_code))).toBe('authorization_pending');
    expect(errorOf(await poll(asked.device_code))).toBe('slow_down');
    const browser = formBrowser(http, plane.operator.endpoint);
    const first = await browser.open('/device');
    const unknown = await browser.submit(first, { user_code: 'BBBB-BBBB' });
    expect([unknown.answer.status, unknown.words]).toEqual([400, expect.stringContaining('No device waits')]);
    const second = await browser.submit(first, { user_code: asked.user_code.toLowerCase() });
    expect(second.words).toContain('Azure CLI , asking from the address 127.0.0.1 with the code');
    expect(second.words).toContain(asked.user_code);
    const wrong = await browser.submit(second, { user_name: fay.name, password: 'guess', answer: 'yes' });
    expect(wrong.answer.status).toBe(401);
    const done = await browser.submit(wrong, { user_name: fay.name, password: fay.password, answer: 'yes' });
    expect([done.answer.status, done.words]).toEqual([200, expect.stringContaining(`goes on as ${fay.name}`)]);
    const got = await poll(asked.device_code);
    expect(got.status).toBe(200);
    expect(await opens((got.json() as Tokens).access_token)).toBe(200);
    expect(errorOf(await poll(asked.device_code))).toBe('expired_token');
  });

  test('a person says no', async () => {
    const asked = await ask(`/${plane.operator.tenantId}/oauth2/v2.0`);
    const browser = formBrowser(http, plane.operator.endpoint);
    const second = await browser.submit(await browser.open('/device'), { user_code: asked.user_code });
    const done = await browser.submit(second, { answer: 'no' });
    expect(done.words).toContain('Not signed in');
    expect(errorOf(await poll(asked.device_code))).toBe('authorization_declined');
  });
});
