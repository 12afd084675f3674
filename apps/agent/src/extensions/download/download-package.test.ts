import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpClient } from '../../connection/http-client.ts';
import { downloadPackage, type Pace } from './download-package.ts';

const content = Buffer.from('the package that was signed '.repeat(1000));
const wanted = { length: content.length, sha256: createHash('sha256').update(content).digest('hex') };
let server: Server;
let origin: string;
/** What was asked of each path: the `Range` headers, '' for none. */
const asked: string[] = [];
const half = content.length / 2;
/** The rest from where it is asked to go on, and the answer's headers for it. */
function rest(response: ServerResponse, range: string, sent = content): void {
  const from = Number(/^bytes=([0-9]+)-$/.exec(range)?.[1]);
  response.writeHead(206, { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
  response.end(sent.subarray(from));
}
function cut(response: ServerResponse, from: number, to: number): void {
  const status = from === 0 ? 200 : 206;
  const range = from === 0 ? {} : { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` };
  response.writeHead(status, { 'content-length': content.length - from, ...range });
  response.write(content.subarray(from, to), () => setImmediate(() => response.destroy()));
}
const routes: Readonly<Record<string, (response: ServerResponse, range: string) => void>> = {
  '/cut-once': (response, range) => (range === '' ? cut(response, 0, half) : rest(response, range)),
  '/cut-thrice': (response, range) => {
    const from = Number(range.replace(/[^0-9]/g, ''));
    return from < 3000 ? cut(response, from, from + 1000) : rest(response, range);
  },
  '/cut-always': (response, range) => {
    const from = Number(range.replace(/[^0-9]/g, ''));
    cut(response, from, from + 1);
  },
  '/cut-then-all': (response, range) => (range === '' ? cut(response, 0, half) : void response.end(content)),
  '/cut-then-other': (response, range) =>
    range === '' ? cut(response, 0, half) : rest(response, range, Buffer.alloc(content.length, 'x')),
  '/cut-then-elsewhere': (response, range) =>
    range === ''
      ? cut(response, 0, half)
      : void response
          .writeHead(206, { 'content-range': `bytes 0-${half - 1}/${content.length}` })
          .end(content.subarray(half)),
  '/cut-then-gone': (response, range) => (range === '' ? cut(response, 0, half) : void response.writeHead(404).end()),
  '/good': (response) => void response.end(content),
  '/chunked': (response) => {
    response.write(content.subarray(0, 10));
    response.end(content.subarray(10));
  },
  '/short': (response) => void response.end(content.subarray(1)),
  '/changed': (response) => void response.end(Buffer.concat([content.subarray(0, -1), Buffer.from('X')])),
  '/endless': (response) => {
    response.on('error', () => undefined);
    // Until the reader has had enough.
    const writing = setInterval(() => response.write(Buffer.alloc(50_000)), 1);
    response.on('close', () => clearInterval(writing));
  },
  '/broken': (response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 10), () => response.destroy());
  },
  '/dripping': (response) => {
    // A byte now and then: never silent, never done.
    const writing = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(writing));
  },
  '/missing': (response) => void response.writeHead(404).end(),
  '/elsewhere': (response) => void response.writeHead(302, { location: '/good' }).end(),
};

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers.range ?? '');
    routes[request.url ?? '']?.(response, request.headers.range ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** What is in the file afterwards, or the code of the failure. */
async function download(...paths: readonly string[]): Promise<string> {
  return downloadAt(undefined, ...paths);
}

async function downloadAt(pace: Pace | undefined, ...paths: readonly string[]): Promise<string> {
  using directory = temporaryDirectory('download');
  const file = join(directory.path, 'package.zip');
  const descriptor = openSync(file, 'wx+', 0o600);
  const http = new HttpClient({ origin, proxy: () => undefined });
  const locations = paths.map((path) => (path.startsWith('/') ? origin + path : path));
  try {
    const { signal } = new AbortController();
    await downloadPackage({ http, locations, wanted, descriptor, signal, ...(pace === undefined ? {} : { pace }) });
    expect(fstatSync(descriptor).size).toBe(content.length);
    return readFileSync(file, 'utf8');
  } catch (error) {
    return (error as { readonly code: string }).code;
  } finally {
    http.close();
    closeSync(descriptor);
  }
}

test('the package, in one piece or in several', async () => {
  expect(await download('/good')).toBe(content.toString());
  expect(await download('/chunked')).toBe(content.toString());
});

test.each([
  ['/short', 'PackageMismatch'],
  ['/changed', 'PackageMismatch'],
  ['/endless', 'PackageOversized'],
  ['/broken', 'PackageUnavailable'],
  ['/missing', 'PackageUnavailable'],
  ['/elsewhere', 'PackageUnavailable'],
  ['file:///etc/passwd', 'PackageUnavailable'],
  ['http://169.254.169.254/', 'PackageUnavailable'],
])('T20 T23 T24 %s is %s', async (path, code) => {
  expect(await download(path)).toBe(code);
});

test('T23 a location that drips is ended as too slow, whatever it sends, and does not stand in the way of a good one', async () => {
  const pace = { graceSeconds: 0.5, leastBytesPerSecond: 1024 * 1024 };
  expect(await downloadAt(pace, '/dripping')).toBe('PackageTooSlow');
  expect(await downloadAt({ ...pace, graceSeconds: 20 }, '/missing', '/good')).toBe(content.toString());
});

test('S1.4 one bad location does not stand in the way of a good one, and leaves nothing of itself', async () => {
  expect(await download('/changed', '/broken', 'ftp://nowhere/', '/good')).toBe(content.toString());
});

test('S1.4 a download that breaks off goes on where it was, and is hashed as a whole', async () => {
  asked.length = 0;
  expect(await download('/cut-once')).toBe(content.toString());
  expect(asked).toHaveLength(2);
  expect(asked[1]).toMatch(/^bytes=[1-9][0-9]*-$/);
  expect(await download('/cut-thrice')).toBe(content.toString());
  // Whoever cannot go on in the middle sends everything again.
  expect(await download('/cut-then-all')).toBe(content.toString());
});

test.each([
  ['/cut-then-other', 'PackageMismatch'],
  ['/cut-then-elsewhere', 'PackageUnavailable'],
  ['/cut-then-gone', 'PackageUnavailable'],
  ['/cut-always', 'PackageUnavailable'],
])('T20 T23 broken off, and then %s is %s', async (path, code) => {
  asked.length = 0;
  expect(await download(path)).toBe(code);
  expect(asked.length).toBeLessThanOrEqual(10);
  expect(await download(path, '/good')).toBe(content.toString());
});

test('no location at all', async () => {
  expect(await download()).toBe('PackageUnavailable');
});
