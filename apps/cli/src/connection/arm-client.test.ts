/** The client against a real TLS server that speaks just enough of the API to misbehave. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { openArmClient, type ArmClient } from './arm-client.ts';

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

let folder: string;
let server: Server;
let endpoint: string;
let client: ArmClient;
let asked: string[];
let replies: Record<string, Reply[]>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));
  const authority = await createAuthority('Test CA', Date.now());
  const certificate = await issueServerCertificate(authority, ['localhost', '127.0.0.1'], Date.now());
  writeFileSync(join(folder, 'ca.pem'), authority.certificatePem);
  server = createServer({ cert: certificate.certificatePem, key: certificate.keyPem }, (request, response) => {
    const key = `${request.method} ${request.url}`;
    asked.push(`${key} ${request.headers.authorization ?? ''}`.trim());
    request.resume();
    const reply: Reply = (replies[key] ?? []).shift() ?? {
      status: 404,
      body: { error: { code: 'ResourceNotFound', message: 'There is none.' } },
    };
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function open(overrides: Record<string, Reply[]>): ArmClient {
  asked = [];
  replies = {
    'POST /t/oauth2/v2.0/token': [{ body: { access_token: 'secret-token', expires_in: 3600 } }],
    ...overrides,
  };
  client = openArmClient({
    endpoint,
    caFile: join(folder, 'ca.pem'),
    tenantId: 't',
    clientId: 'c',
    clientSecret: 's',
    subscriptionId: 'sub',
    resourceGroup: 'g',
    machineName: 'm',
    agentRoot: '/',
  });
  return client;
}

afterEach(() => client.close());

describe('S2.1 operations are asked for over the public API', () => {
  test('T19 what was answered with 429 is sent again, the sign-in too; what asks for too long a wait is told', async () => {
    const later = {
      status: 429,
      headers: { 'retry-after': '1' },
      body: { error: { code: 'TooManyRequests', message: 'Later.' } },
    };
    open({
      'POST /t/oauth2/v2.0/token': [later, { body: { access_token: 'secret-token', expires_in: 3600 } }],
      'PUT /thing?api-version=1': [later, { body: { name: 'thing' } }],
      'GET /thing?api-version=1': [{ ...later, headers: { 'retry-after': '3600' } }],
    });
    expect(await client.change('PUT', '/thing', '1', {})).toEqual({ body: { name: 'thing' } });
    await expect(client.get('/thing', '1')).rejects.toMatchObject({ code: 'TooManyRequests', message: 'Later.' });
    expect(asked.map((each) => each.split(' ')[0])).toEqual(['POST', 'POST', 'PUT', 'PUT', 'GET']);
  });

  test('one sign-in serves all calls; pages are followed to the end; a missing resource is undefined', async () => {
    open({
      'GET /things?api-version=1': [{ body: { value: [1], nextLink: `${endpoint}/things?page=2` } }],
      'GET /things?page=2': [{ body: { value: [2, 3], nextLink: null } }],
    });
    expect(await client.list('/things', '1')).toEqual([1, 2, 3]);
    expect(await client.get('/none', '1')).toBeUndefined();
    expect(asked.filter((line) => line.startsWith('POST'))).toHaveLength(1);
    expect(asked.at(-1)).toBe('GET /none?api-version=1 Bearer secret-token');
  });

  test('an operation is asked for until it is over; its failure keeps code and message', async () => {
    const status = 'GET /status/1?api-version=1';
    open({
      'PUT /e?api-version=1': [{ body: {}, headers: { 'azure-asyncoperation': `${endpoint}/status/1?api-version=1` } }],
      [status]: [
        { body: { status: 'InProgress' } },
        { body: { status: 'Failed', error: { code: 'ExtensionNotAllowed', message: 'No.' } } },
      ],
    });
    const { operation = '' } = await client.change('PUT', '/e', '1', { a: 1 });
    let waits = 0;
    expect(await client.outcome(operation, async () => void (waits += 1), 5)).toEqual({
      status: 'Failed',
      code: 'ExtensionNotAllowed',
      message: 'No.',
    });
    expect(waits).toBe(2);
  });

  test("an error of the API keeps its code; a proxy's page is told by its status", async () => {
    open({
      'PUT /e?api-version=1': [{ status: 409, body: { error: { code: 'HCRP409', message: 'Still processing.' } } }],
      'PUT /f?api-version=1': [{ status: 502, body: '<html>' }],
    });
    await expect(client.change('PUT', '/e', '1')).rejects.toMatchObject({
      code: 'HCRP409',
      message: 'Still processing.',
    });
    await expect(client.change('PUT', '/f', '1')).rejects.toMatchObject({ code: 'UnexpectedAnswer' });
    await expect(client.change('PUT', '/g', '1')).rejects.toMatchObject({ code: 'ResourceNotFound' });
  });

  test('a refused sign-in says why', async () => {
    open({
      'POST /t/oauth2/v2.0/token': [
        { status: 401, body: { error: 'invalid_client', error_description: 'Wrong secret.' } },
      ],
    });
    await expect(client.get('/x', '1')).rejects.toMatchObject({
      code: 'SignInFailed',
      message: 'Sign-in was refused: Wrong secret.',
    });
  });
});

describe('T24 the bearer token goes to the control plane only', () => {
  test.each(['https://elsewhere.invalid/next', '//elsewhere.invalid/next'])(
    'an answer that points to %s is not followed',
    async (nextLink) => {
      open({ 'GET /things?api-version=1': [{ body: { value: [], nextLink } }] });
      await expect(client.list('/things', '1')).rejects.toMatchObject({ code: 'ForeignAddress' });
    },
  );
});
