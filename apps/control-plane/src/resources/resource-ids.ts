/** Which resources there are: their ids beneath a scope, kind after kind, in pages. What they are like is for a GET to tell. */
import { machineResourceId, parseResourceId } from '@sallyport/model';
import { covers, scopeKey, tenantScope } from '../rbac/scope.ts';
import type { Reader } from '../store/store.ts';

export interface IdPage {
  readonly ids: readonly string[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

type Source = (reader: Reader, scope: Scope, after: string, limit: number) => Promise<readonly Found[]>;
interface Found {
  readonly id: string;
  readonly key: string;
}
interface Scope {
  readonly text: string;
  readonly subscriptionId: string | undefined;
  readonly group: string | undefined;
}

const sources: readonly Source[] = [subscriptions, groups, machines, extensions, plainResources];

/** The ids at and beneath a scope, from where a page before it ended. A page may be empty and still go on. */
export async function resourceIds(
  reader: Reader,
  scope: string,
  from: string | undefined,
  limit: number,
): Promise<IdPage> {
  const [kind, after] = readPlace(from);
  const source = sources[kind];
  if (source === undefined) return { ids: [], next: undefined };
  const id = parseResourceId(scope);
  const beneath = { text: scope, subscriptionId: id?.subscriptionId, group: id?.resourceGroup?.toLowerCase() };
  const found = await source(reader, beneath, after, limit);
  const last = found.at(-1);
  const following = kind + 1 < sources.length ? `${kind + 1}:` : undefined;
  const next = last === undefined || found.length < limit ? following : `${kind}:${last.key}`;
  return { ids: found.map(({ id: one }) => one).filter((one) => covers(scope, one)), next };
}

function readPlace(from: string | undefined): readonly [number, string] {
  const [, kind = '0', after = ''] = /^([0-9]+):(.*)$/s.exec(from ?? '0:') ?? [];
  return [Number(kind), after];
}

async function subscriptions(reader: Reader, scope: Scope, after: string, limit: number): Promise<readonly Found[]> {
  let query = reader.selectFrom('subscriptions').select('subscription_id').where('subscription_id', '>', after);
  if (scope.subscriptionId !== undefined) query = query.where('subscription_id', '=', scope.subscriptionId);
  const rows = await query.orderBy('subscription_id').limit(limit).execute();
  return rows.map(({ subscription_id: key }) => ({ id: `/subscriptions/${key}`, key }));
}

async function groups(reader: Reader, scope: Scope, after: string, limit: number): Promise<readonly Found[]> {
  const [subscription = '', name = ''] = after.split('/');
  let query = reader
    .selectFrom('resource_groups')
    .select(['subscription_id', 'name_key', 'name'])
    .where((row) =>
      row.or([
        row('subscription_id', '>', subscription),
        row.and([row('subscription_id', '=', subscription), row('name_key', '>', name)]),
      ]),
    );
  if (scope.subscriptionId !== undefined) query = query.where('subscription_id', '=', scope.subscriptionId);
  if (scope.group !== undefined) query = query.where('name_key', '=', scope.group);
  const rows = await query.orderBy('subscription_id').orderBy('name_key').limit(limit).execute();
  return rows.map((row) => ({
    id: `/subscriptions/${row.subscription_id}/resourceGroups/${row.name}`,
    key: `${row.subscription_id}/${row.name_key}`,
  }));
}

async function machines(reader: Reader, scope: Scope, after: string, limit: number): Promise<readonly Found[]> {
  let query = reader
    .selectFrom('machines')
    .select(['vm_id', 'subscription_id', 'group_name', 'name'])
    .where('vm_id', '>', after);
  if (scope.subscriptionId !== undefined) query = query.where('subscription_id', '=', scope.subscriptionId);
  if (scope.group !== undefined) query = query.where('group_key', '=', scope.group);
  const machine = machineIn(scope.text);
  if (machine !== undefined) query = query.where('name_key', '=', machine);
  const rows = await query.orderBy('vm_id').limit(limit).execute();
  return rows.map((row) => ({ id: machineResourceId(row.subscription_id, row.group_name, row.name), key: row.vm_id }));
}

async function extensions(reader: Reader, scope: Scope, after: string, limit: number): Promise<readonly Found[]> {
  const [vmId = '', name = ''] = after.split('/');
  let query = reader
    .selectFrom('extensions')
    .innerJoin('machines', 'machines.vm_id', 'extensions.vm_id')
    .select(['extensions.vm_id', 'extensions.name', 'extensions.name_key'])
    .select(['machines.subscription_id', 'machines.group_name', 'machines.name as machine'])
    .where((row) =>
      row.or([
        row('extensions.vm_id', '>', vmId),
        row.and([row('extensions.vm_id', '=', vmId), row('extensions.name_key', '>', name)]),
      ]),
    );
  if (scope.subscriptionId !== undefined) query = query.where('machines.subscription_id', '=', scope.subscriptionId);
  if (scope.group !== undefined) query = query.where('machines.group_key', '=', scope.group);
  const machine = machineIn(scope.text);
  if (machine !== undefined) query = query.where('machines.name_key', '=', machine);
  const rows = await query.orderBy('extensions.vm_id').orderBy('extensions.name_key').limit(limit).execute();
  return rows.map((row) => ({
    id: `${machineResourceId(row.subscription_id, row.group_name, row.machine)}/extensions/${row.name}`,
    key: `${row.vm_id}/${row.name_key}`,
  }));
}

async function plainResources(reader: Reader, scope: Scope, after: string, limit: number): Promise<readonly Found[]> {
  let query = reader
    .selectFrom('plain_resources')
    .select(['resource_key', 'resource_id'])
    .where('resource_key', '>', after);
  if (scope.text !== tenantScope) {
    const key = scopeKey(scope.text);
    query = query.where((row) =>
      row.or([
        row('resource_key', '=', key),
        // '0' is the character after '/': everything that begins with `key/`.
        row.and([row('resource_key', '>', `${key}/`), row('resource_key', '<', `${key}0`)]),
      ]),
    );
  }
  const rows = await query.orderBy('resource_key').limit(limit).execute();
  return rows.map((row) => ({ id: row.resource_id, key: row.resource_key }));
}

/** The machine that a scope is, or lies in. */
function machineIn(scope: string): string | undefined {
  const section = parseResourceId(scope)?.providers[0];
  if (section === undefined) return undefined;
  // Something that is no machine has none beneath it.
  const is =
    section.namespace.toLowerCase() === 'microsoft.hybridcompute' && section.types[0]?.toLowerCase() === 'machines';
  return is ? (section.names[0] ?? '').toLowerCase() : '';
}
