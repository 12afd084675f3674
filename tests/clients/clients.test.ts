/** Stock Azure clients, unmodified, against a real control plane and a machine that speaks the real agent API. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPostgresUnderTest } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { agentConfiguration, enrolFakeAgent, type Behaviour, type FakeAgent } from './fake-agent.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { runScript } from './run-script.ts';
import { createTestGallery } from './test-gallery.ts';

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly properties: Record<string, unknown> & {
    readonly provisioningState: string;
    readonly instanceView: { readonly status: { readonly code: string; readonly message: string } };
  };
}
interface Refused {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-clients-'));
const state = join(folder, 'state');
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let agent: FakeAgent;

const behave: Behaviour = (goal) => {
  if (goal.type === 'Slow' && goal.desired === 'present') return undefined;
  if (goal.type === 'Refused' && goal.desired === 'present') {
    const message = "The extension 'Contoso.Scripts/Refused' is on the blocklist of this server.";
    return { state: 'Failed', version: '', error: { code: 'ExtensionNotAllowed', message } };
  }
  const status = {
    code: '0',
    level: 'Information',
    displayStatus: 'Ready',
    message: 'Extension Message: Done',
    time: new Date().toISOString(),
  } as const;
  return { state: 'Succeeded', ...(goal.desired === 'present' ? { status } : {}) };
};

beforeAll(async () => {
  const gallery = await createTestGallery(join(folder, 'gallery'));
  plane = await startControlPlaneProcess(state, '--gallery', gallery.directory, '--page-size', '2');
  arm = await signIn(plane.operator);
  const group = `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/Fleet`;
  await arm.arm('PUT', `${group}?api-version=2021-04-01`, { location: 'here' });
  agent = await enrolFakeAgent(() => plane.operator, arm, 'Fleet', 'web-1');
  for (const name of ['db-1', 'db-2', 'db-3'])
    await (await enrolFakeAgent(() => plane.operator, arm, 'Fleet', name)).stop();
  agent.run(behave);
});

afterAll(async () => {
  await agent?.stop();
  arm?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

describe('@azure/arm-hybridcompute with ClientSecretCredential', () => {
  let said: Record<string, Shown> & { readonly refused: Refused; readonly listed: string[] };
  beforeAll(async () => {
    said = await runScript('hybrid-compute.ts', plane.operator, 'fleet', 'WEB-1');
  });
  const refusal = (name: string): Refused => said[name] as unknown as Refused;

  test('S2.1 an extension is installed, read, reconfigured and deleted centrally', () => {
    expect(said['created']?.properties).toMatchObject({
      publisher: 'Contoso.Scripts',
      type: 'Runner',
      provisioningState: 'Succeeded',
      settings: { say: 'hello' },
    });
    expect(said['got']?.properties.instanceView.status).toMatchObject({
      code: '0',
      message: 'Extension Message: Done',
    });
    expect(said['updated']?.properties).toMatchObject({
      provisioningState: 'Succeeded',
      typeHandlerVersion: '1.1.0',
      settings: { say: 'again' },
    });
    expect(refusal('gone')).toMatchObject({ code: 'ResourceNotFound', status: 404 });
  });

  test('S4.5 a refusal by the server arrives as a failed operation that names the list and the machine', () => {
    // The poller puts the code of a failed operation into its sentence.
    expect(refusal('refused').message).toContain('ExtensionNotAllowed');
    expect(refusal('refused').message).toContain('blocklist');
    expect(refusal('refused').message).toContain('web-1');
    expect(said['afterRefusal']?.properties.provisioningState).toBe('Failed');
    expect(said['afterRefusal']?.properties.instanceView.status.code).toBe('ExtensionNotAllowed');
  });

  test('what the catalog does not name is refused with a sentence', () => {
    expect(refusal('unknown')).toMatchObject({ code: 'ExtensionNotFound', status: 400 });
    expect(refusal('unknown').message).toContain("publisher 'Contoso.Scripts' and type 'Nowhere'");
    expect(refusal('noVersion')).toMatchObject({ status: 400 });
    expect(refusal('noVersion').message).toContain('1.0.0, 1.1.0, 2.0.0');
  });

  test('one operation at a time, one resource for each extension', () => {
    expect(refusal('second')).toMatchObject({ code: 'ExtensionAlreadyOnMachine', status: 409 });
    expect(refusal('second').message).toContain("'first'");
    expect(said['during']?.properties.provisioningState).toBe('Creating');
    expect(refusal('busy')).toEqual({
      code: 'HCRP409',
      status: 409,
      message:
        "An extension of type 'Slow' is still processing. Only one instance of an extension may be in progress at a time for the same resource. Please retry after sometime.",
    });
  });

  test('S4.6 a delete is accepted while an installation is under way, and replaces it', () => {
    expect(JSON.stringify(said['superseded'])).toContain('cancel');
  });

  test('lists follow their pages, ids ignore case and keep their spelling', () => {
    expect(said.listed).toEqual(['first', 'refused']);
    expect(said['inGroup']).toEqual(['db-1', 'db-2', 'db-3', 'web-1']);
    expect(said['inSubscription']).toEqual(['db-1', 'db-2', 'db-3', 'web-1']);
    expect(said['one']?.id).toBe(agent.resourceId);
    expect(said['operations']).toContain('Microsoft.HybridCompute/machines/extensions/write');
  });

  test('S1.7 T50 protected settings reach the machine sealed, and are nowhere else: not in files, answers or the log', async () => {
    const first = agent.seen.find(({ resourceName }) => resourceName === 'first');
    expect(first?.protectedSettings.kind).toBe('sealed');
    const jwe = first?.protectedSettings.kind === 'sealed' ? first.protectedSettings.jwe : '';
    const opened = await agent.open(jwe);
    expect(opened.settings).toEqual({ word: 'canary-4711' });
    // T51: the binding is under the seal.
    expect(opened.header).toMatchObject({
      alg: 'RSA-OAEP-256',
      enc: 'A256GCM',
      machineId: agent.vmId,
      resourceName: 'first',
      sequence: first?.sequence,
    });
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      expect(readFileSync(join(file.parentPath, file.name)).includes('canary-4711'), file.name).toBe(false);
    }
    expect(plane.output()).not.toContain('canary-4711');
    expect(plane.output()).not.toContain(plane.operator.clientSecret);
    expect(JSON.stringify(said)).not.toContain('canary-4711');
    expect(JSON.stringify(said)).not.toContain('protectedSettings');
    // The second request said nothing of them: they stay on the machine, and the sealed copy is gone.
    const again = agent.seen.findLast(({ resourceName, desired }) => resourceName === 'first' && desired === 'present');
    expect(again?.protectedSettings).toEqual({ kind: 'delivered' });
  });
});

describe('@azure/arm-resources and @azure/arm-monitor', () => {
  let said: Record<string, { properties: Record<string, unknown>; body?: boolean }> & {
    readonly events: readonly Record<string, { readonly value: string }>[];
    readonly few: readonly object[];
    readonly listed: readonly object[];
  };
  beforeAll(async () => {
    said = await runScript('resources-and-monitor.ts', plane.operator, 'Fleet', agent.resourceId);
  });

  test('resource groups are made, found, listed and deleted', () => {
    expect(said['made']).toMatchObject({ name: 'Second', location: 'there', tags: { a: 'b' } });
    expect(JSON.stringify([said['exists'], said['missing'], said['afterDelete']])).toBe(
      JSON.stringify([{ body: true }, { body: false }, { body: false }]),
    );
    expect(said['groups']).toEqual(['Fleet', 'Second']);
    // The other shape of authority leads to the same place.
    expect(said['groupsByAdfs']).toEqual(['Fleet']);
  });

  test('enableAutomaticUpgrade comes back, the newest version is taken without one', () => {
    expect(said['created']?.properties).toMatchObject({
      enableAutomaticUpgrade: true,
      typeHandlerVersion: '1.0.0',
      provisioningState: 'Succeeded',
    });
  });

  test('S4.1 agentConfiguration is read-only: a PUT or PATCH that carries it changes nothing', async () => {
    expect(said['before']?.properties['agentConfiguration']).toEqual(agentConfiguration);
    expect(said['put']?.properties['agentConfiguration']).toEqual(agentConfiguration);
    expect(said['patched']?.properties['agentConfiguration']).toEqual(agentConfiguration);
    const now = await arm.arm('GET', `${agent.resourceId}?api-version=2024-07-10`);
    expect((now.json() as Shown).properties['agentConfiguration']).toEqual(agentConfiguration);
  });

  test('the list of resources has tracked resources without properties', () => {
    expect(said.listed).toHaveLength(4);
    for (const item of said.listed) expect(item).not.toHaveProperty('properties');
    expect(JSON.stringify(said['provider'])).toContain('machines/extensions');
    expect(said['badFilter']).toMatchObject({ code: 'InvalidFilter', status: 400 });
  });

  test('S2.2 every change is in the activity log: who, what, on which resource, when, with which outcome', () => {
    const told = said.events.map((event) => [event['operationName']?.value, event['status']?.value]);
    const write = 'Microsoft.HybridCompute/machines/extensions/write';
    const remove = 'Microsoft.HybridCompute/machines/extensions/delete';
    expect(told).toEqual([
      [remove, 'Succeeded'],
      [remove, 'Accepted'],
      [remove, 'Started'],
      [write, 'Succeeded'],
      [write, 'Accepted'],
      [write, 'Started'],
    ]);
    for (const event of said.events) {
      expect(event['caller']).toBe(plane.operator.clientId);
      expect(event).toMatchObject({ resourceGroupName: 'Fleet', subscriptionId: plane.operator.subscriptionId });
      expect(Date.parse(event['eventTimestamp'] as unknown as string)).not.toBeNaN();
    }
    expect(new Set(said.events.slice(3).map((event) => event['correlationId'])).size).toBe(1);
    expect(new Set(said.events.slice(3).map((event) => event['operationId'])).size).toBe(1);
    expect(
      Object.keys(said.few[0] ?? {})
        .filter((name) => (said.few[0] as Record<string, unknown>)[name] !== undefined)
        .sort(),
    ).toEqual(['correlationId', 'status']);
  });

  test('S2.2 the refusal by the server is in the activity log with its reason', async () => {
    const id = `${agent.resourceId}/extensions/refused`;
    const filter = encodeURIComponent(
      `eventTimestamp ge '2026-01-01T00:00:00Z' and resourceUri eq '${id}' and status eq 'Failed'`,
    );
    const path = `/subscriptions/${plane.operator.subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values`;
    const answer = await arm.arm('GET', `${path}?api-version=2015-04-01&$filter=${filter}`);
    const { value } = answer.json() as { readonly value: readonly { readonly properties: Record<string, string> }[] };
    expect(value).toHaveLength(1);
    expect(value[0]?.properties['statusMessage']).toContain('ExtensionNotAllowed');
    expect(value[0]?.properties['statusMessage']).toContain('web-1');
  });
});

// PostgreSQL clears its pages when it uses them again (docs/reference/control-plane.md, the database).
test.skipIf(isPostgresUnderTest())(
  'S1.7 T50 what the machine has stored is not in the database any more, not even sealed',
  async () => {
    const sealed = agent.seen.flatMap(({ protectedSettings }) =>
      protectedSettings.kind === 'sealed' ? protectedSettings.jwe : [],
    );
    expect(sealed).toHaveLength(1);
    await agent.stop();
    expect(await plane.stop()).toBe(0);
    const database = readFileSync(join(state, 'sallyport.sqlite'));
    for (const jwe of sealed) expect(database.includes(jwe.slice(-40))).toBe(false);
  },
);
