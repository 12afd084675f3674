/** Automatic upgrade over the API, with agents that say what they are told to say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import type { Answer } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { createTestGallery } from './test-gallery.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-upgrade-'));
const own = 'api-version=2026-11-01';
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let agent: FakeAgent;
let subscription: string;
let gallery: Awaited<ReturnType<typeof createTestGallery>>;

beforeAll(async () => {
  gallery = await createTestGallery(join(folder, 'gallery'));
  plane = await startControlPlaneProcess(join(folder, 'state'), '--gallery', gallery.directory);
  arm = await signIn(plane.operator);
  subscription = `/subscriptions/${plane.operator.subscriptionId}`;
  await arm.arm('PUT', `${subscription}/resourcegroups/g?api-version=2021-04-01`, { location: 'here' });
  agent = await enrolFakeAgent(() => plane.operator, arm, 'g', 'm');
  agent.run((goal) => ({ state: 'Succeeded', version: goal.version }));
});
afterAll(async () => {
  await agent?.stop();
  arm?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

const settings = { delayMinutes: 0, waves: [50, 100], soakMinutes: 0, mostFailedPercent: 0 };
const extension = (): string => `${agent.resourceId}/extensions/tool`;

function errorOf(answer: Answer): { readonly code: string; readonly message: string } {
  return (answer.json() as { readonly error: { readonly code: string; readonly message: string } }).error;
}
async function installed(): Promise<string> {
  const { properties } = (await arm.arm('GET', `${extension()}?api-version=2024-07-10`)).json() as {
    readonly properties: { readonly instanceView?: { readonly typeHandlerVersion?: string } };
  };
  return properties.instanceView?.typeHandlerVersion ?? '';
}
async function explanations(): Promise<readonly { readonly explanation: string; readonly installed: string }[]> {
  const answer = await arm.arm('GET', `${agent.resourceId}/providers/Sallyport.Explain/automaticUpgrades?${own}`);
  return (answer.json() as { readonly value: readonly { readonly explanation: string; readonly installed: string }[] })
    .value;
}

async function settle(address: string, body: unknown): Promise<Answer> {
  return arm.arm('PUT', address, body);
}
async function install(name: string, type: string): Promise<void> {
  const properties = {
    publisher: 'Contoso.Scripts',
    type,
    typeHandlerVersion: '1.0.0',
    settings: { kept: 'yes' },
    protectedSettings: { secret: 'never shown' },
  };
  const put = await arm.arm('PUT', `${agent.resourceId}/extensions/${name}?api-version=2024-07-10`, {
    location: 'here',
    properties,
  });
  expect(put.status).toBe(200);
}

test('what is wrong with settings is told in a sentence', async () => {
  const rollout = await settle(`${subscription}/providers/Sallyport.Upgrades/rolloutSettings/default?${own}`, {
    properties: { ...settings, waves: [50, 10, 100] },
  });
  expect(rollout.status).toBe(400);
  expect(errorOf(rollout).message).toContain('percentages that grow');
  const address = `${agent.resourceId}/providers/Sallyport.Upgrades/machineSettings/default?${own}`;
  const zone = await settle(address, { properties: { timeZone: 'Middle/Earth' } });
  expect(errorOf(zone).message).toContain('time zone');
  const pin = await settle(address, { properties: { pins: [{ publisher: 'p', type: 't', version: 'latest' }] } });
  expect(errorOf(pin).message).toContain('numbers with dots');
  const elsewhere = `${subscription}/resourceGroups/g/providers/Microsoft.HybridCompute/machines/nobody/providers/Sallyport.Upgrades/machineSettings/default?${own}`;
  expect((await settle(elsewhere, { properties: {} })).status).toBe(404);
});

test('S2.1 a pinned extension is held and says so; unpinned it is upgraded with what it was set to', async () => {
  await settle(`${subscription}/providers/Sallyport.Upgrades/rolloutSettings/default?${own}`, { properties: settings });
  const address = `${agent.resourceId}/providers/Sallyport.Upgrades/machineSettings/default?${own}`;
  const pins = [{ publisher: 'contoso.scripts', type: 'runner', version: '1.0' }];
  expect((await settle(address, { properties: { pins } })).status).toBe(200);
  await install('tool', 'Runner');
  await expect.poll(installed, { timeout: 30_000 }).toBe('1.0.0');
  await expect
    .poll(async () => (await explanations())[0]?.explanation, { timeout: 30_000 })
    .toContain('pinned to 1.0 on this machine');
  await arm.arm('DELETE', address);
  await expect.poll(installed, { timeout: 50_000, interval: 500 }).toBe('1.1.0');
  const goal = agent.seen.at(-1);
  expect(goal).toMatchObject({ version: '1.1.0', settings: { kept: 'yes' } });
  const filter = encodeURIComponent(`resourceUri eq '${extension()}'`);
  const ofUpgrader = async (): Promise<readonly string[]> => {
    const log = await arm.arm(
      'GET',
      `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${filter}`,
    );
    const { value } = log.json() as {
      readonly value: readonly { readonly caller: string; readonly status: { readonly value: string } }[];
    };
    const own = value.filter(({ caller }) => caller === 'Sallyport automatic upgrade');
    return own.map(({ status }) => status.value).toSorted();
  };
  // The version is there as soon as a step tells of it; the operation ends a moment later.
  await expect.poll(ofUpgrader, { timeout: 20_000 }).toEqual(['Accepted', 'Started', 'Succeeded']);
});

test('S5.1 policy has its say in an automatic upgrade as in every write', async () => {
  await install('slow', 'Slow');
  await expect.poll(() => agent.seen.some(({ resourceName }) => resourceName === 'slow')).toBe(true);
  const definition = `${subscription}/providers/Microsoft.Authorization/policyDefinitions/freeze`;
  const rule = {
    if: {
      allOf: [
        { field: 'type', equals: 'Microsoft.HybridCompute/machines/extensions' },
        { field: 'Microsoft.HybridCompute/machines/extensions/type', equals: 'Slow' },
      ],
    },
    // oxlint-disable-next-line unicorn/no-thenable -- the policy language calls it that
    then: { effect: 'deny' },
  };
  await settle(`${definition}?api-version=2023-04-01`, {
    properties: { policyType: 'Custom', mode: 'All', displayName: 'freeze', policyRule: rule },
  });
  await settle(`${subscription}/providers/Microsoft.Authorization/policyAssignments/freeze?api-version=2023-04-01`, {
    properties: { policyDefinitionId: definition, displayName: 'freeze' },
  });
  await gallery.publish('Contoso.Scripts/Slow', '1.1.0');
  const about = async (): Promise<string> => {
    const found = (await explanations()).find(
      ({ installed: version, explanation }) => version === '1.0.0' && explanation !== '',
    );
    return found?.explanation ?? '';
  };
  await expect.poll(about, { timeout: 50_000, interval: 500 }).toContain('refused');
  expect(await about()).toContain('policy');
});

test('a rollout can be halted and resumed, by its name', async () => {
  const list = await arm.arm('GET', `${subscription}/providers/Sallyport.Upgrades/rollouts?${own}`);
  const names = (list.json() as { readonly value: readonly { readonly name: string }[] }).value.map(({ name }) => name);
  expect(names).toEqual(['Contoso.Scripts.Runner-1.1.0', 'Contoso.Scripts.Slow-1.1.0']);
  const at = (name: string, rest = ''): string =>
    `${subscription}/providers/Sallyport.Upgrades/rollouts/${name}${rest}?${own}`;
  const halted = await arm.arm('POST', at('Contoso.Scripts.Slow-1.1.0', '/halt'));
  expect(halted.json()).toMatchObject({ properties: { state: 'halted' } });
  const resumed = await arm.arm('POST', at('contoso.scripts.slow-1.1.0', '/resume'));
  expect(resumed.json()).toMatchObject({ properties: { state: 'completed', machines: { refused: 1 } } });
  expect((await arm.arm('GET', at('nothing-1.0'))).status).toBe(404);
});
