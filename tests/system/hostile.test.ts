/** Extensions that take all they can get, through the whole system: the agent and the other extensions go on (T44, T45). */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { noopHandler, shellHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeMechanism, groupMechanism } from '../../apps/agent/src/extensions/limits/group-mechanism.ts';
import { readGroupFacts } from '../../apps/agent/src/extensions/limits/read-group-facts.ts';
import { networkIsolation, readIsolationFacts } from '../../apps/agent/src/extensions/network/network-isolation.ts';
import { startSystem, type TestSystem } from './harness.ts';

const mechanism = groupMechanism(readGroupFacts(process.geteuid?.() ?? -1));
const cannotWithhold = networkIsolation(readIsolationFacts(process.geteuid?.() ?? -1)).problem();
const whole = describeMechanism(mechanism).endsWith('processor, memory, processes');

describe.runIf(whole)('hostile extensions (needs root and control groups with processor, memory and processes)', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startSystem();
    // The bomb begins its work when it is enabled and goes on behind it.
    await system.publish(
      'Bomb',
      '1.0.0',
      shellHandler({
        enable: "report success 0 'Ready'\nbomb() { sleep 1000 & bomb & sleep 1000; }\nbomb &\nsleep 0.5\nexit 0",
      }),
    );
    const hog = shellHandler({ enable: 'x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo "${#x}"' });
    const [element] = JSON.parse(String(hog['HandlerManifest.json'])) as [Record<string, unknown>];
    const manifest = JSON.stringify([{ ...element, resourceLimits: { memoryQuotaInMB: 64 } }]);
    await system.publish('Hog', '1.0.0', { ...hog, 'HandlerManifest.json': manifest });
    await system.publish('Good', '1.0.0', noopHandler);
    await system.azcmagent('config', 'set', 'extensions.agent.processlimit', '24');
    await system.startAgent();
  });
  afterAll(async () => {
    // Whatever a failed test left: the limits hold it, and this ends it.
    await system.remove('bomb').catch(() => undefined);
    await system.stop();
  });

  /** Processes with the bomb's folder in their environment. */
  function bombs(): number {
    const mark = join(system.root, 'var/lib/waagent/Contoso.Test.Bomb-1.0.0');
    return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && environmentOf(name).includes(mark)).length;
  }

  test('T45 T44 beside a fork bomb others are installed, and its deletion ends all of it', async () => {
    expect(await system.install('bomb', { type: 'Bomb' })).toMatchObject({ status: 'Succeeded' });
    await expect.poll(bombs, { timeout: 20_000 }).toBeGreaterThan(5);
    expect(await system.install('good', { type: 'Good' })).toMatchObject({ status: 'Succeeded' });
    expect(bombs()).toBeLessThanOrEqual(24);
    await system.remove('bomb');
    await expect.poll(bombs, { timeout: 20_000 }).toBe(0);
  });

  test('T45 a memory hog fails with its limit in the reason', async () => {
    const ended = await system.install('hog', { type: 'Hog' });
    expect(ended).toMatchObject({ status: 'Failed', error: { code: 'HandlerEnableFailed' } });
    expect(ended.error?.message).toMatch(/Memory: \d+ of its processes ended at its limit of 64 MiB/);
    expect(await system.remove('hog')).toMatchObject({ status: 'Succeeded' });
  });

  test.skipIf(cannotWithhold !== undefined)(
    `T43 what an install reaches for outside is there only where the server and the signed catalog let it${cannotWithhold === undefined ? '' : ` (skipped: ${cannotWithhold})`}`,
    async () => {
      const outside = createServer((socket) => socket.end());
      outside.listen(0, '0.0.0.0');
      await once(outside, 'listening');
      const { port } = outside.address() as AddressInfo;
      const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
      const address = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
      const connect = `require("node:net").connect(${port}, "${address}").on("error", ({ code }) => { console.error(code); process.exit(9); }).on("connect", () => process.exit(0));`;
      const fetcher = shellHandler({ install: `node -e '${connect}'`, enable: "report success 0 'Ready'" });
      try {
        await system.publish('Undeclared', '1.0.0', fetcher);
        await system.publish('Declared', '1.0.0', fetcher, 'any', { needsNetworkToInstall: true });
        await system.azcmagent('config', 'set', 'extensions.agent.installnetwork', 'declared');
        const failed = await system.install('undeclared', { type: 'Undeclared' });
        expect(failed).toMatchObject({ status: 'Failed', error: { code: 'HandlerInstallFailed' } });
        expect(failed.error?.message).toMatch(/Non-zero exit code: 9/);
        expect(failed.error?.message).toContain(
          "The command had no network, since extensions.agent.installnetwork is 'declared' on this server, and the publisher of Contoso.Test/Undeclared 1.0.0 has not declared",
        );
        expect(await system.install('declared', { type: 'Declared' })).toMatchObject({ status: 'Succeeded' });
        const shown = JSON.parse((await system.azcmagent('show', '--json')).output) as Record<string, unknown>;
        expect(shown['installNetwork']).toBe('declared; can be withheld (network namespaces)');
        const { output } = await system.azcmagent('extension', 'explain', 'Contoso.Test/Declared');
        expect(output).toContain('have no network, unless its publisher has declared');
        await system.azcmagent('config', 'clear', 'extensions.agent.installnetwork');
      } finally {
        outside.close();
      }
    },
  );

  test('show says with what', async () => {
    const { output } = await system.azcmagent('show', '--json');
    expect(JSON.parse(output)).toMatchObject({ extensionLimits: describeMechanism(mechanism) });
  });
});

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // Ended meanwhile.
    return '';
  }
}
