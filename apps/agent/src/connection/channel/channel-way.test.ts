import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import {
  channelProtocol,
  FrameReader,
  formatAnswer,
  parseRequestLine,
  type RequestLine,
} from '@sallyport/model/channel';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterEach, expect, test } from 'vitest';
import type { AgentExchange } from '../agent-exchange.ts';
import { HttpClient, type Proxy } from '../http-client.ts';
import { agentApiAddress } from '../plain-way.ts';
import { ChannelWay } from './channel-way.ts';
import { SilentWay } from './silent-way.ts';

const never = new AbortController().signal;
const minute = 60 * 1000;
const day = 24 * 60 * minute;
const granted = `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${channelProtocol}\r\n\r\n`;

interface Way {
  readonly way: ChannelWay;
  /** What reached the control plane, in order: `open`, `channel <what>`, `plain <what>`. */
  readonly seen: string[];
  readonly log: string[];
  now: number;
  proxy: Proxy | undefined;
  /** As after another start of the agent. */
  again(): ChannelWay;
}

/** Nothing is known, and nothing can be kept. */
const unknown = new SilentWay({ path: '/dev/null/channel.json', log: () => undefined, now: () => 0 });

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A way to a control plane on which `open` is what happens to requests for a channel, and `instead`, if it does, answers plain ones. */
async function wayWith(
  open: (socket: Duplex, seen: string[]) => void,
  instead: (response: ServerResponse) => boolean = () => false,
): Promise<Way> {
  const seen: string[] = [];
  const log: string[] = [];
  const sockets = new Set<Duplex>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    seen.push(`plain ${request.url?.split('/').at(-1) ?? ''}`);
    if (instead(response)) return;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
    seen.push('open');
    sockets.add(socket);
    socket.on('error', () => undefined);
    open(socket, seen);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: { now: number; proxy: Proxy | undefined } = { now: 5, proxy: undefined };
  const http = new HttpClient({ origin: endpoint, proxy: () => state.proxy });
  const folder = temporaryDirectory('channel-way');
  const path = join(folder.path, 'channel.json');
  const again = (): ChannelWay =>
    new ChannelWay({
      http,
      base: agentApiAddress(endpoint, 'id'),
      log: (_level, message) => log.push(message),
      silentWay: new SilentWay({ path, log: () => undefined, now: () => state.now }),
      monotonic: () => state.now,
    });
  const way = again();
  closing.push(() => {
    way.close();
    http.close();
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
    folder.remove();
  });
  return Object.assign(state, { way, seen, log, again });
}

/** A control plane: everything is answered at once. */
function plane(socket: Duplex, seen: string[]): void {
  const reader = new FrameReader<RequestLine>({
    parse: parseRequestLine,
    largest: () => 1000,
    take: ({ number, what }) => {
      seen.push(`channel ${what}`);
      socket.write(formatAnswer(number, 200, '{}'));
    },
  });
  socket.on('data', (piece: Buffer) => reader.push(piece));
  socket.write(granted);
}

