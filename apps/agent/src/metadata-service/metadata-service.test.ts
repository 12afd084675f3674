/** The local endpoint over real HTTP: who is listened to, challenges, and what is said when the port is taken. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { testMachine, type TestMachine } from '../config/machine.fixture.ts';
import { HttpError } from '../connection/http-client.ts';
import { ServerRefusal } from '../connection/json-answer.ts';
import type { Environment } from '../platform/environment.ts';
import { makeDirectories } from '@sallyport/durable-files';
import { forwardingHeaders, browserHeaders } from './request-guard.ts';
import { endpointPort } from './endpoint-port.ts';
import { readEndpointStatus } from './endpoint-status.ts';
import { groupNumber, identityGroupNumber } from './himds-group.ts';
import { MetadataService } from './metadata-service.ts';
import type { MachineIdentity } from './token-answer.ts';

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Endpoint {
  readonly machine: TestMachine;
  readonly port: number;
  readonly clock: { now: number };
  readonly said: string[];
  readonly get: (path: string, headers?: Readonly<Record<string, string>>, method?: string) => Promise<Got>;
  /** The content of the challenge file that an answer names. */
  readonly challengeOf: (answer: Got) => string;
}

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

const identity: MachineIdentity = {
  principalId: '11111111-2222-3333-4444-555555555555',
  resourceId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines/gatehouse',
  token: async (resource, fresh) => {
    if (resource === 'https://unknown.test')
      throw new ServerRefusal(400, 'invalid_scope', 'There is no such resource.');
    if (resource === 'https://away.test') throw new HttpError('Unreachable', 'centre.test cannot be reached.');
    return {
      value: `token for ${resource}${fresh ? ' (fresh)' : ''}`,
      expiresOn: 2_000_003_600,
      expiresInSeconds: 3600,
    };
  },
};

function environmentOn(machine: TestMachine, clock: { now: number }, variables: Environment['variables']): Environment {
  return {
    ...machine.environment,
    variables,
    now: () => clock.now,
    monotonic: () => clock.now,
    guid: () => crypto.randomUUID(),
  };
}

