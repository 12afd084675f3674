/** Which other resource a policy looks for, for one resource; and whether what was found is it. Pure. */
import type { AssignedPolicy, Surroundings } from './assigned-policy.ts';
import { evaluationOf } from './assigned-policy.ts';
import { evaluateValue } from './expression/evaluate.ts';
import { member, isObject, written } from './json.ts';
import { contextOf, evaluateCondition } from './rule/evaluate-condition.ts';
import type { PolicyResource } from './rule/field.ts';

export interface RelatedQuery {
  readonly type: string;
  /** Undefined for any. */
  readonly name: string | undefined;
  /** The id beneath which they are looked for when they stand under or on the resource itself. */
  readonly near: string;
  /** The id of the group or subscription beneath which others are looked for. */
  readonly within: string;
}

/** Throws `PolicyError` for a name that has no value. Undefined for a policy that looks for nothing. */
export function relatedQuery(
  policy: AssignedPolicy,
  resource: PolicyResource,
  surroundings: Surroundings,
): RelatedQuery | undefined {
  const { related } = policy.definition.rule;
  if (related === undefined) return undefined;
  const context = contextOf(evaluationOf(policy, resource, surroundings));
  const valueOf = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : written(evaluateValue(text, context));
  const idOf = (of: typeof surroundings.subscription): string => (isObject(of) ? written(member(of, 'id') ?? '') : '');
  const subscription = idOf(surroundings.subscription);
  const named = valueOf(related.resourceGroupName);
  const group = named === undefined ? idOf(surroundings.resourceGroup) : `${subscription}/resourceGroups/${named}`;
  return {
    type: related.type,
    name: valueOf(related.name),
    near: resource.id,
    within: related.scope === 'subscription' || group === '' ? subscription : group,
  };
}

/** The first of the found resources that has the name and fulfils the existence condition. */
export function satisfying(
  policy: AssignedPolicy,
  resource: PolicyResource,
  surroundings: Surroundings,
  found: readonly PolicyResource[],
): PolicyResource | undefined {
  const { related } = policy.definition.rule;
  const name = relatedQuery(policy, resource, surroundings)?.name?.toLowerCase();
  return found.find((one) => {
    const full = one.name.toLowerCase();
    if (name !== undefined && full !== name && full.split('/').at(-1) !== name) return false;
    if (related?.condition === undefined) return true;
    return evaluateCondition(related.condition, evaluationOf(policy, one, surroundings)).fulfilled;
  });
}
