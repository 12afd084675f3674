import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpClient } from '../../connection/http-client.ts';
import { downloadPackage, type DownloadOptions, type Pace } from './download-package.ts';

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
  '/rest': (response, range) => (range === '' ? void response.end(content) : rest(response, range)),
  '/expired': (response) => void response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>'),
  '/other-then-gone': (response, range) =>
    range === ''
      ? void response
          .writeHead(200, { 'content-length': content.length })
          .write(Buffer.alloc(half, 'x'), () => setImmediate(() => response.destroy()))
      : void response.writeHead(404).end(),
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
    routes[(request.url ?? '').replace(/\?.*$/, '')]?.(response, request.headers.range ?? '');
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
  return downloadWith(pace === undefined ? {} : { pace }, ...paths);
}

async function downloadWith(
  more: Partial<Pick<DownloadOptions, 'pace' | 'only' | 'renew'>>,
  ...paths: readonly string[]
): Promise<string> {
  using directory = temporaryDirectory('download');
  const file = join(directory.path, 'package.zip');
  const descriptor = openSync(file, 'wx+', 0o600);
  const http = new HttpClient({ origin, proxy: () => undefined });
  const locations = paths.map((path) => (path.startsWith('/') ? origin + path : path));
  try {
    const { signal } = new AbortController();
    await downloadPackage({ http, locations, wanted, descriptor, signal, ...more });
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

/** What a centre answers that is asked again, one after the other, and how often it was asked. */
function answers(...lists: readonly (readonly string[])[]): {
  readonly renew: () => Promise<readonly string[]>;
  asked: number;
} {
  const all = {
    asked: 0,
    renew: async () => (lists[all.asked++] ?? []).map((path) => origin + path),
  };
  return all;
}

test('S1.4 a URL that has died is asked for anew, at most twice', async () => {
  const once = answers(['/good?signed=again']);
  expect(await downloadWith({ renew: once.renew }, '/expired?signed=1')).toBe(content.toString());
  expect(once.asked).toBe(1);
  const twice = answers(['/missing?signed=2'], ['/good']);
  expect(await downloadWith({ renew: twice.renew }, '/missing?signed=1')).toBe(content.toString());
  const sameFirst = answers(['/expired?1'], ['/good']);
  expect(await downloadWith({ renew: sameFirst.renew }, '/expired?1')).toBe(content.toString());
  const never = answers(['/expired?2'], ['/expired?3'], ['/good']);
  expect(await downloadWith({ renew: never.renew }, '/expired?1')).toBe('PackageUnavailable');
  expect(never.asked).toBe(2);
});

test('S1.4 what is answered with the same URLs again, or with none, is not tried again', async () => {
  const begun = asked.length;
  const same = answers(['/missing'], ['/missing']);
  expect(await downloadWith({ renew: same.renew }, '/missing')).toBe('PackageUnavailable');
  expect(same.asked).toBe(2);
  expect(await downloadWith({ renew: answers([]).renew }, '/missing')).toBe('PackageUnavailable');
  expect(asked.length - begun).toBe(2);
});

test('T20 what was refused for what it sent is not asked for anew', async () => {
  const again = answers(['/good']);
  expect(await downloadWith({ renew: again.renew }, '/changed')).toBe('PackageMismatch');
  expect(again.asked).toBe(0);
});

test('S1.4 a package that moves while it is downloaded goes on where it broke off, at its new place', async () => {
  const begun = asked.length;
  expect(await download('/cut-then-gone', '/good')).toBe(content.toString());
  expect(await downloadWith({ renew: answers(['/rest']).renew }, '/cut-then-gone')).toBe(content.toString());
  expect(asked.slice(begun)).toEqual(['', `bytes=${half}-`, `bytes=${half}-`, '', `bytes=${half}-`, `bytes=${half}-`]);
});

test('T20 a beginning that was not the package does not spoil what another location has', async () => {
  expect(await download('/other-then-gone', '/rest', '/missing')).toBe(content.toString());
  expect(await download('/other-then-gone', '/changed')).toBe('PackageMismatch');
});

test('S1.5 connected privately, nothing but the control plane is contacted, and no signature is told', async () => {
  const begun = asked.length;
  expect(await downloadWith({ only: 'https://control-plane.test' }, '/good?sig=hush')).toBe('PackageUnavailable');
  expect(asked.length).toBe(begun);
  expect(await downloadWith({ only: origin }, 'https://storage.test/x.zip?sig=hush', '/good')).toBe(content.toString());
});
