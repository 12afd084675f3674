/** From what is stored to what is in force at a resource. */
import { covers } from '../../rbac/scope.ts';
import type { Reader } from '../../store/store.ts';
import type { AssignedPolicy } from '../assigned-policy.ts';
import { given, type InitiativeMember, type PolicyDefinition } from '../definition.ts';
import { parseExemption, type Exemption } from '../exemption.ts';
import { evaluateValue, type ExpressionContext } from '../expression/evaluate.ts';
import { isList, isObject, member, written, type Json, type JsonObject } from '../json.ts';
import { resolveParameters } from '../parameters.ts';
import { PolicyError } from '../policy-error.ts';
import { parseResourceSelectors, parseSelectors, selectsMember, type Selector } from '../selector.ts';
import { idOfPolicyObject, propertiesOf, requireDefinition, understood, type PolicyObject } from './policy-objects.ts';

/** The assigned policies of one moment. */
export interface PoliciesInForce {
  /** Those of a resource: assigned to it or above it, but where an assignment leaves it out. */
  at(resourceId: string): readonly AssignedPolicy[];
  readonly all: readonly AssignedPolicy[];
}

/** Reads everything that is assigned. Throws for an assignment that cannot be carried out: it would seem a control and be none. */
export async function loadPolicies(reader: Reader): Promise<PoliciesInForce> {
  return loadWhere(reader, () => true);
}

/** Every policy that is assigned to a resource or above it. */
export async function policiesAt(reader: Reader, resourceId: string): Promise<readonly AssignedPolicy[]> {
  return (await loadWhere(reader, (row) => covers(row.scope, resourceId))).at(resourceId);
}

/** Every policy that is assigned to a resource, above it or below it: a group's deletion takes away what stands in it. */
export async function policiesAround(reader: Reader, resourceId: string): Promise<PoliciesInForce> {
  return loadWhere(reader, (row) => covers(row.scope, resourceId) || covers(resourceId, row.scope));
}

async function loadWhere(reader: Reader, wanted: (row: PolicyObject) => boolean): Promise<PoliciesInForce> {
  const rows = await reader
    .selectFrom('policy_objects')
    .selectAll()
    .where('kind', 'in', ['policyAssignments', 'policyExemptions'])
    .orderBy('scope_key')
    .orderBy('name_key')
    .execute();
  const exemptions = rows
    .filter(({ kind }) => kind === 'policyExemptions')
    .map((row) => parseExemption(idOfPolicyObject(row), row.scope, propertiesOf(row)));
  const all: AssignedPolicy[] = [];
  for (const row of rows) {
    if (row.kind !== 'policyAssignments' || !wanted(row)) continue;
    const id = idOfPolicyObject(row).toLowerCase();
    const own = exemptions.filter(({ assignmentId }) => assignmentId.toLowerCase() === id);
    all.push(
      ...(await policiesOf(
        reader,
        row,
        propertiesOf(row),
        own.map(({ exemption }) => exemption),
      )),
    );
  }
  return {
    all,
    at: (resourceId) =>
      all.filter(
        ({ scope, notScopes }) => covers(scope, resourceId) && !notScopes.some((one) => covers(one, resourceId)),
      ),
  };
}

