import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { channelRequests, type ChannelError } from '@sallyport/model/channel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { channelOf, openChannel, type ChannelClient } from '../../testing/channel-client.ts';
import { jsonAnswer, type PlainAnswer, type PlainRequest, type PlainRoute } from '../plain-request.ts';
import { listenForClients, type RunningServer, type ServerOptions } from '../server.ts';
import { Channel, type ChannelHost } from './channel.ts';

const now = Date.now();
const authority = await createAuthority('authority', now);
const certificate = await issueServerCertificate(authority, ['localhost'], now);

/** Answers that the test gives when it likes, by what the request says. */
class Held {
  readonly #gone = new Set<string>();
  readonly #answers = new Map<string, (answer: PlainAnswer) => void>();

  wait(name: string, request: PlainRequest): Promise<PlainAnswer> {
    request.whenGone(() => this.#gone.add(name));
    return new Promise((resolve) => this.#answers.set(name, resolve));
  }

  has(name: string): boolean {
    return this.#answers.has(name);
  }

  isGone(name: string): boolean {
    return this.#gone.has(name);
  }

  answer(name: string): void {
    this.#answers.get(name)?.(jsonAnswer({ held: name }));
  }
}

const held = new Held();
const broken: ChannelError[] = [];

async function answer(kind: PlainRoute['kind'], request: PlainRequest): Promise<PlainAnswer> {
  const body = await request.text(100);
  if (body?.startsWith('hold ')) return held.wait(body, request);
  // As a report that is being written down, which its sender cannot stop.
  if (body === 'stay k') return new Promise(() => undefined);
  if (body === 'fail') throw new Error('as it was told to');
  if (body === 'large') return jsonAnswer('x'.repeat(4_000_000));
  if (body === 'later') return jsonAnswer({}, 429, { 'retry-after': '30' });
  return jsonAnswer({
    kind,
    body: body ?? null,
    method: request.method,
    path: request.path,
    token: request.presented.authorization,
    type: request.header('content-type'),
    other: request.header('accept') ?? null,
  });
}

const routeOf = (kind: PlainRoute['kind']): PlainRoute => ({
  kind,
  largest: 200,
  answer: (request) => answer(kind, request),
});

const options: ServerOptions = {
  host: '127.0.0.1',
  port: 0,
  ...certificate,
  ticketKeys: randomBytes(48),
  ticketSeconds: 60,
  proxySocket: undefined,
  plain: (_method, path) => {
    if (path === '/one/channel') return { ...routeOf('channel'), answer: allowed, channel: routeOf };
    return path === '/one/heartbeat' ? routeOf('heartbeat') : undefined;
  },
  answer: (route, asked) => route.answer(asked),
  failed: () => jsonAnswer({ error: 'failed' }, 500),
  broken: (error) => broken.push(error),
  fetch: () => new Response('from the router', { status: 404 }),
};

function allowed(request: PlainRequest): Promise<PlainAnswer> {
  const isAllowed = request.header('authorization') === 'Bearer good';
  return Promise.resolve(isAllowed ? { status: 101 } : jsonAnswer({ error: 'no' }, 403, { 'retry-after': '7' }));
}

let server: RunningServer;
beforeAll(async () => {
  server = await listenForClients(options);
});
afterAll(() => server.close(0));

const where = (port = server.port): Parameters<typeof openChannel>[0] => ({
  port,
  ca: authority.certificatePem,
  path: '/one/channel',
  token: 'good',
});
const open = async (port?: number): Promise<ChannelClient> => channelOf(await openChannel(where(port)));

test('S2.1 requests over a channel are answered as if each had come by itself', async () => {
  const channel = await open();
  for (const what of channelRequests) {
    const { status, text } = await channel.ask(what, what === 'goal-state' ? '' : '{"é":1}');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      kind: what,
      body: what === 'goal-state' ? '' : '{"é":1}',
      method: what === 'goal-state' ? 'GET' : 'POST',
      path: `/one/${what}`,
      token: 'Bearer good',
      type: 'application/json',
      other: null,
    });
  }
  expect(await channel.ask('heartbeat', 'later')).toMatchObject({ status: 429, retryAfter: 30 });
  expect(await channel.ask('heartbeat', 'fail')).toMatchObject({ status: 500, text: '{"error":"failed"}' });
  channel.close();
});

test('S2.1 answers come as they are ready: whoever is held holds nobody else up', async () => {
  const channel = await open();
  const first = channel.ask('heartbeat', 'hold first');
  await expect.poll(() => held.has('hold first'), { timeout: 30_000 }).toBe(true);
  expect((await channel.ask('reports', '{}')).status).toBe(200);
  held.answer('hold first');
  expect((await first).text).toBe('{"held":"hold first"}');
  expect(channel.answers.map(({ number }) => number)).toEqual([2, 1]);
  channel.close();
});

