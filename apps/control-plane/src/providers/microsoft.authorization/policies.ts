/** `Microsoft.Authorization/policyDefinitions`, `policySetDefinitions`, `policyAssignments`, `policyExemptions` (S5.1, arm-api §7). */
import * as z from 'zod/mini';
import { CodedError } from '@sallyport/model';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import { parseFilter } from '../../arm/filter.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType, Scope } from '../../arm/resource-type.ts';
import { systemData } from '../../arm/system-data.ts';
import { isList, isObject, written, type JsonObject } from '../../policy/json.ts';
import {
  idOfPolicyObject,
  propertiesOf,
  type PolicyKind,
  type PolicyObject,
} from '../../policy/stored/policy-objects.ts';
import { covers, readScope, scopeBeneath, scopeKey, tenantScope } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { namespace } from './names.ts';
import { checkPolicyObject, requireUnused } from './check-policy-object.ts';
import { identityFor, removeIdentity } from './assignment-identity.ts';

const versions = [
  '2025-03-01',
  '2024-05-01',
  '2023-04-01',
  '2022-06-01',
  '2021-06-01',
  '2020-09-01',
  '2019-09-01',
  '2024-05-01-preview',
  '2022-07-01-preview',
  '2020-07-01-preview',
];
const nameForm = /^[^<>*%&:\\?+/\u0000-\u001f]{1,128}$/;
const bodySchema = z.object({
  properties: z.optional(z.record(z.string(), z.json())),
  location: z.optional(z.nullable(z.string().check(z.maxLength(100)))),
  identity: z.optional(z.nullable(z.object({ type: z.optional(z.string()) }))),
});

/** The rows of the registry. */
export function policies(services: Services): readonly ResourceType[] {
  const everywhere: readonly Scope[] = ['tenant', 'subscription', 'resourceGroup', 'resource'];
  const row = (kind: PolicyKind, scopes: readonly Scope[]): ResourceType => ({
    type: `${namespace}/${kind}`,
    scopes,
    apiVersions: versions,
    resource: 'none',
    item: {
      GET: async (request) => ({
        status: 200,
        body: view(await existing(services.store.read, kind, request), services.endpoint.tenantId),
      }),
      PUT: (request) => write(services, kind, request),
      ...(kind === 'policyAssignments' || kind === 'policyExemptions'
        ? { PATCH: (request: ArmRequest) => write(services, kind, request) }
        : {}),
      DELETE: (request) => remove(services, kind, request),
    },
    collection: { GET: (request) => list(services, kind, request) },
  });
  return [
    // At `/` stand the definitions that everybody shares, under the ids that they are published with.
    row('policyDefinitions', ['tenant', 'subscription']),
    row('policySetDefinitions', ['tenant', 'subscription']),
    row('policyAssignments', everywhere),
    row('policyExemptions', everywhere),
  ];
}

function find(reader: Reader, kind: PolicyKind, { id }: ArmRequest): Promise<PolicyObject | undefined> {
  return reader
    .selectFrom('policy_objects')
    .selectAll()
    .where('kind', '=', kind)
    .where('scope_key', '=', scopeKey(scopeBeneath(id)))
    .where('name_key', '=', (id.providers.at(-1)?.names[0] ?? '').toLowerCase())
    .executeTakeFirst();
}

async function existing(reader: Reader, kind: PolicyKind, request: ArmRequest): Promise<PolicyObject> {
  const row = await find(reader, kind, request);
  if (row === undefined) throw isMissing(kind, request);
  return row;
}

function isMissing(kind: PolicyKind, { id }: ArmRequest): ArmError {
  const name = (id.providers.at(-1)?.names[0] ?? '').slice(0, 128);
  return new ArmError(
    notFound[kind],
    `The ${kind.slice(0, -1)} '${name}' could not be found at '${scopeBeneath(id)}'.`,
  );
}

const notFound = {
  policyDefinitions: 'PolicyDefinitionNotFound',
  policySetDefinitions: 'PolicyDefinitionNotFound',
  policyAssignments: 'PolicyAssignmentNotFound',
  policyExemptions: 'PolicyExemptionNotFound',
} as const;