/** Somebody who answers requests for channels as any other. */
const answers =
  (status: number, body: string, more = 'content-type: application/json\r\n') =>
  (socket: Duplex): void => {
    socket.end(`HTTP/1.1 ${status} -\r\n${more}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
  };

const goalState: AgentExchange = { what: 'goal-state', maximumBytes: 100, timeoutMilliseconds: 30_000 };

test('where a channel passes, one is opened for all that is asked, also at once', async () => {
  const { way, seen, log } = await wayWith(plane);
  const both = await Promise.all([way.send(goalState, 't', never), way.send(goalState, 't', never)]);
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  await way.send(goalState, 't', never);
  expect(seen).toEqual(['open', 'channel goal-state', 'channel goal-state', 'channel goal-state']);
  expect(log).toEqual(['requests to the control plane go over a channel']);
});

test.for([
  ['answers in HTML', answers(404, '<html>', 'content-type: text/html\r\n')],
  ['knows no such address, as a control plane from before channels', answers(404, '{"error":{"code":"NotFound"}}')],
  ['wants another upgrade', answers(426, '{}')],
  ['cannot do it', answers(501, '')],
  ['says that it is fine', answers(200, '{}')],
  ['grants something else', (socket: Duplex) => socket.write(granted.replace(channelProtocol, 'websocket'))],
  ['grants it without saying what', (socket: Duplex) => socket.write('HTTP/1.1 101 -\r\nconnection: Upgrade\r\n\r\n')],
] as const)(
  'T78 where somebody in between %s, requests go one by one, and a channel is asked for a day later',
  async ([, open]) => {
    const tried = await wayWith(open);
    for (let i = 0; i < 3; i += 1) expect((await tried.way.send(goalState, 't', never)).status).toBe(200);
    expect(tried.seen).toEqual(['open', 'plain goal-state', 'plain goal-state', 'plain goal-state']);
    expect(tried.log).toEqual([
      'no channel passes on the way to the control plane; requests go one by one for a while',
    ]);
    tried.now += day;
    await tried.way.send(goalState, 't', never);
    expect(tried.seen.slice(4)).toEqual(['open', 'plain goal-state']);
  },
);

test.for([
  [401, 'InvalidAuthenticationToken'],
  [403, 'MachineQuarantined'],
  [404, 'MachineNotFound'],
  [429, 'TooManyRequests'],
  [503, 'ServiceUnavailable'],
] as const)('a refusal of the control plane itself is the answer: %i %s', async ([status, code]) => {
  const { way, seen } = await wayWith(
    answers(status, JSON.stringify({ error: { code } }), 'content-type: application/json\r\nretry-after: 7\r\n'),
  );
  for (let i = 0; i < 2; i += 1)
    expect(await way.send(goalState, 't', never)).toMatchObject({ status, headers: { 'retry-after': '7' } });
  expect(seen).toEqual(['open', 'open']);
});

test('where requests for channels are cut, plain ones go at once, and alone after the second', async () => {
  const { way, seen } = await wayWith((socket) => socket.destroy());
  for (let i = 0; i < 3; i += 1) expect((await way.send(goalState, 't', never)).status).toBe(200);
  expect(seen).toEqual(['open', 'plain goal-state', 'open', 'plain goal-state', 'plain goal-state']);
});

test('T23 where a channel is granted and nothing passed on, requests go one by one after the first that was not answered', async () => {
  const { way, seen } = await wayWith((socket) => socket.write(granted));
  await expect(way.send({ ...goalState, timeoutMilliseconds: 50 }, 't', never)).rejects.toMatchObject({
    code: 'TimedOut',
  });
  expect((await way.send(goalState, 't', never)).status).toBe(200);
  expect(seen).toEqual(['open', 'plain goal-state']);
});

test('T23 that a way is silent is known after the next start, for longer each time; by another proxy it is asked anew', async () => {
  const tried = await wayWith((socket) => socket.write(granted));
  const brief = { ...goalState, timeoutMilliseconds: 50 };
  for (const pause of [5 * minute, 60 * minute, day, day]) {
    const before = tried.seen.length;
    const started = tried.again();
    await expect(started.send(brief, 't', never)).rejects.toMatchObject({ code: 'TimedOut' });
    expect((await started.send(goalState, 't', never)).status).toBe(200);
    tried.now += pause - 1;
    expect((await tried.again().send(goalState, 't', never)).status).toBe(200);
    expect(tried.seen.slice(before)).toEqual(['open', 'plain goal-state', 'plain goal-state']);
    tried.now += 1;
  }
  tried.now -= 1;
  const again = tried.again();
  const before = tried.seen.length;
  expect((await again.send(goalState, 't', never)).status).toBe(200);
  tried.proxy = { url: 'http://user:secret@127.0.0.1:1', except: '127.0.0.1' };
  await expect(again.send(brief, 't', never)).rejects.toMatchObject({ code: 'TimedOut' });
  expect(tried.seen.slice(before)).toEqual(['plain goal-state', 'open']);
});

test.for(['passes nothing on over the channel it grants', 'cuts those who ask for one'] as const)(
  'T19 T78 a control plane that %s for half a minute costs nobody the channels of a day, also when that comes twice',
  async (what) => {
    let isStill = true;
    const tried = await wayWith((socket, seen) => {
      if (!isStill) plane(socket, seen);
      else if (what.startsWith('passes')) socket.write(granted);
      else socket.destroy();
    });
    const brief = { ...goalState, timeoutMilliseconds: 50 };
    // What was sent over the channel is not answered, and by the next request the control plane is there again: that one is.
    const standStill = async (): Promise<void> => {
      isStill = true;
      if (what.startsWith('passes')) await expect(tried.way.send(brief, 't', never)).rejects.toThrow(/did not answer/);
      expect((await tried.way.send(goalState, 't', never)).status).toBe(200);
      isStill = false;
    };
    const overChannel = async (): Promise<boolean> => {
      expect((await tried.way.send(goalState, 't', never)).status).toBe(200);
      return tried.seen.at(-1) === 'channel goal-state';
    };
    await standStill();
    tried.now += 5 * minute;
    expect(await overChannel()).toBe(true);
    tried.way.close();
    await standStill();
    tried.now += 5 * minute;
    await standStill();
    tried.now += 60 * minute;
    expect(await overChannel()).toBe(true);
    // That is over, also for the next start: it begins with minutes.
    tried.way.close();
    await standStill();
    tried.now += 5 * minute;
    const started = tried.again();
    expect((await started.send(goalState, 't', never)).status).toBe(200);
    expect(tried.seen.at(-1)).toBe('channel goal-state');
    started.close();
  },
);

test('what says no at once is asked again after the next start', async () => {
  const tried = await wayWith(answers(404, '{}'));
  await tried.way.send(goalState, 't', never);
  await tried.again().send(goalState, 't', never);
  expect(tried.seen).toEqual(['open', 'plain goal-state', 'open', 'plain goal-state']);
});

test.for(['silent', 'cut'] as const)(
  'T19 T78 a control plane that grants a channel and is away then costs nobody the channels of a day: %s',
  async (how) => {
    let isAway = true;
    const tried = await wayWith(
      (socket, seen) => {
        if (!isAway) plane(socket, seen);
        else if (how === 'silent') socket.write(granted);
        else socket.end(granted);
      },
      (response) => {
        if (isAway) response.destroy();
        return isAway;
      },
    );
    const brief = { ...goalState, timeoutMilliseconds: 50 };
    for (let i = 0; i < 4; i += 1)
      await expect(tried.way.send(brief, 't', never)).rejects.toThrow(/cannot be reached|did not answer/);
    expect(tried.seen.slice(0, 3)).toEqual(['open', 'plain goal-state', 'open']);
    isAway = false;
    for (let i = 0; i < 2; i += 1) expect((await tried.way.send(goalState, 't', never)).status).toBe(200);
    expect(tried.seen.at(-1)).toBe('channel goal-state');
    expect(tried.log.join()).not.toContain('no channel passes');
  },
);

test('after a channel has ended another is opened, however often, as long as each answered something', async () => {
  const { way, seen } = await wayWith((socket, log) => {
    plane(socket, log);
    socket.on('data', () => setImmediate(() => socket.destroy()));
  });
  for (let i = 0; i < 4; i += 1) {
    await way.send(goalState, 't', never);
    // Its end is heard of before the next.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(seen.filter((what) => what === 'open')).toHaveLength(4);
  expect(seen).not.toContain('plain goal-state');
});

test('whoever gives up while a channel is opened does not wait for it, and the others get theirs', async () => {
  const begin: (() => void)[] = [];
  const { way, seen } = await wayWith((socket, log) => begin.push(() => plane(socket, log)));
  const wanted = new AbortController();
  const first = way.send(goalState, 't', wanted.signal);
  const second = way.send(goalState, 't', never);
  await expect.poll(() => begin.length).toBe(1);
  wanted.abort();
  await expect(first).rejects.toMatchObject({ code: 'Aborted' });
  begin.forEach((go) => go());
  expect((await second).status).toBe(200);
  expect(seen).toEqual(['open', 'channel goal-state']);
});

test('another proxy is another way: the channel by the former one is left', async () => {
  const tried = await wayWith(plane);
  await tried.way.send(goalState, 't', never);
  tried.proxy = { url: 'http://127.0.0.1:1', except: '127.0.0.1' };
  await tried.way.send(goalState, 't', never);
  expect(tried.seen).toEqual(['open', 'channel goal-state', 'open', 'channel goal-state']);
});

test('a control plane that is away is unreachable, in one sentence', async () => {
  const { way } = await wayWith((socket) => socket.destroy());
  const nobody = agentApiAddress('http://127.0.0.1:1', 'id');
  const http = new HttpClient({ origin: nobody, proxy: () => undefined });
  const lost = new ChannelWay({ http, base: nobody, log: () => undefined, silentWay: unknown, monotonic: () => 0 });
  await expect(lost.send(goalState, 't', never)).rejects.toThrow(/^127\.0\.0\.1:1 cannot be reached: [^\n]+\.$/);
  lost.close();
  way.close();
});

test('T19 while a control plane cannot be connected to, each request connects once, and those that come together share that', async () => {
  let connections = 0;
  const away = createNetServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined).destroy();
  });
  away.listen(0, '127.0.0.1');
  await once(away, 'listening');
  const base = agentApiAddress(`https://127.0.0.1:${(away.address() as AddressInfo).port}`, 'id');
  const http = new HttpClient({ origin: new URL(base).origin, proxy: () => undefined });
  const lost = new ChannelWay({ http, base, log: () => undefined, silentWay: unknown, monotonic: () => 0 });
  closing.push(() => {
    lost.close();
    http.close();
    away.close();
  });
  for (let i = 0; i < 3; i += 1)
    await expect(lost.send(goalState, 't', never)).rejects.toMatchObject({ code: 'Unreachable' });
  expect(connections).toBe(3);
  const both = [1, 2].map(() => lost.send(goalState, 't', never));
  for (const one of both) await expect(one).rejects.toMatchObject({ code: 'Unreachable' });
  expect(connections).toBe(4);
});

