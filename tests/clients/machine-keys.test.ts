/** Keys of machines over the wire: renewal, expiry, what they sign (T16), copies and the way out (T73, T75), against a real control plane. */
import { sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extendLineage, publicKeyText, verifyStatement } from '@sallyport/machine-statement';
import { keyRenewalText } from '@sallyport/model/wire';
import { changeStored, storedRows } from '@sallyport/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import {
  agentConfiguration,
  assertion,
  assertionForm,
  enrolment,
  enrolFakeAgent,
  machineKey,
  type FakeAgent,
} from './fake-agent.ts';
import { httpClient, type Answer, type HttpClient } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
const state = join(folder, 'state');
const version = 'api-version=2024-07-10';
const day = 24 * 60 * 60 * 1000;
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let http: HttpClient;
let machines = 0;

beforeAll(async () => {
  plane = await startControlPlaneProcess(state);
  arm = await signIn(plane.operator);
  http = httpClient(plane.operator.endpoint, plane.operator.caFile);
  await arm.arm('PUT', `/subscriptions/${plane.operator.subscriptionId}/resourcegroups/g?api-version=2021-04-01`, {
    location: 'here',
  });
});
afterAll(async () => {
  arm?.close();
  http?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

interface Machine {
  readonly agent: FakeAgent;
  readonly principal: string;
}

async function newMachine(): Promise<Machine> {
  machines += 1;
  const agent = await enrolFakeAgent(() => plane.operator, arm, 'g', `m${machines}`);
  const view = (await arm.arm('GET', `${agent.resourceId}?${version}`)).json();
  return { agent, principal: (view as { readonly identity: { readonly principalId: string } }).identity.principalId };
}

/** Sets times back in the database: nobody waits 90 days for a test. */
function age(statement: string, ...values: readonly (string | number)[]): void {
  changeStored(state, statement, ...values);
}

async function tokenWith({ principal }: Machine, key: KeyObject): Promise<Answer> {
  const signed = await assertion(plane.operator, principal, key);
  return http.send('POST', `/${plane.operator.tenantId}/oauth2/v2.0/token`, {
    body: assertionForm(principal, signed),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

/** The outcome of a sign-in: 200, or the error. */
async function signInWith(machine: Machine, key: KeyObject): Promise<string> {
  const answer = await tokenWith(machine, key);
  return answer.status === 200 ? '200' : (answer.json() as { readonly error: string }).error;
}

async function bring(
  { agent }: Machine,
  key: ReturnType<typeof machineKey>,
  over: { readonly proof?: string } = {},
): Promise<Answer> {
  const proof = sign('sha256', Buffer.from(keyRenewalText(agent.vmId, key.publicKey)), key.privateKey).toString(
    'base64',
  );
  const body = { publicKey: key.publicKey, proof, ...over };
  return http.send('POST', `/agent/v1/machines/${agent.vmId}/keys`, { token: await agent.token(), body });
}

interface Beaten {
  readonly status: number;
  readonly beat: string;
  readonly renew: boolean;
}

async function beat(agent: FakeAgent, token: string, held: string | undefined): Promise<Beaten> {
  const service = { status: 'active', startupType: 'enabled' };
  const text = '';
  const answer = await http.send('POST', `/agent/v1/machines/${agent.vmId}/heartbeat`, {
    token,
    body: {
      agentVersion: '0.1.0',
      generation: 1,
      holdSeconds: 0,
      ...(held === undefined ? {} : { beat: held }),
      agentConfiguration,
      serviceStatuses: { extensionService: service, guestConfigurationService: service },
      system: {
        computerName: text,
        machineFqdn: text,
        osName: text,
        osVersion: text,
        osSku: text,
        osType: 'linux',
        vmUuid: text,
        manufacturer: text,
        model: text,
      },
    },
  });
  const body = answer.json() as { readonly beat?: string; readonly key?: { readonly renew: boolean } };
  return { status: answer.status, beat: body.beat ?? '', renew: body.key?.renew === true };
}

interface Shown {
  readonly status: string;
  readonly statusReason?: string;
  readonly errorDetails: readonly { readonly code: string; readonly message: string }[];
  readonly clientPublicKey: string;
}

async function shown({ agent }: Machine): Promise<Shown> {
  // Older versions do not know `statusReason`.
  const answer = await arm.arm('GET', `${agent.resourceId}?api-version=2026-07-15`);
  return (answer.json() as { readonly properties: Shown }).properties;
}

async function actionsOf({ agent }: Machine): Promise<readonly string[]> {
  const filter = encodeURIComponent(`resourceUri eq '${agent.resourceId}'`);
  const path = `/subscriptions/${plane.operator.subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${filter}`;
  const { value } = (await arm.arm('GET', path)).json() as {
    readonly value: readonly {
      readonly operationName: { readonly value: string };
      readonly status: { readonly value: string };
    }[];
  };
  return value.map(({ operationName, status }) => `${operationName.value} ${status.value}`);
}

describe('renewal', () => {
  test('T75 old and new key both work until the new one has signed in; then the old one is retired, and it is on record', async () => {
    const machine = await newMachine();
    const old = (await shown(machine)).clientPublicKey;
    const next = machineKey();
    expect(await signInWith(machine, next.privateKey)).toBe('invalid_client');
    expect((await bring(machine, next)).status).toBe(204);
    expect((await bring(machine, next)).status).toBe(204);
    expect(await signInWith(machine, machine.agent.privateKey)).toBe('200');
    expect((await shown(machine)).clientPublicKey).not.toBe(next.publicKey);
    expect(await signInWith(machine, next.privateKey)).toBe('200');
    expect((await shown(machine)).clientPublicKey).toBe(next.publicKey);
    expect(await signInWith(machine, machine.agent.privateKey)).toBe('invalid_client');
    expect(await signInWith(machine, next.privateKey)).toBe('200');
    expect(await actionsOf(machine)).toContain('Sallyport.Identity/machines/renewKey/action Succeeded');
    // What was read before the renewal can still be written back, and changes nothing of the key.
    const before = enrolment(machine.agent.vmId, old);
    expect((await arm.arm('PUT', `${machine.agent.resourceId}?${version}`, before)).status).toBe(200);
    expect((await shown(machine)).clientPublicKey).toBe(next.publicKey);
  });

  test('the centre asks for it from day 45 on, and a key of 90 days is expired, however the machine sees the time', async () => {
    const machine = await newMachine();
    const token = await machine.agent.token();
    const first = await beat(machine.agent, token, undefined);
    expect(first).toMatchObject({ status: 200, renew: false });
    const since = (days: number): void =>
      age('UPDATE machines SET key_since = ? WHERE vm_id = ?', Date.now() - days * day, machine.agent.vmId);
    since(46);
    expect(await beat(machine.agent, token, first.beat)).toMatchObject({ status: 200, renew: true });
    expect(await signInWith(machine, machine.agent.privateKey)).toBe('200');
    since(90);
    const refused = await tokenWith(machine, machine.agent.privateKey);
    expect(refused.status).toBe(401);
    expect(refused.text).toContain('MachineKeyExpired');
    expect(refused.text).toContain('azcmagent disconnect --force-local-only');
    age('UPDATE heartbeats SET received_at = 1 WHERE vm_id = ?', machine.agent.vmId);
    expect((await shown(machine)).status).toBe('Expired');
    const identity = await arm.arm(
      'GET',
      `${machine.agent.resourceId}/providers/Sallyport.Identity/machineIdentity?api-version=2026-11-01`,
    );
    expect(identity.json()).toMatchObject({ properties: { keyState: 'Expired', quarantine: null } });
  });

  test('a key that was brought in time still comes in after the old one has expired', async () => {
    const machine = await newMachine();
    const next = machineKey();
    expect((await bring(machine, next)).status).toBe(204);
    age('UPDATE machines SET key_since = 1 WHERE vm_id = ?', machine.agent.vmId);
    expect(await signInWith(machine, machine.agent.privateKey)).toBe('MachineKeyExpired');
    expect(await signInWith(machine, next.privateKey)).toBe('200');
  });

  test('nobody brings a key that it does not hold, that is of another machine, or that is weak', async () => {
    const [one, other] = [await newMachine(), await newMachine()];
    const key = machineKey();
    const code = async (answer: Promise<Answer>): Promise<unknown> =>
      ((await answer).json() as { readonly error: { readonly code: string } }).error.code;
    expect(await code(bring(one, key, { proof: Buffer.from('x').toString('base64') }))).toBe('InvalidKey');
    expect(await code(bring(one, { ...key, publicKey: 'AAAA' }))).toBe('InvalidKey');
    const foreign = { privateKey: other.agent.privateKey, publicKey: (await shown(other)).clientPublicKey };
    expect(await code(bring(one, foreign))).toBe('KeyUsedBefore');
    expect((await bring(one, key)).status).toBe(204);
    expect(await code(bring(other, key))).toBe('KeyUsedBefore');
    const stolen = await http.send('POST', `/agent/v1/machines/${one.agent.vmId}/keys`, {
      token: await other.agent.token(),
      body: { publicKey: key.publicKey, proof: 'x' },
    });
    expect(stolen.status).toBe(403);
  });
});

describe('T16 what a machine signs of itself', () => {
  test('is kept as it came and shown to whoever may read the machine; the answer says where the activity log stands', async () => {
    const { agent } = await newMachine();
    const brought = await agent.state({ number: 3 });
    expect(brought.status, brought.text).toBe(200);
    expect(Object.keys(brought.json() as object).toSorted()).toEqual(['checkpoint', 'checkpointKey']);
    await agent.state({ number: 4 });
    const path = `${agent.resourceId}/providers/Sallyport.Explain/statements?api-version=2026-11-01`;
    const { value } = (await arm.arm('GET', path)).json() as {
      readonly value: readonly { readonly statement: string }[];
    };
    const [kept] = value;
    expect([value.length, verifyStatement(kept?.statement ?? '', agent.vmId).statement.number]).toEqual([1, 4]);
    expect((await arm.arm('DELETE', `${agent.resourceId}?api-version=2024-07-10`)).status).toBe(200);
    expect(storedRows(state, 'SELECT vm_id FROM machine_statements')).toEqual([]);
  });

  test('is refused when it is not its own word', async () => {
    const { agent } = await newMachine();
    const { agent: other } = await newMachine();
    const refusals = [
      await agent.state({}, other.privateKey),
      await agent.state({ vmId: other.vmId }),
      await agent.state({ resourceId: other.resourceId }),
      await agent.state({ firstKey: publicKeyText(other.privateKey) }, other.privateKey),
    ];
    for (const { status, text } of refusals)
      expect([status, text]).toEqual([400, expect.stringContaining('"StatementNotTrusted"')]);
    // One that it wrote with a key that is the machine's by its own line, and not the one that it has here.
    const next = machineKey();
    const line = extendLineage(
      agent.vmId,
      { firstKey: publicKeyText(agent.privateKey), successions: [] },
      next.publicKey,
      agent.privateKey,
    );
    const early = await agent.state(line, next.privateKey);
    expect([early.status, early.text]).toEqual([400, expect.stringContaining('another key than the machine has here')]);
    expect(storedRows(state, 'SELECT vm_id FROM machine_statements')).toEqual([]);
  });
});

describe('copies', () => {
  test('T73 a copy that signs in with a replaced key is noticed: both are quarantined, nothing is given to either', async () => {
    const machine = await newMachine();
    const next = machineKey();
    await bring(machine, next);
    const token = ((await tokenWith(machine, next.privateKey)).json() as { readonly access_token: string })
      .access_token;
    // On its way while the new key was first used: refused, and no more than that.
    expect(await signInWith(machine, machine.agent.privateKey)).toBe('invalid_client');
    expect((await shown(machine)).status).not.toBe('Error');
    age('UPDATE machine_keys SET since = since - ? WHERE vm_id = ?', 11 * 60 * 1000, machine.agent.vmId);
    expect(await signInWith(machine, machine.agent.privateKey)).toBe('MachineQuarantined');
    expect(await signInWith(machine, next.privateKey)).toBe('MachineQuarantined');
    for (const path of ['goal-state', 'reports', 'heartbeat', 'keys']) {
      const method = path === 'goal-state' ? 'GET' : 'POST';
      const answer = await http.send(method, `/agent/v1/machines/${machine.agent.vmId}/${path}`, {
        token,
        ...(method === 'GET' ? {} : { body: {} }),
      });
      expect([answer.status, answer.text.includes('MachineQuarantined')], path).toEqual([403, true]);
    }
    const view = await shown(machine);
    expect(view).toMatchObject({ status: 'Error', statusReason: 'Cloned' });
    expect(view.errorDetails[0]?.message).toContain('azcmagent disconnect --force-local-only');
    expect(await actionsOf(machine)).toContain('Sallyport.Identity/machines/quarantine/action Failed');
    const asked = await arm.arm('PUT', `${machine.agent.resourceId}/extensions/x?${version}`, {
      location: 'here',
      properties: { publisher: 'Contoso', type: 'X', protectedSettings: { word: 'canary' } },
    });
    expect(asked.status).toBeGreaterThanOrEqual(400);
  });

  test('T73 two agents with one key are quarantined by their heartbeats; released, only the one that renews its key is left', async () => {
    const machine = await newMachine();
    const { agent } = machine;
    const token = await agent.token();
    const held: (string | undefined)[] = [undefined, undefined];
    let statuses: readonly number[] = [];
    for (let round = 0; round < 200 && !statuses.includes(403); round += 1) {
      const both: Beaten[] = [];
      for (const [at, repeated] of held.entries()) {
        const answer = await beat(agent, token, repeated);
        if (answer.status === 200) held[at] = answer.beat;
        both.push(answer);
      }
      statuses = both.map(({ status }) => status);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(statuses).toContain(403);
    expect(await signInWith(machine, agent.privateKey)).toBe('MachineQuarantined');
    expect((await shown(machine)).errorDetails[0]?.message).toContain('two agents send heartbeats');

    const release = `${agent.resourceId}/providers/Sallyport.Identity/releaseQuarantine?api-version=2026-11-01`;
    expect((await arm.arm('POST', release)).status).toBe(200);
    expect((await arm.arm('POST', release)).status).toBe(409);
    expect(await beat(agent, token, held[0])).toMatchObject({ status: 200, renew: true });
    const next = machineKey();
    await bring(machine, next);
    expect(await signInWith(machine, next.privateKey)).toBe('200');
    age('UPDATE machine_keys SET since = since - ? WHERE vm_id = ?', 11 * 60 * 1000, agent.vmId);
    expect(await signInWith(machine, agent.privateKey)).toBe('MachineQuarantined');
  });

  test('T73 T74 a machine in quarantine can be connected anew under its name, by whoever may delete it; it begins with nothing', async () => {
    const machine = await newMachine();
    age(
      'UPDATE machines SET quarantined_at = 1, quarantine_reason = ? WHERE vm_id = ?',
      'retired-key',
      machine.agent.vmId,
    );
    const fresh = machineKey();
    const vmId = crypto.randomUUID();
    const put = await arm.arm('PUT', `${machine.agent.resourceId}?${version}`, enrolment(vmId, fresh.publicKey));
    expect(put.status).toBe(200);
    expect(await shown(machine)).toMatchObject({ status: 'AwaitingConnection', errorDetails: [] });
  });
});
