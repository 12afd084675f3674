/**
 * The least that speaks the agent API: enrols with its own key, holds heartbeats, fetches goal states and reports what it is told
 * to report. It decides, verifies and runs nothing; the real agent is tested elsewhere.
 */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { machineIdOf, signStatement, type Statement } from '@sallyport/machine-statement';
import { machineResourceId } from '@sallyport/model';
import {
  goalStateSchema,
  type ExtensionReport,
  type GoalExtension,
  type GoalState,
  type HeartbeatRequest,
} from '@sallyport/model/wire';
import { compactDecrypt, SignJWT } from 'jose';
import type { Operator } from './control-plane-process.ts';
import { httpClient, type Answer } from './http-client.ts';
import type { OperatorClient } from './operator-client.ts';

/** What the machine is told to do with an entry of the goal state; undefined leaves it alone. */
export type Behaviour = (
  goal: GoalExtension,
) => (Pick<ExtensionReport, 'state'> & Partial<ExtensionReport>) | undefined;

export interface FakeAgent {
  readonly vmId: string;
  readonly privateKey: KeyObject;
  readonly resourceId: string;
  /** Every entry that was acted on. */
  readonly seen: GoalExtension[];
  token(): Promise<string>;
  heartbeat(
    generation: number,
    holdSeconds: number,
    over?: Partial<HeartbeatRequest['agentConfiguration']>,
  ): Promise<Answer>;
  goalState(): Promise<GoalState>;
  report(extensions: readonly ExtensionReport[], generation?: number): Promise<Answer>;
  /** Brings a statement that it signs with its own key, or with another. */
  state(over?: Partial<Statement>, key?: KeyObject): Promise<Answer>;
  /** Holds heartbeats and acts on goal states until `stop`. */
  run(behaviour: Behaviour): void;
  open(jwe: string): Promise<{ readonly header: Record<string, unknown>; readonly settings: unknown }>;
  stop(): Promise<void>;
}

export const agentConfiguration: HeartbeatRequest['agentConfiguration'] = {
  proxyUrl: '',
  incomingConnectionsPorts: [],
  extensionsAllowList: [],
  extensionsBlockList: [{ publisher: 'Contoso.Scripts', type: 'Refused' }],
  proxyBypass: [],
  extensionsEnabled: 'true',
  guestConfigurationEnabled: 'true',
  configMode: 'full',
};

/** A report of a step, complete but for what a test says otherwise. */
export function reportOf(
  goal: GoalExtension,
  state: ExtensionReport['state'],
  over: Partial<ExtensionReport> = {},
): ExtensionReport {
  return {
    resourceName: goal.resourceName,
    operationId: goal.operationId,
    state,
    time: new Date().toISOString(),
    version: goal.desired === 'absent' ? '' : goal.version,
    protectedSettingsStored: false,
    ...over,
  };
}

/** The body of the PUT that enrols a machine. */
export function enrolment(vmId: string, publicKey: string): Record<string, unknown> {
  return {
    location: 'here',
    tags: { made: 'by-test' },
    identity: { type: 'SystemAssigned' },
    properties: { vmId, clientPublicKey: publicKey, osType: 'linux', locationData: { name: 'Rack 7' } },
  };
}

/** A fresh RSA key with its public half as base64 of PKCS#1 DER. */
export function machineKey(): { readonly privateKey: KeyObject; readonly publicKey: string } {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privateKey: pair.privateKey,
    publicKey: pair.publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
  };
}

/** A client assertion of a machine, with anything of it changed. */
export function assertion(
  operator: Operator,
  principalId: string,
  privateKey: KeyObject,
  over: {
    readonly audience?: string;
    readonly lifetime?: number;
    readonly jti?: string;
    readonly subject?: string;
  } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ jti: over.jti ?? randomUUID() })
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(principalId)
    .setSubject(over.subject ?? principalId)
    .setAudience(over.audience ?? `${operator.endpoint}/${operator.tenantId}/oauth2/v2.0/token`)
    .setIssuedAt(now)
    .setExpirationTime(now + (over.lifetime ?? 300))
    .sign(privateKey);
}

/** The form that a machine asks for a token with. */
export function assertionForm(principalId: string, signed: string, scope = 'api://sallyport-agent/.default'): string {
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: principalId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: signed,
    scope,
  }).toString();
}