test.for([502, 503, 504])(
  'a gateway that says %i may have nobody behind it for a moment, as during a restart: it counts from the second in a row',
  async (status) => {
    const { way, seen } = await wayWith(answers(status, '<html>', 'content-type: text/html\r\n'));
    for (let i = 0; i < 3; i += 1) expect((await way.send(goalState, 't', never)).status).toBe(200);
    expect(seen).toEqual(['open', 'plain goal-state', 'open', 'plain goal-state', 'plain goal-state']);
  },
);

test.for([
  ['a gateway with nobody behind it', 503, 'text/html', '<html>'],
  ['a captive portal', 200, 'text/html', '<html>'],
  ['a gateway that speaks JSON', 502, 'application/json', '{"error":{"code":"BadGateway"}}'],
] as const)(
  'T78 whether a channel passes is not told by %s, which answers plain requests as it does those for channels',
  async ([, status, type, body]) => {
    let isAway = true;
    const tried = await wayWith(
      (socket, seen) => {
        if (isAway) answers(status, body, `content-type: ${type}\r\n`)(socket);
        else plane(socket, seen);
      },
      (response) => {
        if (!isAway) return false;
        response.writeHead(status, { 'content-type': type }).end(body);
        return true;
      },
    );
    for (let i = 0; i < 3; i += 1) expect((await tried.way.send(goalState, 't', never)).status).toBe(status);
    expect(tried.log).toEqual([]);
    isAway = false;
    expect((await tried.way.send(goalState, 't', never)).status).toBe(200);
    expect(tried.seen.slice(-2)).toEqual(['open', 'channel goal-state']);
  },
);

test('those who asked for one channel together count its cut once', async () => {
  const { way, seen } = await wayWith((socket) => socket.destroy());
  await Promise.all([1, 2, 3].map(() => way.send(goalState, 't', never)));
  await way.send(goalState, 't', never);
  expect(seen.filter((what) => what === 'open')).toHaveLength(2);
});

test('S2.1 whoever is answered by a control plane that ends asks the next one on a new channel, and misses nothing', async () => {
  const { way, seen } = await wayWith((socket, log) => {
    const reader = new FrameReader<RequestLine>({
      parse: parseRequestLine,
      largest: () => 1000,
      take: ({ number, what }) => {
        log.push(`channel ${what}`);
        socket.end(formatAnswer(number, 200, '{}'));
      },
    });
    socket.on('data', (piece: Buffer) => reader.push(piece));
    socket.write(granted);
  });
  for (let i = 0; i < 4; i += 1) expect((await way.send(goalState, 't', never)).status).toBe(200);
  expect(seen.filter((what) => what === 'open')).toHaveLength(4);
});
