/** Extensions that take all they can get, through the whole system: the agent and the other extensions go on (T44, T45). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noopHandler, shellHandler } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeMechanism, groupMechanism } from '../../apps/agent/src/extensions/limits/group-mechanism.ts';
import { readGroupFacts } from '../../apps/agent/src/extensions/limits/read-group-facts.ts';
import { startSystem, type TestSystem } from './harness.ts';

const mechanism = groupMechanism(readGroupFacts(process.geteuid?.() ?? -1));
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
