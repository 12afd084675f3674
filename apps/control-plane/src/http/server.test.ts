import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { expect, test } from 'vitest';
import { listenForClients, type ServerOptions } from './server.ts';

const now = Date.now();
const authority = await createAuthority('authority', now);
const certificate = await issueServerCertificate(authority, ['localhost'], now);

const options: ServerOptions = {
  host: '127.0.0.1',
  port: 0,
  ...certificate,
  ticketKeys: randomBytes(48),
  ticketSeconds: 60,
  proxySocket: undefined,
  plain: () => ({ kind: 'heartbeat', largest: 0, answer: () => Promise.resolve({ status: 204 }) }),
  answer: (route, asked) => route.answer(asked),
  failed: () => ({ status: 500 }),
  broken: () => undefined,
  fetch: () => new Response(null, { status: 404 }),
};

test('S2.1 an answer that was held until the server drains ends its connection, so that its client goes to somebody else', async () => {
  const held: (() => void)[] = [];
  const listening = await listenForClients({
    ...options,
    plain: (_method, path) => ({
      kind: 'heartbeat',
      largest: 0,
      answer: async () => {
        if (path === '/held') await new Promise<void>((resolve) => held.push(resolve));
        return { status: 204 };
      },
    }),
  });
  const connectionOf = (path: string): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      const asked = request(
        { port: listening.port, path, host: 'localhost', family: 4, ca: authority.certificatePem },
        (answer) => {
          answer.resume().once('end', () => resolve(answer.headers.connection));
        },
      );
      asked.once('error', reject);
      asked.end();
    });
  expect(await connectionOf('/at-once')).toBe('keep-alive');
  const last = connectionOf('/held');
  await expect.poll(() => held.length, { timeout: 30_000 }).toBe(1);
  listening.drain();
  const closed = listening.close(60_000);
  held.forEach((go) => go());
  expect(await last).toBe('close');
  await closed;
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'S2.1 a server with the ticket keys of another takes up its sessions, %s; with others it begins anew',
  async (maxVersion) => {
    const comeTo = async (port: number, session?: Buffer): Promise<TLSSocket> => {
      const kept = session === undefined ? {} : { session };
      const ca = authority.certificatePem;
      const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca, maxVersion, ...kept });
      await once(socket, session === undefined ? 'session' : 'secureConnect');
      return socket;
    };
    const isReused = async (port: number, session: Buffer): Promise<boolean> => {
      const socket = await comeTo(port, session);
      const reused = socket.isSessionReused();
      socket.destroy();
      return reused;
    };
    const one = await listenForClients(options);
    const first = await comeTo(one.port);
    const session = first.getSession();
    first.destroy();
    if (session === undefined) throw new Error('There is no session.');
    await one.close(0);
    const another = await listenForClients(options);
    expect(await isReused(another.port, session)).toBe(true);
    another.useTicketKeys(randomBytes(48));
    expect(await isReused(another.port, session)).toBe(false);
    await another.close(0);
  },
);
