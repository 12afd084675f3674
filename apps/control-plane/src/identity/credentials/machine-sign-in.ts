/**
 * A machine signs in with its key, with the one that follows it, or, if it is a copy, with one that was replaced. The first
 * sign-in with the next key makes that the machine's key (T73, T75).
 */
import type { Selectable } from 'kysely';
import type { ActivityEvent } from '../../activity-log/activity-event.ts';
import { requestEvents } from '../../activity-log/events-of.ts';
import type { Environment } from '../../environment.ts';
import { keyAge } from '../../machines/key-age.ts';
import { machineOrigin, quarantineMachine, quarantineSentence } from '../../machines/quarantine.ts';
import type { MachineKeyRow, MachineRow } from '../../store/schema/machine-rows.ts';
import type { Store, Writer } from '../../store/store.ts';
import { machineKey, verifyAssertion, type VerifiedAssertion } from './client-assertion.ts';
import { assertionAudiences, type Endpoint } from '../endpoint.ts';
import { useAssertion, type Principal } from '../principals.ts';
import { TokenError } from '../token-error.ts';

type Machine = Selectable<MachineRow>;
type OtherKey = Selectable<MachineKeyRow>;

/** A request with the old key can have been on its way when the new one was used; a copy comes again later. Milliseconds. */
const onItsWay = 10 * 60 * 1000;
/** Keys that are held against an assertion, newest first: some years of them. */
const mostKeys = 16;

/** Checks an assertion of a machine's principal, and uses it up. Throws {@link TokenError}. */
export async function machineSignIn(
  environment: Environment,
  store: Store,
  endpoint: Endpoint,
  principal: Principal,
  assertion: string,
): Promise<void> {
  const machine = await store.read
    .selectFrom('machines')
    .selectAll()
    .where('principal_id', '=', principal.object_id)
    .executeTakeFirst();
  if (machine === undefined) throw unknownMachine();
  const others = await store.read
    .selectFrom('machine_keys')
    .selectAll()
    .where('vm_id', '=', machine.vm_id)
    .orderBy('since', 'desc')
    .limit(mostKeys)
    .execute();
  const now = environment.now();
  const check = (publicKey: string): Promise<VerifiedAssertion> =>
    verifyAssertion(assertion, principal.client_id, machineKey(publicKey), assertionAudiences(endpoint), now);
  const { key, verified } = await keyThatSigned(machine, others, check);
  if (key?.state === 'retired') return refuseRetired(environment, store, endpoint.tenantId, machine, key, verified);
  refuseQuarantined(machine);
  if (key === undefined && keyAge(machine.key_since, machine.vm_id, now).expired) {
    throw new TokenError(
      'MachineKeyExpired',
      `The key of the machine '${machine.name}' has expired: it was away for longer than its key is good. On the machine run 'azcmagent disconnect --force-local-only' and connect it again.`,
    );
  }
  const fresh = await store.observe(async (writer) => {
    const first = await useAssertion(writer, principal.client_id, verified.jti, verified.expiresAt, now);
    const events = first && key !== undefined ? await promote(writer, environment, endpoint, machine, key) : [];
    return { value: first, events };
  });
  if (!fresh) throw usedBefore();
}

/** The key that signed: `undefined` is the machine's own. Throws what was wrong with the assertion under its own. */
async function keyThatSigned(
  machine: Machine,
  others: readonly OtherKey[],
  check: (publicKey: string) => Promise<VerifiedAssertion>,
): Promise<{ readonly key: OtherKey | undefined; readonly verified: VerifiedAssertion }> {
  let first: unknown;
  for (const key of [undefined, ...others]) {
    try {
      return { key, verified: await check(key?.public_key ?? machine.public_key) };
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/** The next key becomes the machine's. What else was brought, and what it had, is retired. */
async function promote(
  writer: Writer,
  environment: Environment,
  { tenantId }: Endpoint,
  { vm_id: vmId }: Machine,
  { public_key: publicKey }: OtherKey,
): Promise<readonly ActivityEvent[]> {
  const machine = await writer.selectFrom('machines').selectAll().where('vm_id', '=', vmId).executeTakeFirst();
  // Another request was first, or the machine is gone.
  if (machine === undefined || machine.public_key === publicKey) return [];
  const now = environment.now();
  await writer.deleteFrom('machine_keys').where('public_key', '=', publicKey).execute();
  await writer
    .updateTable('machine_keys')
    .set({ state: 'retired', since: now })
    .where('vm_id', '=', vmId)
    .where('state', '=', 'next')
    .execute();
  await writer
    .insertInto('machine_keys')
    .values({ public_key: machine.public_key, vm_id: vmId, state: 'retired', since: now })
    .execute();
  await writer
    .updateTable('machines')
    .set({ public_key: publicKey, key_since: now })
    .where('vm_id', '=', vmId)
    .execute();
  await writer.updateTable('principals').set({ public_key: publicKey }).where('vm_id', '=', vmId).execute();
  const origin = machineOrigin(machine, tenantId, 'Sallyport.Identity/machines/renewKey/action', machine.principal_id);
  return requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' });
}

/** Never answers: a copy of the machine is quarantined with it. */
async function refuseRetired(
  environment: Environment,
  store: Store,
  tenantId: string,
  machine: Machine,
  key: OtherKey,
  { jti, expiresAt }: VerifiedAssertion,
): Promise<void> {
  const now = environment.now();
  const reason = 'retired-key';
  const quarantined = await store.observe(async (writer) => {
    const fresh = await useAssertion(writer, machine.principal_id, jti, expiresAt, now);
    if (!fresh || now - key.since < onItsWay) return { value: false, events: [] };
    return { value: true, events: await quarantineMachine(writer, environment, tenantId, machine.vm_id, reason) };
  });
  if (quarantined) throw new TokenError('MachineQuarantined', quarantineSentence(machine.name, reason));
  throw new TokenError('invalid_client', 'The client assertion is signed with a key that the machine has replaced.');
}

function refuseQuarantined(machine: Machine): void {
  if (machine.quarantined_at === null) return;
  throw new TokenError('MachineQuarantined', quarantineSentence(machine.name, machine.quarantine_reason ?? ''));
}

function unknownMachine(): TokenError {
  return new TokenError('invalid_client', 'The client assertion is not from a machine that is known here.');
}

function usedBefore(): TokenError {
  return new TokenError('invalid_client', 'The client assertion was used before. Each is accepted once.');
}
