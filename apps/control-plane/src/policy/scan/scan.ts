/**
 * Compliance scans: what changed is looked at soon, everything once a day, in small slices with rests between them, so that a scan of a
 * large fleet costs a bounded part of a processor and never holds up anybody else.
 */
import { machineResourceId, messageOf } from '@sallyport/model';
import type { Selectable } from 'kysely';
import { scopeKey, tenantScope } from '../../rbac/scope.ts';
import type { PolicyDueRow } from '../../store/schema/policy-rows.ts';
import type { Reader } from '../../store/store.ts';
import { loadPolicies, type PoliciesInForce } from '../stored/assigned-policies.ts';
import type { Services } from '../../services.ts';
import { addDue, addDues, type Due as NewlyDue } from './due.ts';
import { followLog, policyFollower } from './follow-log.ts';
import { lookAt, type Scanner } from './look-at.ts';
import { carryOnRemediations } from './remediate.ts';

type Due = Selectable<PolicyDueRow>;

/** Things looked at in one slice, and ids in one page of a scope. */
const sliceSize = 20;
const pageSize = 20;
const dayMilliseconds = 24 * 3_600_000;
/** Of a second, three quarters belong to others. */
const restFactor = 3;

/** One slice. Returns whether there is more to do right now. */
export async function scanSlice(scanner: Scanner): Promise<boolean> {
  const { services } = scanner;
  const { store, environment } = services;
  const moreEvents = await followLog(services);
  await queueNewMachines(scanner);
  const remediating = await carryOnRemediations(scanner);
  const now = environment.now();
  const rows = await store.read
    .selectFrom('policy_due')
    .selectAll()
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .limit(sliceSize)
    .execute();
  if (rows.length === 0) return moreEvents || remediating;
  const policies = await loadPolicies(store.read);
  if (policies.all.length === 0) {
    await clear(scanner, now);
    return moreEvents || remediating;
  }
  for (const row of rows) {
    try {
      if (row.reach === 'resource') await lookAtOne(scanner, policies, row);
      else await lookBeneath(scanner, policies, row);
    } catch (error) {
      scanner.log.error({ msg: 'policy could not look at a resource', resource: row.scope, reason: messageOf(error) });
      // One that cannot be looked at must not keep others from it.
      await settle(scanner, row, { due_at: now + 60_000 });
    }
  }
  return true;
}

/** Scans until the signal: slice, rest, slice. Only one of several control planes does. */
export function startScanning(scanner: Scanner, idleMilliseconds: number): () => Promise<void> {
  const ending = new AbortController();
  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      if (ending.signal.aborted) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, milliseconds);
      ending.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  const running = (async (): Promise<void> => {
    let more = true;
    let looked = Number.NEGATIVE_INFINITY;
    while (!ending.signal.aborted) {
      const began = performance.now();
      try {
        if (more || began - looked >= heartbeatMilliseconds || (await isSomethingDue(scanner.services))) {
          more = false;
          looked = began;
          await scanner.services.store.lead('policy', async () => {
            more = await scanSlice(scanner);
          });
        }
      } catch (error) {
        scanner.log.error({ msg: 'policy could not scan; trying again', reason: messageOf(error) });
      }
      const spent = performance.now() - began;
      await pause(more ? Math.max(5, spent * restFactor) : idleMilliseconds);
    }
  })();
  return async () => {
    ending.abort();
    await running;
  };
}

/** One question, as most of the time there is nothing; what it does not know of is looked for every few seconds all the same. */
async function isSomethingDue({ store, environment }: Services): Promise<boolean> {
  const known = await store.read
    .selectFrom('followed_logs')
    .select('position')
    .select((query) =>
      query
        .selectFrom('activity_events')
        .select(({ fn }) => fn.max('activity_events.position').as('last'))
        .as('last'),
    )
    .select((query) =>
      query
        .selectFrom('policy_due')
        .select(({ fn }) => fn.min('due_at').as('due'))
        .as('due'),
    )
    .where('follower', '=', policyFollower)
    .executeTakeFirst();
  if (known === undefined) return true;
  return (known.last ?? 0) > known.position || (known.due ?? Number.POSITIVE_INFINITY) <= environment.now();
}

async function lookAtOne(scanner: Scanner, policies: PoliciesInForce, row: Due): Promise<void> {
  const now = scanner.services.environment.now();
  const write = row.written_at === null ? undefined : { at: row.written_at, doneUntil: row.done_until };
  const again = await lookAt(scanner, policies, row.scope, write);
  if (again === undefined) await remove(scanner, row);
  else await settle(scanner, row, { due_at: again, done_until: now });
}