async function startEndpoint(
  who: MachineIdentity | 'none' = identity,
  variables: Environment['variables'] = {},
): Promise<Endpoint> {
  const machine = testMachine();
  const clock = { now: 1_000_000 };
  const said: string[] = [];
  const service = new MetadataService({
    environment: environmentOn(machine, clock, variables),
    log: () => undefined,
    say: (text) => void said.push(text),
    sources: {
      config: () => undefined,
      identity: () => (who === 'none' ? undefined : who),
      system: () => ({
        computerName: 'gatehouse',
        machineFqdn: 'gatehouse.test',
        osName: 'debian',
        osVersion: '12',
        osSku: 'Debian 12',
        osType: 'linux',
        vmUuid: '',
        manufacturer: '',
        model: '',
      }),
      state: () => ({ status: 'Connected', lastHeartBeat: '', agentVersion: '0', errorCode: '', errorDetails: '' }),
    },
  });
  service.start();
  ended.push(async () => {
    await service.stop();
    machine[Symbol.dispose]();
  });
  const { root } = machine.environment;
  await expect.poll(() => readEndpointStatus(root), { timeout: 10_000 }).toBeDefined();
  const port = Number(new URL(readEndpointStatus(root)?.url || 'http://none:1').port);
  return {
    machine,
    port,
    clock,
    said,
    get: (path, headers = { metadata: 'true' }, method = 'GET') => ask(port, path, headers, method),
    challengeOf: (answer) => {
      const realm = /^Basic realm=([^"]+)$/.exec(String(answer.headers['www-authenticate']))?.[1] ?? '';
      return readFileSync(join(root, realm), 'utf8');
    },
  };
}

async function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  method: string,
): Promise<Got> {
  const sending = request({ host: '127.0.0.1', port, path, method, headers, agent: false }).end();
  const [message] = (await once(sending, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of message) text += String(chunk);
  return { status: message.statusCode ?? 0, headers: message.headers, body: JSON.parse(text) as Got['body'] };
}

const tokenPath = '/metadata/identity/oauth2/token?api-version=2020-06-01&resource=https://management.azure.com/';

describe('who is listened to', () => {
  test('T60 without Metadata: true nothing is said, for every path', async () => {
    const { get } = await startEndpoint();
    for (const path of [
      tokenPath,
      '/metadata/instance?api-version=2021-02-01',
      '/agentstatus?api-version=2019-08-15',
    ]) {
      for (const headers of [{}, { metadata: 'false' }, { metadata: '' }]) {
        const { status, body } = await get(path, headers);
        expect([status, body['error']], path).toEqual([400, 'invalid_request']);
        expect(body['error_description']).toContain('Metadata: true');
      }
      expect((await get(path, { metadata: 'True' })).status).not.toBe(400);
    }
  });

  test('T24 T60 a name that was made to resolve to this machine is not one of its names (DNS rebinding)', async () => {
    const { get, port, machine } = await startEndpoint();
    const foreign = [
      'attacker.test',
      `attacker.test:${port}`,
      '127.0.0.1',
      '127.0.0.1:80',
      `localhost.attacker.test:${port}`,
    ];
    for (const host of foreign) {
      const { status, body } = await get(tokenPath, { metadata: 'true', host });
      expect([status, body['error']], host).toEqual([403, 'forbidden']);
    }
    for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`, `127.0.0.1:${port}`]) {
      expect((await get(tokenPath, { metadata: 'true', host })).status, host).toBe(401);
    }
    expect(readdirSync(machine.paths.tokens)).toHaveLength(4);
  });

  test('T24 T60 forwarded requests and pages in browsers are refused, whatever else they carry', async () => {
    const { get, machine } = await startEndpoint();
    for (const name of [...forwardingHeaders, ...browserHeaders]) {
      const { status, body } = await get(tokenPath, { metadata: 'true', [name]: 'x' });
      expect([status, body['error']], name).toEqual([403, 'forbidden']);
      expect(body['error_description']).toContain(name);
    }
    expect(existsSync(machine.paths.tokens)).toBe(false);
  });

  test('only GET; only the three paths; every answer is JSON that nobody keeps', async () => {
    const { get } = await startEndpoint();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await get(tokenPath, { metadata: 'true', 'content-length': '0' }, method);
      expect([answer.status, answer.headers.allow], method).toEqual([405, 'GET']);
    }
    const missing = await get('/metadata/nothing');
    expect([missing.status, missing.body['error']]).toEqual([404, 'not_found']);
    expect(missing.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    });
    expect((await get('/agentstatus?api-version=2019-08-15')).body).toMatchObject({ status: 'Connected' });
    const instance = await get('/metadata/instance?api-version=2021-02-01');
    expect(instance.body).toMatchObject({ compute: { name: 'gatehouse', osType: 'Linux' } });
  });

  test('T62 a user that floods the endpoint is told to wait, and is served again later', async () => {
    const { get, clock } = await startEndpoint();
    const statuses: number[] = [];
    // One connection at a time: the user of the first 20 is looked up, that of the others is not known. Both are bounded.
    for (let i = 0; i < 90; i += 1) statuses.push((await get('/metadata/instance?api-version=2021-02-01')).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(60);
    const refused = await get('/metadata/instance?api-version=2021-02-01');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    clock.now += 1000;
    expect((await get('/metadata/instance?api-version=2021-02-01')).status).toBe(200);
  });
});

describe('tokens', () => {
  test('T60 the challenge is a file that only root and the group himds read; it is good once', async () => {
    const { get, challengeOf, machine } = await startEndpoint();
    const first = await get(tokenPath);
    expect(first.status).toBe(401);
    expect(first.headers['www-authenticate']).toMatch(
      /^Basic realm=\/var\/opt\/azcmagent\/tokens\/[0-9a-f-]{36}\.key$/,
    );
    const [name = ''] = readdirSync(machine.paths.tokens);
    const file = statSync(join(machine.paths.tokens, name));
    const group = process.geteuid?.() === 0 ? identityGroupNumber() : undefined;
    expect(file.mode & 0o777).toBe(group === undefined ? 0o600 : 0o640);
    expect(statSync(machine.paths.tokens).mode & 0o777).toBe(group === undefined ? 0o700 : 0o750);
    if (group !== undefined) expect(file.gid).toBe(group);
    const secret = challengeOf(first);
    expect(secret.length).toBeLessThanOrEqual(4096);
    const headers = { metadata: 'true', authorization: `Basic ${secret}` };
    const second = await get(tokenPath, headers);
    expect(second.status).toBe(200);
    expect(second.body).toEqual({
      access_token: 'token for https://management.azure.com/',
      expires_in: '3600',
      expires_on: '2000003600',
      not_before: '2000000000',
      resource: 'https://management.azure.com/',
      token_type: 'Bearer',
    });
    expect(readdirSync(machine.paths.tokens)).toEqual([]);
    const again = await get(tokenPath, headers);
    expect([again.status, again.body['error']]).toEqual([403, 'invalid_challenge']);
  });

  test('T60 a challenge is good for a minute; guesses, other schemes and other files are not accepted', async () => {
    const { get, challengeOf, clock, machine } = await startEndpoint();
    const first = await get(tokenPath);
    const secret = challengeOf(first);
    const planted = join(machine.paths.tokens, `${crypto.randomUUID()}.key`);
    writeFileSync(planted, 'planted');
    for (const authorization of [
      'Basic guess',
      'Basic planted',
      `Bearer ${secret}`,
      `Basic ${secret}x`,
      'Basic ',
      secret,
    ]) {
      expect((await get(tokenPath, { metadata: 'true', authorization })).status, authorization).toBe(403);
    }
    clock.now += 60_000;
    expect((await get(tokenPath, { metadata: 'true', authorization: `Basic ${secret}` })).status).toBe(403);
    expect(readdirSync(machine.paths.tokens)).toEqual([basename(planted)]);
  });

  test('T62 who holds a connection and asks nothing, or never comes to an end, is cut off; others are served', async () => {
    const { get, port } = await startEndpoint();
    const sockets = [
      '',
      'GET / HTTP/1.1\r\nX-Slow: ',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n',
    ].map((begun) => {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.write(begun);
      const drip = setInterval(() => void (begun !== '' && socket.writable && socket.write('x')), 1000);
      // Not `once`, which takes a write into the cut connection for a failure.
      const cut = new Promise<void>((resolve) => socket.resume().on('close', () => resolve()));
      return cut.finally(() => clearInterval(drip));
    });
    expect((await get(tokenPath)).status).toBe(401);
    await Promise.all(sockets);
  });

  test('T62 unanswered challenges of one user are bounded', async () => {
    const { get, clock, machine } = await startEndpoint();
    const statuses: number[] = [];
    for (let i = 0; i < 35; i += 1) {
      statuses.push((await get(tokenPath)).status);
      clock.now += 200;
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(32);
    expect(statuses.at(-1)).toBe(429);
    expect(readdirSync(machine.paths.tokens)).toHaveLength(32);
  });

  test('the identity may be named if it is this one, and the answer repeats the name; bypass_cache is passed on', async () => {
    const { get, challengeOf } = await startEndpoint();
    const named = `${tokenPath}&client_id=${identity.principalId.toUpperCase()}&bypass_cache=true`;
    const secret = challengeOf(await get(named));
    const { body } = await get(named, { metadata: 'true', authorization: `Basic ${secret}` });
    expect(body).toMatchObject({ client_id: identity.principalId.toUpperCase() });
    expect(body['access_token']).toContain('(fresh)');
    const other = await get(`${tokenPath}&object_id=${crypto.randomUUID()}`);
    expect([other.status, other.body['error']]).toEqual([400, 'invalid_request']);
  });

  test.each([
    ['/metadata/identity/oauth2/token?resource=x', 'api-version'],
    ['/metadata/identity/oauth2/token?api-version=2020-06-01', 'resource'],
    ['/metadata/identity/oauth2/token?api-version=newest&resource=x', 'api-version'],
    ['/metadata/identity/oauth2/token?api-version=2018-01-01&resource=x', 'api-version'],
    [`/metadata/identity/oauth2/token?api-version=2020-06-01&resource=${'x'.repeat(2049)}`, 'resource'],
    ['/metadata/identity/oauth2/token?api-version=2020-06-01&resource=a%20b', 'resource'],
  ])('%s is refused by naming the parameter, without a challenge', async (path, parameter) => {
    const { get, machine } = await startEndpoint();
    const { status, body } = await get(path);
    expect(status).toBe(400);
    expect(body['error_description']).toContain(`'${parameter}'`);
    expect(existsSync(machine.paths.tokens)).toBe(false);
  });

  test.each([
    ['https://unknown.test', 400, 'invalid_scope'],
    ['https://away.test', 503, 'temporarily_unavailable'],
  ])('what the centre says of %s becomes %i %s', async (resource, status, error) => {
    const { get, challengeOf } = await startEndpoint();
    const path = `/metadata/identity/oauth2/token?api-version=2020-06-01&resource=${resource}`;
    const secret = challengeOf(await get(path));
    const answer = await get(path, { metadata: 'true', authorization: `Basic ${secret}` });
    expect([answer.status, answer.body['error']]).toEqual([status, error]);
  });

  test('a machine that is not connected has no identity, and says so', async () => {
    const { get, machine } = await startEndpoint('none');
    const { status, body } = await get(tokenPath);
    expect([status, body['error']]).toEqual([503, 'not_connected']);
    expect(existsSync(machine.paths.tokens)).toBe(false);
  });
});

describe('the port', () => {
  test('T61 one that another program has taken is told with whose it is; the agent goes on and takes it later', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    ended.push(async () => void squatter.close());
    const { port } = squatter.address() as AddressInfo;
    const { said, machine } = await startEndpoint(identity, { AZCMAGENT_METADATA_PORT: String(port) });
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`127.0.0.1:${port} is taken by a program of user ${process.geteuid?.() ?? 0}`);
    expect(readEndpointStatus(machine.environment.root)).toMatchObject({ url: '', problem: said[0] });
  });

  test('AZCMAGENT_METADATA_PORT that is none is AZCM0023', () => {
    using machine = testMachine();
    for (const port of ['x', '70000', '-1', '1.5']) {
      const environment = environmentOn(machine, { now: 0 }, { AZCMAGENT_METADATA_PORT: port });
      expect(() => endpointPort(environment), port).toThrow(`'${port}' is not a port number`);
    }
  });

  test('what a killed agent left in the tokens folder is cleared away', async () => {
    const { get, machine } = await startEndpoint();
    makeDirectories(machine.paths.tokens, 0o700);
    writeFileSync(join(machine.paths.tokens, 'left.key'), 'old');
    await get(tokenPath);
    expect(readdirSync(machine.paths.tokens)).not.toContain('left.key');
  });
});

test('the group is found in /etc/group by its whole name', () => {
  const text = 'root:x:0:\nhimds2:x:7:\nhimds:x:998:ann,bob\n';
  expect(groupNumber(text, 'himds')).toBe(998);
  expect(groupNumber(text, 'him')).toBeUndefined();
});
