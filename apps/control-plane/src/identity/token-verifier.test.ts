import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyLifeMilliseconds } from '../machines/key-age.ts';
import { quarantineMachine } from '../machines/quarantine.ts';
import { removeMachine } from '../providers/microsoft.hybridcompute/remove-machine.ts';
import type { Machine } from '../providers/microsoft.hybridcompute/machine-view.ts';
import { eachStore } from '../testing/each-store.ts';
import { addMachine } from '../testing/test-machine.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import type { Store } from '../store/store.ts';
import { issueAccessToken } from './access-token.ts';
import { agentAudience } from './audience.ts';
import { createAuthenticator, type Authenticator } from './authenticate.ts';
import { endpointOf } from './endpoint.ts';
import {
  createMachineAuthenticator,
  type MachineAuthentication,
  type MachineAuthenticator,
} from './machine-authentication.ts';
import { beginSession, endSession } from './people/sessions.ts';
import type { PresentedToken } from './presented-token.ts';
import type { Principal } from './principals.ts';
import { createOutbound } from '../outbound/outbound.ts';
import { outboundRule } from '../outbound/outbound-rule.ts';
import { createIdentityProviders } from './providers/identity-providers.ts';
import { openSigningKeys, type SigningKeys } from './signing-keys.ts';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts';

const tenant = '11111111-1111-4111-8111-111111111111';
const endpoint = endpointOf('https://plane.test', 8443, tenant);
const person: Principal = {
  object_id: 'person',
  client_id: 'ada@example.org',
  kind: 'User',
  display_name: 'Ada',
  secret_hash: null,
  public_key: null,
  vm_id: null,
  created_at: 0,
};

function failed(): never {
  throw new Error('There is no store.');
}

/** A control plane as far as tokens go. */
interface Replica {
  readonly keys: SigningKeys;
  readonly tokens: TokenVerifier;
  readonly machines: MachineAuthenticator;
  readonly people: Authenticator;
}

