/** What is stored of policy has been understood, and what is assigned can be carried out. */
import { CodedError } from '@sallyport/model';
import { effectOf } from '../../policy/decide-write.ts';
import { parseDefinition, parseInitiative } from '../../policy/definition.ts';
import { isList, written, type JsonObject } from '../../policy/json.ts';
import { PolicyError } from '../../policy/policy-error.ts';
import { policiesOf } from '../../policy/stored/assigned-policies.ts';
import {
  idOfPolicyObject,
  propertiesOf,
  requireDefinition,
  type PolicyObject,
} from '../../policy/stored/policy-objects.ts';
import { contextOf } from '../../policy/rule/evaluate-condition.ts';
import { readScope } from '../../rbac/scope.ts';
import type { Reader } from '../../store/store.ts';

type Spelled = Pick<PolicyObject, 'kind' | 'scope' | 'name'>;

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
  for (const policy of await policiesOf(reader, row, properties)) {
    const { parameters } = policy;
    // An effect that is not carried out would look like a control and be none: it is refused here, by name.
    effectOf(
      policy,
      contextOf({
        resource: { id: '', name: '', type: '', content: {} },
        context: {
          parameter: (name) =>
            Object.entries(parameters).find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1] ?? null,
          requestContext: null,
          policy: null,
          subscription: null,
          resourceGroup: null,
          utcNow: '',
        },
      }),
    );
  }
}

/** Refuses to take away what something else refers to: its assignment would not know what to do, and deny everything. */
export async function requireUnused(reader: Reader, row: PolicyObject): Promise<void> {
  if (row.kind === 'policyAssignments') return;
  const id = idOfPolicyObject(row).toLowerCase();
  const others = await reader
    .selectFrom('policy_objects')
    .selectAll()
    .where('kind', '!=', 'policyDefinitions')
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
