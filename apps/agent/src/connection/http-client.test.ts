import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createConnection, createServer as createNetServer, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpClient, type Proxy } from './http-client.ts';
import { jsonOf } from './json-answer.ts';
import * as z from 'zod/mini';

let server: Server;
let origin: string;
const routes: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/large': (response) => void response.end(Buffer.alloc(100_000)),
  '/endless': (response) => {
    response.on('error', () => undefined);
    // Until the reader has had enough.
    const writing = setInterval(() => response.write(Buffer.alloc(50_000)), 1);
    response.on('close', () => clearInterval(writing));
  },
  '/silent': () => undefined,
  '/elsewhere': (response) => void response.writeHead(302, { location: '/large' }).end(),
  '/html': (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>'),
  '/json': (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":1}'),
};

beforeAll(async () => {
  server = createServer((request, response) => routes[request.url ?? '']?.(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function client(proxy?: Proxy): HttpClient {
  return new HttpClient({ origin, proxy: () => proxy });
}

function get(path: string, timeoutMilliseconds = 20_000): Parameters<HttpClient['request']>[0] {
  return { method: 'GET', url: new URL(path, origin), timeoutMilliseconds };
}

test('T23 T79 an answer larger than allowed is cut off at once, however long it would go on', async () => {
  await expect(client().request(get('/large'), 1000)).rejects.toMatchObject({ code: 'TooLarge' });
  await expect(client().request(get('/endless'), 1_000_000)).rejects.toMatchObject({ code: 'TooLarge' });
});

test('T23 a server that never answers is given up at the time limit', async () => {
  await expect(client().request(get('/silent', 50), 1000)).rejects.toMatchObject({ code: 'TimedOut' });
});

test('T24 a redirect is an answer and is not followed', async () => {
  expect(await client().request(get('/elsewhere'), 1000)).toMatchObject({ status: 302 });
});

test('T24 an address is judged when the name is resolved', async () => {
  const url = new URL(origin.replace('127.0.0.1', 'localhost'));
  const seen: string[] = [];
  const refuse = (address: string): boolean => {
    seen.push(address);
    return false;
  };
  const request = { ...get('/json'), url, mayConnectTo: refuse };
  await expect(client().request(request, 1000)).rejects.toThrow(/nothing is fetched from/);
  expect(seen.length).toBeGreaterThan(0);
});

test('T78 JSON is taken from answers that say they are JSON, and from no others', async () => {
  const schema = z.object({ a: z.number() });
  expect(jsonOf(await client().request(get('/json'), 1000), schema, 'It')).toEqual({ a: 1 });
  const html = await client().request(get('/html'), 1000);
  expect(() => jsonOf(html, schema, 'It')).toThrow(/not JSON but 'text\/html'/);
});

test('the proxy in force is used, and its credentials are in no error', async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(`${request.headers['proxy-authorization'] ?? ''} ${request.url ?? ''}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":2}');
  });
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const through = client({ url: `http://user:pass-word@127.0.0.1:${port}`, except: '' });
  expect(through.shownWay).toBe(`http://***@127.0.0.1:${port} `);
  const answer = await through.request(get('/json'), 1000);
  expect(answer.body.toString()).toBe('{"a":2}');
  expect(asked[0]).toContain(Buffer.from('user:pass-word').toString('base64'));
  const refused = through.request({ ...get('/'), url: new URL('https://storage.example/x?sig=secret') }, 1000);
  await expect(refused).rejects.toThrow(expect.not.stringMatching(/pass-word|secret/));
  expect(asked).toContain('CONNECT storage.example:443');
  through.close();
  proxy.closeAllConnections();
  proxy.close();
  await expect(through.request(get('/json'), 1000)).rejects.toThrow(expect.not.stringContaining('pass-word'));
});

test('a kept connection that the server closes in the moment of its use is no failure: a GET is sent again, anything else is not', async () => {
  let requests = 0;
  const closing = createServer((request, response) => {
    requests += 1;
    // As a server does whose patience with idle connections ends just now.
    if (request.url === '/stale' && requests === 2) request.socket.destroy();
    else response.end('here');
  });
  closing.listen(0, '127.0.0.1');
  await once(closing, 'listening');
  const at = `http://127.0.0.1:${(closing.address() as AddressInfo).port}`;
  const client = new HttpClient({ origin: at, proxy: () => undefined });
  const send = (method: 'GET' | 'POST', path: string): Promise<{ readonly body: Buffer }> =>
    client.request({ method, url: new URL(path, at), timeoutMilliseconds: 20_000 }, 1000);
  try {
    await send('GET', '/first');
    expect((await send('GET', '/stale')).body.toString()).toBe('here');
    expect(requests).toBe(3);
    requests = 1;
    await expect(send('POST', '/stale')).rejects.toMatchObject({ code: 'Unreachable' });
    expect(requests).toBe(2);
  } finally {
    client.close();
    closing.closeAllConnections();
    closing.close();
  }
});

test('a request for an upgrade that could not be sent fails, as any other request would: cut or silent while it connects', async () => {
  for (const cut of [true, false]) {
    const sockets: Duplex[] = [];
    const listening = createNetServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      // It speaks no TLS.
      if (cut) socket.destroy();
    });
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const at = `https://127.0.0.1:${(listening.address() as AddressInfo).port}`;
    const unsent = new HttpClient({ origin: at, proxy: () => undefined });
    const limits = { connectingMilliseconds: cut ? 20_000 : 100, answeringMilliseconds: 20_000 };
    const asked = unsent.upgrade({ url: new URL(at), headers: {}, protocol: 'echo', ...limits }, 100);
    await expect(asked).rejects.toMatchObject({ code: cut ? 'Unreachable' : 'TimedOut' });
    unsent.close();
    for (const socket of sockets) socket.destroy();
    listening.close();
  }
});

test('T78 a connection that becomes something else goes through the proxy with TLS to its end, and stays beyond the time limit of asking', async () => {
  const now = Date.now();
  const authority = await createAuthority('authority', now);
  const { certificatePem: cert, keyPem: key } = await issueServerCertificate(authority, ['localhost'], now);
  const secure = createSecureServer({ cert, key });
  const open = new Set<Duplex>();
  const keep = (socket: Duplex): void => {
    open.add(socket);
    socket.on('error', () => undefined);
  };
  secure.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    keep(socket);
    const wanted = request.headers.upgrade ?? '';
    if (wanted === 'cut') {
      socket.destroy();
      return;
    }
    if (wanted === 'refused') {
      socket.end('HTTP/1.1 403 -\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno');
      return;
    }
    const became = wanted === 'another' ? 'h2c' : wanted.toUpperCase();
    socket.write(`HTTP/1.1 101 -\r\nconnection: Upgrade\r\nupgrade: ${became}\r\n\r\nhello `);
    socket.pipe(socket);
  });
  const connected: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, socket: Duplex) => {
    connected.push(request.url ?? '');
    const onward = createConnection((secure.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 -\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    [socket, onward].forEach(keep);
  });
  for (const one of [secure, proxy]) {
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
  }
  const host = `localhost:${(secure.address() as AddressInfo).port}`;
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const through = new HttpClient({
    origin: `https://${host}`,
    authorities: authority.certificatePem,
    proxy: () => ({ url, except: '' }),
  });
  const ask = (protocol: string, connectingMilliseconds = 20_000): ReturnType<typeof through.upgrade> => {
    const limits = { connectingMilliseconds, answeringMilliseconds: 3_000 };
    return through.upgrade({ url: new URL(`https://${host}/`), headers: {}, protocol, ...limits }, 100);
  };
  try {
    await expect(ask('echo', 0)).rejects.toMatchObject({ code: 'TimedOut' });
    expect(await ask('refused')).toMatchObject({ answer: { status: 403, body: Buffer.from('no') } });
    // Something in between may grant what was not asked for.
    expect(await ask('another')).toMatchObject({ answer: { status: 101 } });
    // It was sent, and not answered: it is no other's fault.
    expect(await ask('cut')).toMatchObject({ unanswered: { code: 'Unreachable' } });
    const got = await ask('echo');
    if (!('socket' in got)) throw new Error('it was answered');
    const heard = [got.head.toString()];
    got.socket.on('data', (piece: Buffer) => heard.push(piece.toString()));
    await pause(3_200);
    got.socket.write('there');
    await expect.poll(() => heard.join('')).toBe('hello there');
    expect(new Set(connected)).toEqual(new Set([host]));
    got.socket.destroy();
  } finally {
    through.close();
    for (const socket of open) socket.destroy();
    for (const one of [secure, proxy]) {
      one.closeAllConnections();
      one.close();
    }
  }
});
