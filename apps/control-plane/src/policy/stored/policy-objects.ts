/** Definitions, initiatives and assignments in the store. They are parsed once for each text: rules are evaluated at every write. */
import type { Selectable } from 'kysely';
import { CodedError } from '@sallyport/model';
import { covers, scopeKey, tenantScope } from '../../rbac/scope.ts';
import type { PolicyObjectRow } from '../../store/schema/policy-rows.ts';
import type { Reader } from '../../store/store.ts';
import { parseDefinition, parseInitiative, type Initiative, type PolicyDefinition } from '../definition.ts';
import type { JsonObject } from '../json.ts';

export type PolicyObject = Selectable<PolicyObjectRow>;
export type PolicyKind = PolicyObject['kind'];
/** Kinds that assignments refer to. */
type DefinitionKind = Extract<PolicyKind, 'policyDefinitions' | 'policySetDefinitions'>;

const parsed = new Map<string, PolicyDefinition | Initiative>();
const mostParsed = 5_000;

/** The properties of a row. */
export function propertiesOf(row: Pick<PolicyObject, 'properties'>): JsonObject {
  return JSON.parse(row.properties) as JsonObject;
}

/** The definition or initiative of a row. Throws `PolicyError` when it is neither any more. */
export function understood(row: PolicyObject): PolicyDefinition | Initiative {
  const key = `${row.kind} ${row.properties}`;
  let found = parsed.get(key);
  if (found === undefined) {
    const properties = propertiesOf(row);
    found = row.kind === 'policyDefinitions' ? parseDefinition(properties) : parseInitiative(properties);
    if (parsed.size >= mostParsed) parsed.clear();
    parsed.set(key, found);
  }
  return found;
}

/** The id of an object. */
export function idOfPolicyObject(row: Pick<PolicyObject, 'kind' | 'scope' | 'name'>): string {
  return `${row.scope === tenantScope ? '' : row.scope}/providers/Microsoft.Authorization/${row.kind}/${row.name}`;
}

const definitionForm =
  /^(.*)\/providers\/microsoft\.authorization\/(policydefinitions|policysetdefinitions)\/([^/]+)$/i;

/** The definition or initiative of an id, in any case; undefined when there is none. */
export async function findDefinition(reader: Reader, id: string): Promise<PolicyObject | undefined> {
  const [, scope, kind, name] = definitionForm.exec(id) ?? [];
  if (scope === undefined || kind === undefined || name === undefined) return undefined;
  return reader
    .selectFrom('policy_objects')
    .selectAll()
    .where('kind', '=', definitionKind(kind))
    .where('scope_key', '=', scope === '' ? tenantScope : scopeKey(scope))
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst();
}

const assignmentForm = /^(.*)\/providers\/microsoft\.authorization\/policyassignments\/([^/]+)$/i;

/** The assignment of an id, in any case; undefined when there is none. */
export async function findAssignment(reader: Reader, id: string): Promise<PolicyObject | undefined> {
  const [, scope, name] = assignmentForm.exec(id) ?? [];
  if (scope === undefined || name === undefined) return undefined;
  return reader
    .selectFrom('policy_objects')
    .selectAll()
    .where('kind', '=', 'policyAssignments')
    .where('scope_key', '=', scope === '' ? tenantScope : scopeKey(scope))
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst();
}

function definitionKind(text: string): DefinitionKind {
  return text.toLowerCase() === 'policydefinitions' ? 'policyDefinitions' : 'policySetDefinitions';
}

/** The same, for a definition that has to be there and to be usable at a scope. */
export async function requireDefinition(reader: Reader, id: string, scope: string): Promise<PolicyObject> {
  const found = await findDefinition(reader, id);
  if (found !== undefined && covers(found.scope, scope)) return found;
  throw new CodedError(
    'PolicyDefinitionNotFound',
    found === undefined
      ? `The policy definition '${id.slice(0, 300)}' could not be found.`
      : `The policy definition '${id.slice(0, 300)}' cannot be used at '${scope}': it stands beside or below.`,
  );
}
