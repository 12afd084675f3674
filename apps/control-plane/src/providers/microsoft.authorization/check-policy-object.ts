/** What is stored of policy has been understood, and what is assigned can be carried out. */
import { CodedError } from '@sallyport/model';
import { effectOf, evaluationOf, type AssignedPolicy } from '../../policy/assigned-policy.ts';
import { parseDefinition, parseInitiative } from '../../policy/definition.ts';
import { parseExemption } from '../../policy/exemption.ts';
import { isList, isObject, written, type Json, type JsonObject } from '../../policy/json.ts';
import { PolicyError } from '../../policy/policy-error.ts';
import { policiesOf } from '../../policy/stored/assigned-policies.ts';
import {
  findAssignment,
  idOfPolicyObject,
  propertiesOf,
  requireDefinition,
  type PolicyObject,
} from '../../policy/stored/policy-objects.ts';
import { contextOf } from '../../policy/rule/evaluate-condition.ts';
import { covers, readScope } from '../../rbac/scope.ts';
import type { Reader } from '../../store/store.ts';

type Spelled = Pick<PolicyObject, 'kind' | 'scope' | 'name' | 'principal_id'>;

/** Throws a coded error that says what is wrong with it. */
export async function checkPolicyObject(reader: Reader, row: Spelled, properties: JsonObject): Promise<void> {
  switch (row.kind) {
    case 'policyDefinitions':
      parseDefinition(properties);
      return;
    case 'policySetDefinitions':
      for (const { definitionId } of parseInitiative(properties).members)
        await requireDefinition(reader, definitionId, row.scope);
      return;
    case 'policyAssignments':
      await checkAssignment(reader, row, properties);
      return;
    case 'policyExemptions':
      await checkExemption(reader, row, properties);
  }
}

async function checkAssignment(reader: Reader, row: Spelled, properties: JsonObject): Promise<void> {
  const notScopes = properties['notScopes'] ?? [];
  const wrong = isList(notScopes)
    ? notScopes.find((one) => typeof one !== 'string' || readScope(one) === undefined)
    : notScopes;
  if (wrong !== undefined)
    throw new PolicyError(
      'InvalidPolicyParameters',
      `'properties.notScopes' is a list of scopes; '${written(wrong).slice(0, 200)}' is none.`,
    );
  const mode = written(properties['enforcementMode'] ?? 'Default');
  if (!['default', 'donotenforce'].includes(mode.toLowerCase()))
    throw new PolicyError(
      'InvalidPolicyParameters',
      `'properties.enforcementMode' is Default or DoNotEnforce, not '${mode.slice(0, 50)}'.`,
    );
  for (const policy of await policiesOf(reader, row, properties)) checkEffects(policy);
}

const nothing = { id: '', name: '', type: '', content: {} };
const nowhere = { requestContext: null, subscription: null, resourceGroup: null, utcNow: '' };

/** An effect that is not carried out would look like a control and be none: it is refused here, by name. */
function checkEffects(policy: AssignedPolicy): void {
  const { overrides, identity, definition } = policy;
  const context = contextOf(evaluationOf(policy, nothing, nowhere));
  const own = effectOf({ ...policy, overrides: [] }, context, nothing);
  const others = overrides.map(({ effect }) =>
    effectOf({ ...policy, overrides: [{ effect, selectors: [] }] }, context, nothing),
  );
  for (const effect of [own, ...others]) {
    const { related, details } = definition.rule;
    if ((effect === 'auditifnotexists' || effect === 'deployifnotexists') && related === undefined)
      throw new PolicyError(
        'InvalidPolicyRule',
        `The effect ${effect} of '${policy.definitionId}' needs 'details.type'.`,
      );
    if (effect === 'deployifnotexists' && related?.deployment === undefined)
      throw new PolicyError('InvalidPolicyRule', `'${policy.definitionId}' deploys, and has no 'details.deployment'.`);
    if (effect === 'deployifnotexists' && identity === undefined)
      throw new PolicyError(
        'ResourceIdentityRequired',
        `The policy '${policy.definitionId}' deploys: its assignment needs an identity. Send 'identity': {'type': 'SystemAssigned'} and a location, and give the identity the roles that the policy names.`,
      );
    if (effect === 'denyaction' && !isDenyAction(details))
      throw new PolicyError(
        'InvalidPolicyRule',
        `The effect denyAction of '${policy.definitionId}' needs 'details.actionNames': ['delete'].`,
      );
  }
}

function isDenyAction(details: Json | undefined): boolean {
  const names = isObject(details) ? details['actionNames'] : undefined;
  return isList(names) && names.length > 0 && names.every((one) => written(one).toLowerCase() === 'delete');
}

async function checkExemption(reader: Reader, row: Spelled, properties: JsonObject): Promise<void> {
  const { assignmentId, exemption } = parseExemption(idOfPolicyObject(row), row.scope, properties);
  const assignment = await findAssignment(reader, assignmentId);
  if (assignment === undefined)
    throw new CodedError(
      'PolicyAssignmentNotFound',
      `The policy assignment '${assignmentId.slice(0, 300)}' could not be found.`,
    );
  if (!covers(assignment.scope, row.scope))
    throw new PolicyError(
      'InvalidPolicyParameters',
      `The assignment '${assignmentId.slice(0, 300)}' does not reach '${row.scope}': there is nothing to be exempt from.`,
    );
  const members = (await policiesOf(reader, assignment, propertiesOf(assignment))).map(({ member }) =>
    member?.referenceId.toLowerCase(),
  );
  const unknown = exemption.referenceIds.find((one) => !members.includes(one));
  if (unknown !== undefined)
    throw new PolicyError(
      'InvalidPolicyParameters',
      `The assigned initiative has no member '${unknown.slice(0, 100)}'.`,
    );
}

/** Refuses to take away what something else refers to: its assignment would not know what to do, and deny everything. */
export async function requireUnused(reader: Reader, row: PolicyObject): Promise<void> {
  if (row.kind === 'policyAssignments' || row.kind === 'policyExemptions') return;
  const id = idOfPolicyObject(row).toLowerCase();
  const others = await reader
    .selectFrom('policy_objects')
    .selectAll()
    .where('kind', 'in', ['policyAssignments', 'policySetDefinitions'])
    .execute();
  const user = others.find((other) => {
    const properties = propertiesOf(other);
    if (other.kind === 'policyAssignments') return written(properties['policyDefinitionId']).toLowerCase() === id;
    return parseInitiative(properties).members.some(({ definitionId }) => definitionId.toLowerCase() === id);
  });
  if (user === undefined) return;
  throw new CodedError(
    'PolicyDefinitionInUse',
    `'${idOfPolicyObject(row)}' is used by '${idOfPolicyObject(user)}'. Delete that first.`,
  );
}
