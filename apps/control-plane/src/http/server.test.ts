import { request } from 'node:https';
import { createAuthority, issueServerCertificate } from '@sallyport/pki';
import { expect, test } from 'vitest';
import { listenForClients } from './server.ts';

test('S2.1 an answer that was held until the server drains ends its connection, so that its client goes to somebody else', async () => {
  const now = Date.now();
  const authority = await createAuthority('authority', now);
  const server = await issueServerCertificate(authority, ['localhost'], now);
  const held: (() => void)[] = [];
  const listening = await listenForClients({
    host: '127.0.0.1',
    port: 0,
    ...server,
    proxySocket: undefined,
    plain: (_method, path) => ({
      kind: 'heartbeat',
      answer: async () => {
        if (path === '/held') await new Promise<void>((resolve) => held.push(resolve));
        return { status: 204 };
      },
    }),
    answer: (route, asked) => route.answer(asked),
    failed: () => ({ status: 500 }),
    fetch: () => new Response(null, { status: 404 }),
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