/** PUT writes the whole, and answers 201 for one that is there already too (arm-api §0.4); PATCH changes what it names. */
async function write(
  { store, environment, endpoint }: Services,
  kind: PolicyKind,
  request: ArmRequest,
): Promise<ArmResponse> {
  const name = request.id.providers.at(-1)?.names[0] ?? '';
  if (!nameForm.test(name))
    throw new ArmError(
      'InvalidResourceName',
      `'${name.slice(0, 130)}' is no name: 1 to 128 characters, none of < > * % & : \\ ? + /.`,
    );
  const scope = readScope(scopeBeneath(request.id));
  if (scope === undefined) throw new ArmError('InvalidParameter', `'${scopeBeneath(request.id)}' is not a scope.`);
  const body = parseBody(bodySchema, request.body);
  const isPatch = request.method === 'PATCH';
  if (!isPatch && body.properties === undefined)
    throw new ArmError('InvalidRequestContent', 'The request body must contain properties.', 'properties');
  const { row, fresh } = await store.change(async (writer) => {
    const before = await find(writer, kind, request);
    if (isPatch && before === undefined) throw isMissing(kind, request);
    const kept = isPatch && before !== undefined ? propertiesOf(before) : {};
    const properties: JsonObject = { ...kept, ...body.properties };
    if (kind === 'policyExemptions') requireExempting(request, properties['policyAssignmentId']);
    const identity = body.identity?.type ?? (isPatch && before?.principal_id ? 'SystemAssigned' : undefined);
    const principal = await identityFor(writer, environment, kind, name, before, identity);
    const spelled = { kind, scope: before?.scope ?? scope, name: before?.name ?? name, principal_id: principal };
    await asArm(() => checkPolicyObject(writer, spelled, properties));
    // Each writing has a time of its own: by it one is told from the next.
    const now = Math.max(environment.now(), (before?.changed_at ?? 0) + 1);
    const said = {
      properties: JSON.stringify(properties),
      location: body.location ?? before?.location ?? null,
      principal_id: principal,
      changed_at: now,
      changed_by: request.caller.clientId,
    };
    const stored = await writer
      .insertInto('policy_objects')
      .values({
        ...spelled,
        ...said,
        scope_key: scopeKey(scope),
        name_key: name.toLowerCase(),
        created_at: now,
        created_by: request.caller.clientId,
      })
      .onConflict((conflict) => conflict.columns(['kind', 'scope_key', 'name_key']).doUpdateSet(said))
      .returningAll()
      .executeTakeFirstOrThrow();
    const origin = { ...request.origin, resourceId: idOfPolicyObject(stored) };
    return {
      value: { row: stored, fresh: before === undefined },
      events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: isPatch ? 'OK' : 'Created' }),
    };
  });
  // Exemptions came later, and their clients take 200 for one that is there.
  const isOk = isPatch || (kind === 'policyExemptions' && !fresh);
  return { status: isOk ? 200 : 201, body: view(row, endpoint.tenantId) };
}

/** Who exempts needs a say at what is exempted from: at its own scope alone anybody could lift what stands above (S5.2). */
function requireExempting({ access }: ArmRequest, assignmentId: unknown): void {
  const id = typeof assignmentId === 'string' ? readScope(assignmentId) : undefined;
  if (id !== undefined) access.require(`${namespace}/policyAssignments/exempt/action`, id);
}

async function remove(
  { store, environment, endpoint }: Services,
  kind: PolicyKind,
  request: ArmRequest,
): Promise<ArmResponse> {
  const gone = await store.change(async (writer) => {
    const row = await find(writer, kind, request);
    if (row !== undefined) {
      await asArm(() => requireUnused(writer, row));
      await deleteRow(writer, row);
      await removeIdentity(writer, row.principal_id);
      if (kind === 'policyAssignments') await removeExemptions(writer, row);
    }
    const subStatus = row === undefined ? 'NoContent' : 'OK';
    return { value: row, events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus }) };
  });
  return gone === undefined ? { status: 204 } : { status: 200, body: view(gone, endpoint.tenantId) };
}

/** What nothing is exempt from any more goes with it. */
async function removeExemptions(writer: Writer, assignment: PolicyObject): Promise<void> {
  const rows = await writer.selectFrom('policy_objects').selectAll().where('kind', '=', 'policyExemptions').execute();
  const id = idOfPolicyObject(assignment).toLowerCase();
  for (const row of rows) {
    if (written(propertiesOf(row)['policyAssignmentId']).toLowerCase() === id) await deleteRow(writer, row);
  }
}