/** Enrols a machine in an existing resource group. The operator may be another one after the control plane moved to another port. */
export async function enrolFakeAgent(
  operator: () => Operator,
  arm: OperatorClient,
  group: string,
  name: string,
): Promise<FakeAgent> {
  const { privateKey, publicKey } = machineKey();
  const vmId = machineIdOf(Buffer.from(publicKey, 'base64'));
  const resourceId = machineResourceId(operator().subscriptionId, group, name);
  const answer = await arm.arm('PUT', `${resourceId}?api-version=2024-07-10`, enrolment(vmId, publicKey));
  if (answer.status !== 200) throw new Error(`Enrolment failed: ${answer.text}`);
  const { principalId } = (answer.json() as { readonly identity: { readonly principalId: string } }).identity;
  const ending = new AbortController();
  const seen: GoalExtension[] = [];
  let loop: Promise<void> | undefined;
  let client: ReturnType<typeof httpClient> | undefined;
  let clientEndpoint = '';
  let token: string | undefined;

  function http(): ReturnType<typeof httpClient> {
    const { endpoint, caFile } = operator();
    if (client === undefined || endpoint !== clientEndpoint) {
      client?.close();
      client = httpClient(endpoint, caFile);
      clientEndpoint = endpoint;
      token = undefined;
    }
    return client;
  }

  async function freshToken(): Promise<string> {
    const signed = await assertion(operator(), principalId, privateKey);
    const got = await http().send('POST', `/${operator().tenantId}/oauth2/v2.0/token`, {
      body: assertionForm(principalId, signed),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      signal: ending.signal,
    });
    if (got.status !== 200) throw new Error(`No token: ${got.text}`);
    return (got.json() as { readonly access_token: string }).access_token;
  }

  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    const connection = http();
    token ??= await freshToken();
    return connection.send(method, `/agent/v1/machines/${vmId}/${path}`, {
      token,
      ...(body === undefined ? {} : { body }),
      signal: ending.signal,
    });
  }

  const agent: FakeAgent = {
    vmId,
    privateKey,
    resourceId,
    seen,
    token: freshToken,
    heartbeat: (generation, holdSeconds, over = {}) => {
      const system = {
        computerName: name,
        machineFqdn: `${name}.test`,
        osName: 'linux',
        osVersion: '6.1',
        osSku: 'Debian 12',
        osType: 'linux',
        vmUuid: vmId,
        manufacturer: 'Test',
        model: 'Test',
      };
      const service = { status: 'running', startupType: 'enabled' };
      const serviceStatuses = { extensionService: service, guestConfigurationService: service };
      return call('POST', 'heartbeat', {
        agentVersion: '0.1.0',
        generation,
        holdSeconds,
        agentConfiguration: { ...agentConfiguration, ...over },
        serviceStatuses,
        system,
      });
    },
    goalState: async () => goalStateSchema.parse((await call('GET', 'goal-state')).json()),
    report: (extensions, generation = 0) => call('POST', 'reports', { generation, extensions }),
    state: (over = {}, key = privateKey) => {
      const time = new Date().toISOString();
      const honest = { vmId, resourceId, number: 1, time, agentConfiguration, firstKey: publicKey, successions: [] };
      return call('POST', 'statements', { statement: signStatement({ ...honest, ...over }, key) });
    },
    run: (behaviour) => {
      loop = live(behaviour);
    },
    open: async (jwe) => {
      const { plaintext, protectedHeader } = await compactDecrypt(jwe, privateKey);
      return {
        header: { ...protectedHeader },
        settings: JSON.parse(new TextDecoder().decode(plaintext)) as unknown,
      };
    },
    stop: async () => {
      ending.abort();
      await loop;
      client?.close();
    },
  };

  async function live(behaviour: Behaviour): Promise<void> {
    let generation = 0;
    while (!ending.signal.aborted) {
      try {
        const beat = await agent.heartbeat(generation, 20);
        if (beat.status !== 200) {
          token = undefined;
          await pause(100);
          continue;
        }
        if ((beat.json() as { readonly generation: number }).generation === generation) continue;
        const goal = await agent.goalState();
        generation = goal.generation;
        for (const entry of goal.extensions) await act(entry, behaviour, generation);
      } catch {
        // The control plane is away or was restarted on another port; the next round finds it.
        if (!ending.signal.aborted) await pause(100);
        token = undefined;
        generation = 0;
      }
    }
  }

  async function act(entry: GoalExtension, behaviour: Behaviour, generation: number): Promise<void> {
    if (entry.operationDone) return;
    const outcome = behaviour(entry);
    if (outcome === undefined) return;
    seen.push(entry);
    const steps: ExtensionReport['state'][] =
      entry.desired === 'absent' ? ['Removing'] : ['Downloading', 'Verifying', 'Installing', 'Enabling'];
    if (outcome.state !== 'Failed') for (const step of steps) await agent.report([reportOf(entry, step)], generation);
    await agent.report(
      [reportOf(entry, outcome.state, { protectedSettingsStored: outcome.state === 'Succeeded', ...outcome })],
      generation,
    );
  }
  return agent;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
