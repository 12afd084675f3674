/**
 * What changed, from the activity log: no change is without its event (S2.2), so that none is missed, whoever made it and whatever was
 * restarted meanwhile. Each becomes something that policy has to look at.
 */
import { parseJson, parseResourceId } from '@sallyport/model';
import * as z from 'zod/mini';
import type { Environment } from '../../environment.ts';
import { scopeBeneath, tenantScope } from '../../rbac/scope.ts';
import type { Store, Writer } from '../../store/store.ts';
import { addDue, addDues, type Due } from './due.ts';

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
    const dues = rows.flatMap((row) =>
      dueAfter(parseJson(eventSchema, row.event, `The activity event ${row.position}`), own),
    );
    // Everybody who changes something waits for this transaction: it asks a few times for all of them, and not for each.
    await addDues(writer, dues);
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
