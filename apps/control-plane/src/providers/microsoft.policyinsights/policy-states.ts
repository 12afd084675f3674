/** `Microsoft.PolicyInsights/policyStates`: what the scans found, queried and summed up (arm-api §7.4). */
import { parseResourceId } from '@sallyport/model';
import type { Selectable } from 'kysely';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { written } from '../../policy/json.ts';
import { addDue } from '../../policy/scan/due.ts';
import { covers, scopeBeneath, scopeKey } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import type { PolicyStateRow } from '../../store/schema/policy-rows.ts';
import { applyTo, filterStates, inOrder, selected, type StateRecord } from './state-query.ts';
import { summarize } from './summary.ts';

export const namespace = 'Microsoft.PolicyInsights';
const statesType = `${namespace}/policyStates`;
const largestPage = 1000;

/** The rows of the registry. */
export function policyStates(services: Services): readonly ResourceType[] {
  const common = {
    scopes: ['subscription', 'resourceGroup', 'resource'],
    apiVersions: 'any',
    resource: 'none',
    // A query is a POST that changes nothing: whoever may read states may send it.
    authorization: { item: 'handler', collection: 'handler' },
  } as const;
  return [
    {
      ...common,
      type: `${statesType}/queryResults`,
      onlyAsks: true,
      collection: { POST: (request) => query(services, request) },
    },
    {
      ...common,
      type: `${statesType}/summarize`,
      onlyAsks: true,
      collection: { POST: (request) => summary(services, request) },
    },
    {
      ...common,
      type: `${statesType}/triggerEvaluation`,
      onlyAsks: true,
      authorization: {},
      collection: { POST: (request) => trigger(services, request) },
    },
    {
      ...common,
      type: `${namespace}/asyncOperationResults`,
      item: { GET: (request) => progress(services, request) },
    },
  ];
}

function requireRead({ id, access }: ArmRequest): void {
  const scope = scopeBeneath(id);
  if (!access.permits(`${statesType}/queryResults/action`, scope))
    access.require(`${statesType}/queryResults/read`, scope);
}

/** The states that a request is about: of resources at and beneath a scope, or of what an assignment or a definition covers. */
async function recordsOf({ store }: Services, request: ArmRequest): Promise<readonly StateRecord[]> {
  requireRead(request);
  const which = request.id.providers.at(-1)?.names[0]?.toLowerCase() ?? '';
  if (which !== 'latest' && which !== 'default')
    throw new ArmError(
      'InvalidParameter',
      `There are the policy states 'latest' and 'default', not '${which.slice(0, 50)}'.`,
    );
  const scope = scopeBeneath(request.id);
  const about = parseResourceId(scope)?.providers.at(-1);
  const policy =
    about?.namespace.toLowerCase() === 'microsoft.authorization' ? about.types[0]?.toLowerCase() : undefined;
  let rows: readonly Selectable<PolicyStateRow>[];
  if (policy === 'policyassignments') {
    rows = await store.read
      .selectFrom('policy_states')
      .selectAll()
      .where('assignment_key', '=', scopeKey(scope))
      .execute();
  } else {
    rows = await store.read.selectFrom('policy_states').selectAll().orderBy('resource_key').execute();
  }
  const records = rows.map(recordOf);
  const field = { policydefinitions: 'policyDefinitionId', policysetdefinitions: 'policySetDefinitionId' }[
    policy ?? ''
  ];
  if (field !== undefined) return records.filter((one) => scopeKey(written(one[field])) === scopeKey(scope));
  return policy === 'policyassignments' ? records : records.filter((one) => covers(scope, written(one['resourceId'])));
}

function recordOf(row: Selectable<PolicyStateRow>): StateRecord {
  const record = JSON.parse(row.record) as StateRecord;
  return { ...record, complianceState: row.state, timestamp: new Date(row.evaluated_at).toISOString() };
}

/** Only what changed within a time is asked for by few; what is latest is what there is. */
function withinTime(records: readonly StateRecord[], { query }: ArmRequest): readonly StateRecord[] {
  const [from, to] = [query.get('$from'), query.get('$to')].map((text) =>
    text === undefined ? undefined : Date.parse(text),
  );
  if (Number.isNaN(from) || Number.isNaN(to)) throw new ArmError('InvalidParameter', '$from and $to are times.');
  return records.filter(({ timestamp }) => {
    const time = Date.parse(written(timestamp));
    return (from === undefined || time >= from) && (to === undefined || time <= to);
  });
}