async function lookBeneath(scanner: Scanner, policies: PoliciesInForce, row: Due): Promise<void> {
  const { environment, store } = scanner.services;
  if (row.place === null) await forgetUnassigned(scanner, policies);
  const page = await scanner.resources.ids(row.scope, row.place ?? undefined, pageSize);
  for (const id of page.ids) await lookAt(scanner, policies, id, undefined);
  if (page.next !== undefined) {
    await settle(scanner, row, { place: page.next });
    return;
  }
  await remove(scanner, row);
  // The whole is looked at again a day later: time passes, and with it exemptions and what rules say of `utcNow()`.
  if (row.scope === tenantScope)
    await store.observe(async (writer) => {
      const dueAt = environment.now() + dayMilliseconds;
      await addDue(writer, { scope: tenantScope, reach: 'beneath', dueAt, writtenAt: undefined });
      return { value: undefined, events: [] };
    });
}

/** Where nothing is assigned there is nothing to look at. An assignment makes everything beneath it due again. */
async function clear({ services }: Scanner, now: number): Promise<void> {
  await services.store.observe(async (writer) => {
    await writer.deleteFrom('policy_due').where('due_at', '<=', now).execute();
    await writer.deleteFrom('policy_states').execute();
    const dueAt = now + dayMilliseconds;
    await addDue(writer, { scope: tenantScope, reach: 'beneath', dueAt, writtenAt: undefined });
    return { value: undefined, events: [] };
  });
}

/** States of assignments that are no longer. */
async function forgetUnassigned({ services }: Scanner, { all }: PoliciesInForce): Promise<void> {
  const known = new Set(all.map(({ assignmentId }) => scopeKey(assignmentId)));
  const rows = await services.store.read.selectFrom('policy_states').select('assignment_key').distinct().execute();
  const gone = rows.map(({ assignment_key }) => assignment_key).filter((key) => !known.has(key));
  if (gone.length === 0) return;
  await services.store.observe(async (writer) => {
    await writer.deleteFrom('policy_states').where('assignment_key', 'in', gone).execute();
    return { value: undefined, events: [] };
  });
}

/** Changes what is kept of a due row, unless it has become due anew meanwhile. */
async function settle(
  { services }: Scanner,
  row: Due,
  change: Partial<Pick<Due, 'due_at' | 'done_until' | 'place'>>,
): Promise<void> {
  await services.store.observe(async (writer) => {
    await writer
      .updateTable('policy_due')
      .set(change)
      .where('scope_key', '=', row.scope_key)
      .where('reach', '=', row.reach)
      .where('due_at', '=', row.due_at)
      .where('done_until', '=', row.done_until)
      .execute();
    return { value: undefined, events: [] };
  });
}

async function remove({ services }: Scanner, row: Due): Promise<void> {
  await services.store.observe(async (writer) => {
    await writer
      .deleteFrom('policy_due')
      .where('scope_key', '=', row.scope_key)
      .where('reach', '=', row.reach)
      .where('due_at', '=', row.due_at)
      .where('done_until', '=', row.done_until)
      .execute();
    return { value: undefined, events: [] };
  });
}

/** How often new machines are looked for, and how far back at most. */
const heartbeatMilliseconds = 5_000;
const longestMilliseconds = 600_000;
/** How long after a machine was connected its first heartbeat still belongs to that. */
const settlingMilliseconds = 3_600_000;

/**
 * A machine says what it is like (its operating system above all) with its first heartbeat, which is no write. It is looked at then as
 * if it had been: until then rules could not know it.
 */
async function queueNewMachines(scanner: Scanner): Promise<void> {
  const { store, environment } = scanner.services;
  const now = environment.now();
  if (now - scanner.heartbeatsUntil < heartbeatMilliseconds) return;
  // Whoever has not scanned for long had somebody else do it.
  const from = Math.max(scanner.heartbeatsUntil, now - longestMilliseconds);
  scanner.heartbeatsUntil = now;
  const rows = await store.read
    .selectFrom('heartbeats')
    .innerJoin('machines', 'machines.vm_id', 'heartbeats.vm_id')
    .select(['machines.subscription_id', 'machines.group_name', 'machines.name', 'machines.created_at'])
    .select('heartbeats.connected_since')
    .where('heartbeats.connected_since', '>=', from)
    .execute();
  // Where nothing is assigned there is nothing to look at; an assignment makes everything beneath it due.
  if (rows.length === 0 || !(await isAnythingAssigned(store.read))) return;
  const dues = rows.map((row): NewlyDue => {
    const scope = machineResourceId(row.subscription_id, row.group_name, row.name);
    const fresh = row.connected_since - row.created_at < settlingMilliseconds;
    return { scope, reach: 'resource', dueAt: now, writtenAt: fresh ? row.connected_since : undefined };
  });
  await store.observe(async (writer) => {
    await addDues(writer, dues);
    return { value: undefined, events: [] };
  });
}

async function isAnythingAssigned(reader: Reader): Promise<boolean> {
  const found = await reader
    .selectFrom('policy_objects')
    .select('kind')
    .where('kind', '=', 'policyAssignments')
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
