/** From what is stored to what is in force at a resource. */
import { covers } from '../../rbac/scope.ts';
import type { Reader } from '../../store/store.ts';
import type { AssignedPolicy } from '../decide-write.ts';
import { given, type PolicyDefinition } from '../definition.ts';
import { evaluateValue, type ExpressionContext } from '../expression/evaluate.ts';
import { isList, isObject, member, written, type Json, type JsonObject } from '../json.ts';
import { resolveParameters } from '../parameters.ts';
import { PolicyError } from '../policy-error.ts';
import { idOfPolicyObject, propertiesOf, requireDefinition, understood, type PolicyObject } from './policy-objects.ts';

/** Every policy that is assigned to a resource or above it, but where an assignment leaves the resource out. */
export async function policiesAt(reader: Reader, resourceId: string): Promise<readonly AssignedPolicy[]> {
  const rows = await reader
    .selectFrom('policy_objects')
    .selectAll()
    .where('kind', '=', 'policyAssignments')
    .orderBy('scope_key')
    .orderBy('name_key')
    .execute();
  const found: AssignedPolicy[] = [];
  for (const row of rows) {
    if (!covers(row.scope, resourceId)) continue;
    const properties = propertiesOf(row);
    const notScopes = properties['notScopes'];
    if (isList(notScopes) && notScopes.some((one) => covers(written(one), resourceId))) continue;
    found.push(...(await policiesOf(reader, row, properties)));
  }
  return found;
}

/** The policies of an assignment. Throws `PolicyError` or a coded error for one that cannot be carried out. */
export async function policiesOf(
  reader: Reader,
  row: Pick<PolicyObject, 'kind' | 'scope' | 'name'>,
  properties: JsonObject,
): Promise<readonly AssignedPolicy[]> {
  const definitionId = written(properties['policyDefinitionId']);
  const stored = await requireDefinition(reader, definitionId, row.scope);
  const assigned = given(properties['parameters'], 'properties.parameters');
  const enforced = written(properties['enforcementMode'] ?? 'Default').toLowerCase() !== 'donotenforce';
  const common = {
    assignmentId: idOfPolicyObject(row),
    assignmentName: row.name,
    assignmentDisplayName: written(properties['displayName'] ?? ''),
    scope: row.scope,
    enforced,
    nonComplianceMessage: messageIn(properties['nonComplianceMessages']),
  };
  const made = (id: string, definition: PolicyDefinition, parameters: JsonObject): AssignedPolicy => ({
    ...common,
    definition,
    definitionId: id,
    parameters: resolveParameters(definition.parameters, parameters, id),
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
    policies.push(made(idOfPolicyObject(part), definition, isObject(parameters) ? parameters : {}));
  }
  return policies;
}

function messageIn(messages: Json | undefined): string {
  const first = isList(messages) ? messages[0] : undefined;
  return isObject(first) ? written(first['message'] ?? '') : '';
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
