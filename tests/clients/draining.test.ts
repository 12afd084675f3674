/** A control plane that is told to end: what it was asked for it does, what nobody asked for it leaves to others. */
import { join } from 'node:path';
import { storeSettings, temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { readPostgresAddress } from '../../apps/control-plane/src/store/postgres/address.ts';
import { openStore } from '../../apps/control-plane/src/store/store.ts';
import { startControlPlaneProcess } from './control-plane-process.ts';
import { httpClient } from './http-client.ts';
import { signIn } from './operator-client.ts';

test('while it drains it answers and changes what it is asked to, and begins no scan', async () => {
  using folder = temporaryDirectory('draining');
  const state = join(folder.path, 'state');
  // Longer than it takes to look at the log again.
  const plane = await startControlPlaneProcess(state, '--drain-seconds', '4');
  const { operator } = plane;
  const arm = await signIn(operator);
  const http = httpClient(operator.endpoint, operator.caFile);
  const group = (name: string): Promise<{ readonly status: number }> =>
    arm.arm('PUT', `/subscriptions/${operator.subscriptionId}/resourceGroups/${name}?api-version=2021-04-01`, {
      location: 'here',
    });
  expect((await group('before')).status).toBe(201);
  const ended = plane.stop();
  await expect.poll(async () => (await http.send('GET', '/readyz')).text, { timeout: 30_000 }).toContain('ending');
  expect((await group('meanwhile')).status).toBe(201);
  expect(await ended).toBe(0);
  arm.close();
  http.close();

  const [, address] = storeSettings(state);
  const store = await openStore(state, address === undefined ? undefined : readPostgresAddress(address));
  const last = await store.read
    .selectFrom('activity_events')
    .select('position')
    .orderBy('position', 'desc')
    .executeTakeFirstOrThrow();
  const followed = await store.read.selectFrom('followed_logs').select('position').executeTakeFirst();
  await store.close();
  expect(followed?.position ?? 0).toBeLessThan(last.position);
});
