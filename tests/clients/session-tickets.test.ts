/** The agent's own client takes up its TLS session with a control plane that was away meanwhile (decision 0222). */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { expect, test } from 'vitest';
import { HttpClient } from '../../apps/agent/src/connection/http-client.ts';

test('S2.1 after a server that was away the session goes on, when the keys of its tickets are the same', async () => {
  const now = Date.now();
  const authority = await createAuthority('authority', now);
  const { certificatePem: cert, keyPem: key } = await issueServerCertificate(authority, ['localhost'], now);
  const listen = async (port: number, ticketKeys: Buffer): Promise<Server> => {
    const server = createServer({ cert, key, ticketKeys }, ({ socket }, response) => {
      response.setHeader('connection', 'close').end(String(socket instanceof TLSSocket && socket.isSessionReused()));
    });
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return server;
  };
  const closed = async (server: Server): Promise<void> => {
    await once(server.close(), 'close');
  };
  const keys = randomBytes(48);
  const first = await listen(0, keys);
  const { port } = first.address() as AddressInfo;
  const origin = `https://localhost:${port}`;
  const client = new HttpClient({ origin, authorities: authority.certificatePem, proxy: () => undefined });
  const isReused = async (): Promise<string> => {
    const request = { method: 'GET', url: new URL('/', origin), timeoutMilliseconds: 30_000 } as const;
    return (await client.request(request, 100)).body.toString();
  };
  expect([await isReused(), await isReused()]).toEqual(['false', 'true']);
  await closed(first);
  await expect(isReused()).rejects.toThrow('cannot be reached');
  const second = await listen(port, keys);
  expect(await isReused()).toBe('true');
  await closed(second);
  // Whoever has other keys makes a new session of it, and nothing fails.
  const third = await listen(port, randomBytes(48));
  expect([await isReused(), await isReused()]).toEqual(['false', 'true']);
  await closed(third);
  client.close();
});