async function deleteRow(writer: Writer, { kind, scope_key, name_key }: PolicyObject): Promise<void> {
  await writer
    .deleteFrom('policy_objects')
    .where('kind', '=', kind)
    .where('scope_key', '=', scope_key)
    .where('name_key', '=', name_key)
    .execute();
}

async function list(
  { store, endpoint, pageSize }: Services,
  kind: PolicyKind,
  request: ArmRequest,
): Promise<ArmResponse> {
  const scope = scopeBeneath(request.id);
  const wanted = pageRequest(request, pageSize);
  const keep = filter(request.query.get('$filter'), kind, scope);
  const rows = await store.read
    .selectFrom('policy_objects')
    .selectAll()
    .where('kind', '=', kind)
    .orderBy('scope_key')
    .orderBy('name_key')
    .execute();
  const keyOf = (row: PolicyObject): string => `${row.scope_key}\n${row.name_key}`;
  const kept = rows.filter((row) => keep(row) && keyOf(row) > (wanted.after ?? ''));
  return { status: 200, body: page(endpoint.url, request, wanted, kept, keyOf, (row) => view(row, endpoint.tenantId)) };
}

/** Definitions that can be used at the scope; assignments above, at and below it, without those below for `atScope()`. */
function filter(text: string | undefined, kind: PolicyKind, scope: string): (row: PolicyObject) => boolean {
  const below = (kind === 'policyAssignments' || kind === 'policyExemptions') && !/\batScope\(\)/i.test(text ?? '');
  const rest = (text ?? '').replace(/\b(?:atScope|atExactScope)\(\)(?:\s+and\s+)?/i, '');
  const exact = /\batExactScope\(\)/i.test(text ?? '');
  const tests = parseFilter(rest).map(({ field, operator, value }) => {
    const read: Record<string, (row: PolicyObject) => string> = {
      policytype: ({ scope: at }) => (at === tenantScope ? 'BuiltIn' : 'Custom'),
      policyassignmentid: (row) => written(propertiesOf(row)['policyAssignmentId']),
      policydefinitionid: (row) => written(propertiesOf(row)['policyDefinitionId']),
    };
    const of = Object.hasOwn(read, field) ? read[field] : undefined;
    if (of === undefined || operator !== 'eq')
      throw new ArmError(
        'InvalidFilter',
        `The $filter '${field} ${operator}' is not possible here; there are atScope(), atExactScope(), policyType eq, policyDefinitionId eq and policyAssignmentId eq.`,
      );
    return (row: PolicyObject): boolean => of(row).toLowerCase() === value.toLowerCase();
  });
  return (row) =>
    (exact ? row.scope_key === scopeKey(scope) : covers(row.scope, scope) || (below && covers(scope, row.scope))) &&
    tests.every((test) => test(row));
}

/** What the policy language says is wrong, as ARM says it. */
async function asArm(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CodedError && !(error instanceof ArmError))
      throw new ArmError(error.code as ConstructorParameters<typeof ArmError>[0], error.message);
    throw error;
  }
}

function view(row: PolicyObject, tenantId: string): unknown {
  const properties = propertiesOf(row);
  return {
    id: idOfPolicyObject(row),
    name: row.name,
    type: `${namespace}/${row.kind}`,
    ...(row.location === null ? {} : { location: row.location }),
    ...(row.principal_id === null
      ? {}
      : { identity: { type: 'SystemAssigned', principalId: row.principal_id, tenantId } }),
    properties: { ...properties, ...shownOf(row, properties) },
    systemData: systemData(row),
  };
}

function shownOf(row: PolicyObject, properties: JsonObject): JsonObject {
  switch (row.kind) {
    case 'policyAssignments':
      return {
        // `az policy assignment list` reads it of each (arm-api §0.9).
        scope: row.scope,
        notScopes: isList(properties['notScopes']) ? properties['notScopes'] : [],
        enforcementMode: written(properties['enforcementMode'] ?? 'Default'),
        parameters: isObject(properties['parameters']) ? properties['parameters'] : {},
      };
    case 'policyExemptions':
      return {};
    case 'policyDefinitions':
    case 'policySetDefinitions':
      return { policyType: row.scope === tenantScope ? 'BuiltIn' : 'Custom' };
  }
}
