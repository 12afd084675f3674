/** Carriers of the catalog that are slow, long or away: each ends in its own way (T23). */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperationFailure } from '@sallyport/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchCatalogFrom } from './catalog-fetch.ts';
import { HttpClient } from './http-client.ts';

let server: Server;
let base: string;
let http: HttpClient;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/catalog/timestamp.json') response.end('{}');
    else if (request.url === '/catalog/1.root.json') response.end(Buffer.alloc(5000));
    else if (request.url === '/catalog/2.root.json') {
      const writing = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(writing));
    } else response.writeHead(request.url === '/catalog/3.root.json' ? 404 : 500).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  base = `${origin}/catalog/`;
  http = new HttpClient({ origin, proxy: () => undefined });
});
afterAll(() => {
  http.close();
  server.closeAllConnections();
  server.close();
});

test('T23 S1.6 a file, one that is not there, one that is too long, one that never ends', async () => {
  const fetch = fetchCatalogFrom(http, base);
  expect(await fetch('timestamp.json', 100)).toEqual(Buffer.from('{}'));
  expect(await fetch('3.root.json', 100)).toBe('missing');
  expect(await fetch('1.root.json', 100)).toBe('too-long');
  await expect(fetch('4.root.json', 100)).rejects.toThrow(/answered HTTP 500/);
  const hasty = fetchCatalogFrom(http, base, 300);
  const slow = await hasty('2.root.json', 100_000).catch((error: unknown) => error);
  expect(slow).toBeInstanceOf(OperationFailure);
  expect(slow).toMatchObject({ code: 'CatalogTooSlow' });
});