/** The policies of an assignment. Throws `PolicyError` or a coded error for one that cannot be carried out. */
export async function policiesOf(
  reader: Reader,
  row: Pick<PolicyObject, 'kind' | 'scope' | 'name' | 'principal_id'> & Partial<Pick<PolicyObject, 'created_at'>>,
  properties: JsonObject,
  exemptions: readonly Exemption[] = [],
): Promise<readonly AssignedPolicy[]> {
  const definitionId = written(properties['policyDefinitionId']);
  const stored = await requireDefinition(reader, definitionId, row.scope);
  const assigned = given(properties['parameters'], 'properties.parameters');
  const notScopes = properties['notScopes'];
  const resourceSelectors = parseResourceSelectors(properties['resourceSelectors']);
  const overrides = overridesIn(properties['overrides']);
  const common = {
    assignmentId: idOfPolicyObject(row),
    assignmentName: row.name,
    assignmentDisplayName: written(properties['displayName'] ?? ''),
    scope: row.scope,
    notScopes: isList(notScopes) ? notScopes.map(written) : [],
    enforced: written(properties['enforcementMode'] ?? 'Default').toLowerCase() !== 'donotenforce',
    nonComplianceMessage: '',
    resourceSelectors,
    exemptions,
    assignedAt: row.created_at ?? 0,
    identity: row.principal_id ?? undefined,
  };
  const made = (
    id: string,
    definition: PolicyDefinition,
    parameters: JsonObject,
    of?: { readonly setDefinitionId: string; readonly part: InitiativeMember },
  ): AssignedPolicy => ({
    ...common,
    definition,
    definitionId: id,
    member: of === undefined ? undefined : { setDefinitionId: of.setDefinitionId, referenceId: of.part.referenceId },
    groupNames: of?.part.groupNames ?? [],
    parameters: resolveParameters(definition.parameters, parameters, id),
    nonComplianceMessage: messageIn(properties['nonComplianceMessages'], of?.part.referenceId),
    overrides: overrides.filter(({ selectors }) => selectsMember(selectors, of?.part.referenceId ?? '')),
  });
  const whole = understood(stored);
  if (whole.kind === 'definition') return [made(idOfPolicyObject(stored), whole, assigned)];
  const values = resolveParameters(whole.parameters, assigned, definitionId);
  const policies: AssignedPolicy[] = [];
  for (const one of whole.members) {
    const part = await requireDefinition(reader, one.definitionId, row.scope);
    const definition = understood(part);
    if (definition.kind !== 'definition')
      throw new PolicyError('InvalidPolicyRule', `The initiative '${definitionId}' holds another initiative.`);
    const parameters = evaluateValue(one.parameters, parametersOnly(values));
    policies.push(
      made(idOfPolicyObject(part), definition, isObject(parameters) ? parameters : {}, {
        setDefinitionId: idOfPolicyObject(stored),
        part: one,
      }),
    );
  }
  return policies;
}

/** Effects that an assignment gives in place of its definitions' own. Throws {@link PolicyError}. */
function overridesIn(
  json: Json | undefined,
): readonly { readonly effect: string; readonly selectors: readonly Selector[] }[] {
  if (json === undefined || json === null) return [];
  if (!isList(json)) throw new PolicyError('InvalidPolicyParameters', "'properties.overrides' is a list.");
  return json.map((one) => {
    const kind = isObject(one) ? written(one['kind'] ?? '') : '';
    if (!isObject(one) || kind.toLowerCase() !== 'policyeffect' || typeof one['value'] !== 'string')
      throw new PolicyError(
        'InvalidPolicyParameters',
        `An override has the kind policyEffect and a value; '${kind}' is not carried out by this control plane.`,
      );
    return { effect: one['value'], selectors: parseSelectors(one['selectors'], 'overrides.selectors') };
  });
}

/** The message for a member of an initiative, or the one for everything. */
function messageIn(messages: Json | undefined, referenceId: string | undefined): string {
  const all = isList(messages) ? messages.filter(isObject) : [];
  const of = (one: JsonObject): string => written(one['policyDefinitionReferenceId'] ?? '').toLowerCase();
  const own = all.find((one) => referenceId !== undefined && of(one) === referenceId.toLowerCase());
  const found = own ?? all.find((one) => of(one) === '');
  return written(found?.['message'] ?? '');
}

/** Parameters of an initiative's members may ask for the initiative's own, and for nothing else. */
function parametersOnly(values: JsonObject): ExpressionContext {
  const nothing = (): never => {
    throw new PolicyError('PolicyEvaluationFailed', 'Only parameters can be asked for here.');
  };
  return {
    parameter: (name) => member(values, name) ?? nothing(),
    field: nothing,
    current: nothing,
    requestContext: null,
    policy: null,
    subscription: null,
    resourceGroup: null,
    utcNow: '',
  };
}
