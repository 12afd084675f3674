/**
 * What changed, from the activity log: no change is without its event (S2.2), so that none is missed, whoever made it and whatever was
 * restarted meanwhile. Each becomes something that policy has to look at.
 */
import { parseJson, parseResourceId } from '@sallyport/model';
import * as z from 'zod/mini';
import type { Environment } from '../../environment.ts';
import { scopeBeneath, scopeKey, tenantScope } from '../../rbac/scope.ts';
import type { Store, Writer } from '../../store/store.ts';

/** Under which name it is kept how far the log was followed. */
export const policyFollower = 'policy';
const batch = 500;

const eventSchema = z.object({
  authorization: z.object({ action: z.string() }),
  caller: z.string(),
  category: z.object({ value: z.string() }),
  status: z.object({ value: z.string() }),
  resourceId: z.string(),
  eventTimestamp: z.string(),
});
type Event = z.infer<typeof eventSchema>;

export interface Due {
  readonly scope: string;
  readonly reach: 'resource' | 'beneath';
  readonly dueAt: number;
  readonly writtenAt: number | undefined;
}

/** Takes up what has happened since it was last called. Returns whether there may be more. */
export async function followLog({ environment, store }: { environment: Environment; store: Store }): Promise<boolean> {
  // Most of the time nothing has happened: that is found out without a transaction.
  if (!(await hasMore(store))) return false;
  return store.observe(async (writer) => {
    const known = await writer
      .selectFrom('followed_logs')
      .select('position')
      .where('follower', '=', policyFollower)
      .executeTakeFirst();
    if (known === undefined) {
      // From here on changes are followed; what is there already is looked at once as a whole.
      const head = await writer
        .selectFrom('activity_events')
        .select(({ fn }) => fn.max('position').as('position'))
        .executeTakeFirst();
      await writer
        .insertInto('followed_logs')
        .values({ follower: policyFollower, position: head?.position ?? 0 })
        .execute();
      await addDue(writer, { scope: tenantScope, reach: 'beneath', dueAt: environment.now(), writtenAt: undefined });
      return { value: false, events: [] };
    }
    const rows = await writer
      .selectFrom('activity_events')
      .select(['position', 'event'])
      .where('position', '>', known.position)
      .orderBy('position')
      .limit(batch)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return { value: false, events: [] };
    const own = await policyIdentities(writer);
    for (const row of rows) {
      const event = parseJson(eventSchema, row.event, `The activity event ${row.position}`);
      for (const due of dueAfter(event, own)) await addDue(writer, due);
    }
    await writer
      .updateTable('followed_logs')
      .set({ position: last.position })
      .where('follower', '=', policyFollower)
      .execute();
    return { value: rows.length === batch, events: [] };
  });
}

async function hasMore({ read }: Store): Promise<boolean> {
  const known = await read
    .selectFrom('followed_logs')
    .select('position')
    .where('follower', '=', policyFollower)
    .executeTakeFirst();
  if (known === undefined) return true;
  const next = await read
    .selectFrom('activity_events')
    .select('position')
    .where('position', '>', known.position)
    .limit(1)
    .executeTakeFirst();
  return next !== undefined;
}

/** What policies write themselves is looked at, and nothing is deployed because of it: policies that disagree would never end. */
async function policyIdentities(writer: Writer): Promise<ReadonlySet<string>> {
  const rows = await writer
    .selectFrom('policy_objects')
    .innerJoin('principals', 'principals.object_id', 'policy_objects.principal_id')
    .select('principals.client_id')
    .execute();
  return new Set(rows.map(({ client_id }) => client_id));
}

const policyKinds = new Set(['policyassignments', 'policyexemptions', 'policydefinitions', 'policysetdefinitions']);
const notLooked = new Set(['microsoft.resources/deployments', 'microsoft.policyinsights/remediations']);

/** What one event makes due. Pure. */
export function dueAfter(event: Event, policyCallers: ReadonlySet<string>): readonly Due[] {
  const { resourceId, status, category, authorization } = event;
  if (status.value === 'Started' || category.value === 'Policy') return [];
  const id = parseResourceId(resourceId);
  if (id === undefined) return [];
  const at = Date.parse(event.eventTimestamp);
  const section = id.providers.at(-1);
  const type = section === undefined ? '' : `${section.namespace}/${section.types.join('/')}`.toLowerCase();
  if (notLooked.has(type) || type.startsWith('microsoft.resources/deployments/')) return [];
  if (section?.namespace.toLowerCase() === 'microsoft.authorization') {
    // What policy is now may concern everything beneath.
    const concerns = policyKinds.has((section.types[0] ?? '').toLowerCase()) && status.value === 'Succeeded';
    return concerns ? [{ scope: scopeBeneath(id), reach: 'beneath', dueAt: at, writtenAt: undefined }] : [];
  }
  const wrote = status.value !== 'Failed' && /\/(?:write|action)$/i.test(authorization.action);
  const writtenAt = wrote && !policyCallers.has(event.caller) ? at : undefined;
  const itself: Due = { scope: resourceId, reach: 'resource', dueAt: at, writtenAt };
  // Tags of groups and subscriptions are inherited.
  if (section === undefined) return [itself, { scope: resourceId, reach: 'beneath', dueAt: at, writtenAt: undefined }];
  const parent = parentOf(resourceId, id.providers.length, section.names.length);
  return parent === undefined
    ? [itself]
    : [itself, { scope: parent, reach: 'resource', dueAt: at, writtenAt: undefined }];
}

/** What a resource stands under or on: policies of that may look for it. */
function parentOf(resourceId: string, sections: number, names: number): string | undefined {
  if (names > 1) return resourceId.split('/').slice(0, -2).join('/');
  return sections > 1 ? resourceId.slice(0, resourceId.toLowerCase().lastIndexOf('/providers/')) : undefined;
}

/** Adds something to look at; what is due already comes no later for it. */
export function addDue(writer: Writer, due: Due): Promise<void> {
  return addDues(writer, [due]);
}

/** Dues of one statement. */
const together = 200;

/** The same for many, each another place. */
export async function addDues(writer: Writer, dues: readonly Due[]): Promise<void> {
  for (let from = 0; from < dues.length; from += together) await addSome(writer, dues.slice(from, from + together));
}

async function addSome(writer: Writer, dues: readonly Due[]): Promise<void> {
  const keyed = dues.map((due) => ({ ...due, scope_key: scopeKey(due.scope) }));
  const there = await writer
    .selectFrom('policy_due')
    .selectAll()
    .where(
      'scope_key',
      'in',
      keyed.map(({ scope_key }) => scope_key),
    )
    .execute();
  const rows = keyed.map(({ scope, scope_key, reach, dueAt, writtenAt }) => {
    const before = there.find((row) => row.scope_key === scope_key && row.reach === reach);
    return {
      scope_key,
      reach,
      scope,
      due_at: Math.min(dueAt, before?.due_at ?? dueAt),
      written_at: writtenAt ?? before?.written_at ?? null,
      done_until: writtenAt === undefined ? (before?.done_until ?? dueAt) : writtenAt - 1,
      // Whatever was looked at beneath may be otherwise now.
      place: null,
    };
  });
  await writer
    .insertInto('policy_due')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['scope_key', 'reach']).doUpdateSet((said) => ({
        scope: said.ref('excluded.scope'),
        due_at: said.ref('excluded.due_at'),
        written_at: said.ref('excluded.written_at'),
        done_until: said.ref('excluded.done_until'),
        place: said.ref('excluded.place'),
      })),
    )
    .execute();
}