test('a token that an agent brings is that of the requests after it', async () => {
  const channel = await open();
  expect((await channel.ask('authorize', 'better')).status).toBe(204);
  expect(JSON.parse((await channel.ask('keys', '{}')).text)).toMatchObject({ token: 'Bearer better' });
  channel.close();
});

test('what is taken back is not answered, and its number is free again', async () => {
  const channel = await open();
  channel.send('5 heartbeat 9\nhold back');
  await expect.poll(() => held.has('hold back'), { timeout: 30_000 }).toBe(true);
  channel.send('5 cancel 0\n6 cancel 0\n');
  await expect.poll(() => held.isGone('hold back'), { timeout: 30_000 }).toBe(true);
  held.answer('hold back');
  channel.send('5 keys 2\n{}');
  await expect.poll(() => channel.answers.length, { timeout: 30_000 }).toBe(1);
  expect(channel.answers).toEqual([expect.objectContaining({ number: 5, text: expect.stringContaining('"keys"') })]);
  channel.close();
});

test('the answer to what was taken back is not given to whoever has its number since', async () => {
  const channel = await open();
  channel.send('5 heartbeat 8\nhold old');
  await expect.poll(() => held.has('hold old'), { timeout: 30_000 }).toBe(true);
  channel.send('5 cancel 0\n5 heartbeat 8\nhold new');
  await expect.poll(() => held.has('hold new'), { timeout: 30_000 }).toBe(true);
  held.answer('hold old');
  channel.send('6 keys 2\n{}');
  await expect.poll(() => channel.answers.map(({ number }) => number), { timeout: 30_000 }).toEqual([6]);
  held.answer('hold new');
  await expect.poll(() => channel.answers[1]?.text, { timeout: 30_000 }).toBe('{"held":"hold new"}');
  channel.close();
});

test('T73 whoever is held is gone when its channel is', async () => {
  const channel = await open();
  channel.ask('heartbeat', 'hold a').catch(() => undefined);
  channel.ask('heartbeat', 'hold b').catch(() => undefined);
  await expect.poll(() => held.has('hold a') && held.has('hold b'), { timeout: 30_000 }).toBe(true);
  channel.close();
  await expect.poll(() => held.isGone('hold a') && held.isGone('hold b'), { timeout: 30_000 }).toBe(true);
});

test.for([
  ['nonsense', 'GET / HTTP/1.1\r\n\r\n'],
  ['a line without end', 'x'.repeat(100)],
  ['a body larger than its request may have', '1 keys 201\n'],
  ['a token larger than any', '1 authorize 16385\n'],
  ['a body for what takes none', '1 cancel 1\nx'],
  ['a number that is under way', '1 keys 6\nhold n1 keys 2\n{}'],
  ['more requests than an agent has', Array.from({ length: 17 }, (_, i) => `${i + 1} keys 6\nhold m`).join('')],
  [
    'more requests than an agent has, each taken back at once',
    Array.from({ length: 17 }, () => '1 keys 6\nstay k1 cancel 0\n').join(''),
  ],
])('T19 %s cuts the channel, and the log says why', async ([, text = '']) => {
  const before = broken.length;
  const channel = await open();
  channel.send(text);
  await channel.closed;
  expect(broken.length).toBe(before + 1);
  expect((await (await open()).ask('keys', '{}')).status).toBe(200);
});

test('T79 a body that is not UTF-8 is no body', async () => {
  const channel = await open();
  channel.send(Buffer.concat([Buffer.from('1 keys 2\n'), Buffer.from([0xc3, 0x28])]));
  await expect.poll(() => channel.answers.length, { timeout: 30_000 }).toBe(1);
  expect(JSON.parse(channel.answers[0]?.text ?? '')).toMatchObject({ body: null });
  channel.close();
});

test('whoever may not have a channel is answered as any request is, and the connection ends', async () => {
  expect(await openChannel({ ...where(), token: 'bad' })).toMatchObject({
    status: 403,
    text: '{"error":"no"}',
    headers: { 'retry-after': '7', connection: 'close', 'content-type': 'application/json' },
  });
});