eachStore('tokens that are remembered', (makeStore) => {
  const environment = manualEnvironment();
  const stores: Store[] = [];
  let one: Replica;
  /** Another one on the same store where there can be one. */
  let other: Replica;

  async function replica(store: Store): Promise<Replica> {
    let text: string | undefined;
    const file = {
      read: () => text,
      write: (written: string) => {
        text = written;
      },
    };
    const keys = await openSigningKeys(environment, store, file, tenant);
    const tokens = createTokenVerifier(keys, endpoint);
    const providers = createIdentityProviders([], createOutbound(outboundRule([], [])), () => environment.now());
    return {
      keys,
      tokens,
      machines: createMachineAuthenticator(environment, store, tokens),
      people: createAuthenticator(environment, store, tokens, providers, endpoint),
    };
  }

  beforeAll(async () => {
    const made = makeStore();
    stores.push(await made.open());
    if (made.postgres !== undefined) stores.push(await made.open());
    const [first, second] = stores;
    if (first === undefined) return failed();
    one = await replica(first);
    other = second === undefined ? one : await replica(second);
    await first.note(async (writer) => {
      await writer.insertInto('principals').values(person).execute();
    });
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
  });

  const store = (): Store => stores[0] ?? failed();

  async function enrolled(): Promise<Machine> {
    const machine = await addMachine(environment, store());
    const principal: Principal = {
      object_id: machine.principal_id,
      client_id: machine.principal_id,
      kind: 'Machine',
      display_name: 'm',
      secret_hash: null,
      public_key: machine.public_key,
      vm_id: machine.vm_id,
      created_at: environment.now(),
    };
    await store().note(async (writer) => {
      await writer.insertInto('principals').values(principal).execute();
    });
    return machine;
  }

  async function tokenOf(machine: Machine, kind: 'agent' | 'arm' = 'agent'): Promise<string> {
    const principal = { ...person, object_id: machine.principal_id, client_id: machine.principal_id };
    const value = kind === 'agent' ? agentAudience : endpoint.url;
    const machines: Principal = { ...principal, kind: 'Machine' };
    return `Bearer ${await issueAccessToken(environment, await one.keys.signer(), endpoint, { principal: machines }, { kind, value })}`;
  }

  /** Tokens as channels keep them, by control plane. */
  const channels = new Map<MachineAuthenticator, Map<string, PresentedToken>>();

  /** What a control plane says of a token: the same whether a request of its own brings it or one over a channel that has brought it before. */
  async function authenticated(machines: MachineAuthenticator, authorization: string): Promise<MachineAuthentication> {
    const kept = channels.get(machines) ?? new Map<string, PresentedToken>();
    channels.set(machines, kept);
    const presented = kept.get(authorization) ?? { authorization };
    kept.set(authorization, presented);
    const overChannel = await machines.authenticate(presented);
    const found = await machines.authenticate({ authorization });
    expect(overChannel).toEqual(found);
    return found;
  }

  /** What each control plane says of a machine's token. It is remembered afterwards, if it was good. */
  async function outcomes(token: string): Promise<readonly string[]> {
    const found = await Promise.all([one, other].map(({ machines }) => authenticated(machines, token)));
    return found.map((answer) => (answer.outcome === 'unknown' ? answer.reason : answer.outcome));
  }

  const good = ['machine', 'machine'];

  test('a token that comes again is verified once, and is told apart from any other', async () => {
    const machine = await enrolled();
    const token = await tokenOf(machine);
    expect(await outcomes(token)).toEqual(good);
    const remembered = one.tokens.remembered();
    expect(await outcomes(token)).toEqual(good);
    expect(one.tokens.remembered()).toBe(remembered);
    // One bit of the signature is another token.
    const forged = `${token.slice(0, -3)}${token.at(-3) === 'A' ? 'B' : 'A'}${token.slice(-2)}`;
    expect((await outcomes(forged)).every((reason) => reason.startsWith('The access token is invalid'))).toBe(true);
    expect(one.tokens.remembered()).toBe(remembered);
    const found = await authenticated(one.machines, token);
    expect(found).toMatchObject({ outcome: 'machine', vmId: machine.vm_id, state: { generation: 1 } });
  });

  test('T11 a token that is remembered expires all the same', async () => {
    const token = await tokenOf(await enrolled());
    expect(await outcomes(token)).toEqual(good);
    environment.pass(3700);
    for (const reason of await outcomes(token)) expect(reason).toContain('invalid or has expired');
  });

  test('T17 a remembered token ends with the key that signed it: here at once, elsewhere when the ring arrives', async () => {
    const token = await tokenOf(await enrolled());
    expect(await outcomes(token)).toEqual(good);
    const { keyId } = await one.keys.signer();
    await store().note(async (writer) => {
      await writer.deleteFrom('signing_keys').where('key_id', '=', keyId).execute();
    });
    await one.keys.renew();
    const refused = 'invalid or has expired';
    const here = await authenticated(one.machines, token);
    expect(here.outcome === 'unknown' ? here.reason : '').toContain(refused);
    // The clock stands: nothing but the ring can tell the other.
    await expect
      .poll(async () => (await authenticated(other.machines, token)).outcome, { timeout: 30_000 })
      .toBe('unknown');
  });

  test('T17 what a key signed while it was used stays good after it was retired; what it signs later is not remembered as good', async () => {
    const machine = await enrolled();
    const token = await tokenOf(machine);
    expect(await outcomes(token)).toEqual(good);
    const retired = await one.keys.signer();
    await store().note(async (writer) => {
      await writer
        .updateTable('signing_keys')
        .set({ retired_at: environment.now() })
        .where('key_id', '=', retired.keyId)
        .execute();
    });
    await one.keys.renew();
    expect(await outcomes(token)).toEqual(good);
    environment.pass(600);
    const principal: Principal = { ...person, object_id: machine.principal_id, client_id: machine.principal_id };
    const forged = `Bearer ${await issueAccessToken(environment, retired, endpoint, { principal: { ...principal, kind: 'Machine' } }, { kind: 'agent', value: agentAudience })}`;
    for (const reason of await outcomes(forged)) expect(reason).toContain('invalid or has expired');
  });

  test('T73 a remembered token of a machine that was quarantined is shown to be so, and good for nothing at ARM', async () => {
    const machine = await enrolled();
    const agent = await tokenOf(machine);
    const arm = await tokenOf(machine, 'arm');
    expect(await outcomes(agent)).toEqual(good);
    expect((await other.people.authenticate(arm)).outcome).toBe('caller');
    await store().observe(async (writer) => ({
      value: undefined,
      events: await quarantineMachine(writer, environment, tenant, machine.vm_id, 'retired-key'),
    }));
    for (const { machines, people } of [one, other]) {
      const found = await authenticated(machines, agent);
      expect(found.outcome === 'machine' ? found.state?.quarantined_at : undefined).toBe(environment.now());
      expect(await people.authenticate(arm)).toMatchObject({ outcome: 'unknown' });
    }
  });

  test('T75 a remembered token ends when the machine has another key, when its key expires, and not for a clock that was wrong', async () => {
    const machine = await enrolled();
    const set = async (since: number): Promise<void> => {
      await store().note(async (writer) => {
        await writer.updateTable('machines').set({ key_since: since }).where('vm_id', '=', machine.vm_id).execute();
      });
    };
    const token = await tokenOf(machine);
    const arm = await tokenOf(machine, 'arm');
    expect(await outcomes(token)).toEqual(good);
    environment.pass(120);
    await set(environment.now());
    for (const reason of await outcomes(token)) expect(reason).toContain('no longer good');
    expect(await one.people.authenticate(arm)).toMatchObject({ outcome: 'unknown' });
    expect(await outcomes(await tokenOf(machine))).toEqual(good);
    // Released, or stored by a clock that ran ahead: neither is another key.
    await set(0);
    expect(await outcomes(token)).toEqual(good);
    await set(environment.now() + keyLifeMilliseconds);
    expect(await outcomes(token)).toEqual(good);
    await set(environment.now() - keyLifeMilliseconds);
    for (const reason of await outcomes(token)) expect(reason).toContain('no longer good');
  });

  test('T75 a remembered token ends with its machine', async () => {
    const machine = await enrolled();
    const token = await tokenOf(machine);
    expect(await outcomes(token)).toEqual(good);
    await store().note(async (writer) => {
      await removeMachine(writer, environment, machine.vm_id, 'it was deleted');
    });
    for (const reason of await outcomes(token)) expect(reason).toContain('no longer exists');
  });

  test('a remembered token of a person ends with the session, and is none for the agent API', async () => {
    const session = await store().observe(async (writer) => ({
      value: await beginSession(writer, environment, person.object_id, 'client'),
      events: [],
    }));
    const subject = { principal: person, session: { sessionId: session.session_id, clientId: 'client' } };
    const audience = { kind: 'arm', value: endpoint.url } as const;
    const token = `Bearer ${await issueAccessToken(environment, await one.keys.signer(), endpoint, subject, audience)}`;
    for (const { people, machines } of [one, other]) {
      expect(await people.authenticate(token)).toMatchObject({
        outcome: 'caller',
        caller: { clientId: person.client_id },
      });
      expect(await people.authenticate(token)).toMatchObject({
        outcome: 'caller',
        caller: { claims: { sid: session.session_id } },
      });
      expect(await authenticated(machines, token)).toMatchObject({ outcome: 'unknown' });
    }
    await store().note((writer) => endSession(writer, session.session_id));
    for (const { people } of [one, other])
      expect(await people.authenticate(token)).toMatchObject({ outcome: 'unknown' });
  });

  test('T19 no more than a number of tokens is remembered; the oldest is verified again', async () => {
    const few = createTokenVerifier(one.keys, endpoint, 3);
    const machine = await enrolled();
    const tokens = await Promise.all(Array.from({ length: 5 }, () => tokenOf(machine)));
    for (const token of tokens) await few.verify(token.slice(7), environment.now());
    expect(few.remembered()).toBe(3);
    for (const token of tokens)
      expect(await few.verify(token.slice(7), environment.now())).toMatchObject({ objectId: machine.principal_id });
    await expect(few.verify('a.b.c', environment.now())).rejects.toThrow('Invalid');
    expect(few.remembered()).toBe(3);
  });

  test('without a token nobody is let in, and nothing is asked', async () => {
    const unasked = (): Promise<never> => Promise.reject(new Error('unasked'));
    const tokens: TokenVerifier = { verify: unasked, verifyAgain: unasked, remembered: () => 0 };
    const machines = createMachineAuthenticator(environment, store(), tokens);
    for (const header of [undefined, '', 'Bearer ', 'Basic abc', 'Bearer a b'])
      expect(await machines.authenticate({ authorization: header })).toMatchObject({ outcome: 'unknown' });
  });
});