async function query(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { query: asked } = request;
  const all = filterStates(withinTime(await recordsOf(services, request), request), asked.get('$filter'));
  const apply = asked.get('$apply');
  const ordered = inOrder(apply === undefined ? all : applyTo(all, apply), asked.get('$orderby'));
  const top = asked.get('$top');
  if (top !== undefined && !/^[0-9]{1,9}$/.test(top))
    throw new ArmError('InvalidParameter', `The $top '${top.slice(0, 20)}' is not a number.`);
  const wanted = top === undefined ? ordered : ordered.slice(0, Number(top));
  const from = Number(asked.get('$skiptoken') ?? 0);
  if (!Number.isSafeInteger(from) || from < 0) throw new ArmError('InvalidParameter', 'The $skiptoken is malformed.');
  const page = wanted.slice(from, from + largestPage);
  const context = `${services.endpoint.url}${scopeBeneath(request.id)}/providers/${statesType}/$metadata#latest`;
  const withDetails = /policyevaluationdetails/i.test(asked.get('$expand') ?? '');
  const next = new URLSearchParams([...asked]);
  next.set('$skiptoken', String(from + largestPage));
  return {
    status: 200,
    body: {
      '@odata.context': context,
      '@odata.count': page.length,
      ...(from + largestPage < wanted.length
        ? { '@odata.nextLink': `${services.endpoint.url}${request.path}?${next.toString()}` }
        : {}),
      value: page.map((one) => shown(one, context, withDetails, asked.get('$select'), apply !== undefined)),
    },
  };
}

function shown(
  record: StateRecord,
  context: string,
  withDetails: boolean,
  select: string | undefined,
  applied: boolean,
): StateRecord {
  const { policyEvaluationDetails: details, ...rest } = record;
  const chosen = selected(
    withDetails && details !== undefined ? { ...rest, policyEvaluationDetails: details } : rest,
    select,
  );
  return { '@odata.id': null, '@odata.context': `${context}/$entity`, ...(applied ? record : chosen) };
}

async function summary(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const records = filterStates(withinTime(await recordsOf(services, request), request), request.query.get('$filter'));
  const scope = scopeBeneath(request.id);
  const base = `${services.endpoint.url}${scope}/providers/${statesType}`;
  const uri = `${base}/latest/queryResults?api-version=${request.apiVersion}`;
  const context = `${base}/$metadata#summary`;
  const value = [{ '@odata.id': null, '@odata.context': `${context}/$entity`, ...summarize(records, uri) }];
  return { status: 200, body: { '@odata.context': context, '@odata.count': 1, value } };
}

/** Everything beneath is looked at again; 202 with where to ask whether it has been. */
async function trigger({ store, environment, endpoint }: Services, request: ArmRequest): Promise<ArmResponse> {
  const scope = scopeBeneath(request.id);
  await store.change(async (writer) => {
    await addDue(writer, { scope, reach: 'beneath', dueAt: environment.now(), writtenAt: undefined });
    return {
      value: undefined,
      events: requestEvents(environment, request.origin, { status: 'Accepted', subStatus: 'Accepted' }),
    };
  });
  return { status: 202, headers: followHeaders(endpoint.url, scope, request, request.origin.operationId) };
}

function followHeaders(
  url: string,
  scope: string,
  { apiVersion }: ArmRequest,
  id: string,
): Readonly<Record<string, string>> {
  const location = `${url}${scope}/providers/${namespace}/asyncOperationResults/${id}?api-version=${apiVersion}`;
  return { location, 'retry-after': '1' };
}

async function progress({ store, endpoint }: Services, request: ArmRequest): Promise<ArmResponse> {
  requireRead(request);
  const scope = scopeBeneath(request.id);
  const due = await store.read
    .selectFrom('policy_due')
    .select('scope_key')
    .where('scope_key', '=', scopeKey(scope))
    .where('reach', '=', 'beneath')
    .executeTakeFirst();
  if (due === undefined) return { status: 200, body: {} };
  const id = request.id.providers.at(-1)?.names[0] ?? '';
  return { status: 202, headers: followHeaders(endpoint.url, scope, request, id) };
}