test('other offers to upgrade are left to whoever makes them; a channel is asked for in one way only', async () => {
  expect(await openChannel({ ...where(), path: '/one/heartbeat' })).toMatchObject({
    text: expect.stringContaining('"heartbeat"'),
  });
  expect(await openChannel({ ...where(), path: '/elsewhere', upgrade: 'websocket' })).toMatchObject({
    status: 404,
    text: 'from the router',
  });
  expect(await openChannel({ ...where(), upgrade: 'websocket' })).toMatchObject({
    status: 426,
    headers: { upgrade: 'sallyport-channel' },
    text: expect.stringContaining('UpgradeRequired'),
  });
});

test('S2.1 a server that ends answers whoever is held, and closes each channel with its last answer', async () => {
  const ending = await listenForClients(options);
  const resting = await open(ending.port);
  expect((await resting.ask('keys', '{}')).status).toBe(200);
  const waiting = await open(ending.port);
  const last = waiting.ask('heartbeat', 'hold last');
  await expect.poll(() => held.has('hold last'), { timeout: 30_000 }).toBe(true);
  ending.drain();
  // While it drains everybody is answered; whoever has nothing under way then is to come again elsewhere.
  const late = await open(ending.port);
  expect((await late.ask('keys', '{}')).status).toBe(200);
  await late.closed;
  const fresh = await open(ending.port);
  const closed = ending.close(60_000);
  await resting.closed;
  expect((await fresh.ask('keys', '{}')).status).toBe(200);
  held.answer('hold last');
  expect((await last).status).toBe(200);
  await Promise.all([waiting.closed, fresh.closed, closed]);
});

test('a server that has waited long enough cuts the channels that are left', async () => {
  const ending = await listenForClients(options);
  const channel = await open(ending.port);
  channel.ask('heartbeat', 'hold forever').catch(() => undefined);
  await expect.poll(() => held.has('hold forever'), { timeout: 30_000 }).toBe(true);
  await Promise.all([ending.close(10), channel.closed]);
});

/** A channel by itself, and the other end of its connection. */
async function pairOf(): Promise<{
  readonly channel: Channel;
  readonly host: ChannelHost;
  readonly client: Socket;
  readonly socket: Socket;
  readonly close: () => void;
}> {
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const client = createConnection((listening.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(listening, 'connection')) as [Socket];
  const host: ChannelHost = {
    isEnding: false,
    answer: (route, request) => route.answer(request),
    failed: () => ({ status: 500 }),
    broken: () => undefined,
    closed: () => undefined,
  };
  return {
    channel: new Channel(host, socket, '/one/', { authorization: 'Bearer good' }, routeOf),
    host,
    client,
    socket,
    close: () => {
      client.destroy();
      listening.close();
    },
  };
}

test.for([
  ['nothing under way', 76_000, 'cut', ''],
  ['nothing under way, for less than that', 70_000, 'kept', ''],
  ['a heartbeat that is held', 4_000_000, 'kept', '1 heartbeat 6\nhold q'],
  ['a frame that does not end', 61_000, 'cut', '1 keys 10\n{'],
  ['a frame that does not end, for less than that', 55_000, 'kept', '1 keys 10\n{'],
  ['a frame that does not end beside a heartbeat that is held', 61_000, 'cut', '1 heartbeat 6\nhold r2 keys 10\n{'],
] as const)('T19 a channel with %s, after %i ms, is %s', async ([, after, end, text]) => {
  const { channel, client, socket, close } = await pairOf();
  client.write(text);
  await expect.poll(() => socket.bytesRead, { timeout: 30_000 }).toBe(text.length);
  await pause(1);
  channel.check(performance.now() + after);
  expect(socket.destroyed).toBe(end === 'cut');
  close();
});

test('T19 a channel on which frame follows frame is not quiet, also where each begins in the piece that ends the one before', async () => {
  const { channel, client, socket, close } = await pairOf();
  client.write('1 keys 2\n{');
  await expect.poll(() => socket.bytesRead, { timeout: 30_000 }).toBe(10);
  await pause(300);
  const before = performance.now();
  client.write('}2 keys 2\n{');
  await expect.poll(() => socket.bytesRead, { timeout: 30_000 }).toBe(21);
  channel.check(before + 59_900);
  expect(socket.destroyed).toBe(false);
  channel.check(performance.now() + 61_000);
  expect(socket.destroyed).toBe(true);
  close();
});

test('T19 whoever does not read its answers is not read from either', async () => {
  const { client, socket, close } = await pairOf();
  client.pause();
  client.write(Array.from({ length: 8 }, (_, i) => `${i + 1} keys 5\nlarge`).join(''));
  await expect.poll(() => socket.isPaused(), { timeout: 30_000 }).toBe(true);
  client.resume();
  await expect.poll(() => socket.isPaused(), { timeout: 30_000 }).toBe(false);
  close();
});
