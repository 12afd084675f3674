/** `denyAction`: whether a resource may be deleted, by itself or with the group that it stands in. Pure. */
import { messageOf } from '@sallyport/model';
import { concerns, effectOf, evaluationOf, type AssignedPolicy, type Surroundings } from './assigned-policy.ts';
import type { Finding } from './decide-write.ts';
import { exemptionOf } from './exemption.ts';
import { isList, isObject, member, written, type Json } from './json.ts';
import { PolicyError } from './policy-error.ts';
import { contextOf, evaluateCondition } from './rule/evaluate-condition.ts';
import type { PolicyResource } from './rule/field.ts';

/** What begins the deletion: a request for the resource, or one for its group. */
export type DeletionBy = 'request' | 'resourceGroup';

/**
 * The policies that stand against a deletion. One that cannot be evaluated stands against it only when its effect is `denyAction`
 * for certain: other policies have no say in deletions, broken or not.
 */
export function decideDeletion(
  resource: PolicyResource,
  indexed: boolean,
  policies: readonly AssignedPolicy[],
  surroundings: Surroundings,
  by: DeletionBy,
): readonly Finding[] {
  return policies.flatMap((policy): readonly Finding[] => {
    if (!policy.enforced || !concerns(policy, resource, indexed)) return [];
    if (exemptionOf(policy, resource, surroundings.utcNow) !== undefined) return [];
    const evaluation = evaluationOf(policy, resource, surroundings);
    if (effectIfKnown(policy, resource, surroundings) !== 'denyaction') return [];
    const { details, condition } = policy.definition.rule;
    if (!names(details, 'delete') || (by === 'resourceGroup' && !cascades(details))) return [];
    try {
      const { fulfilled, told } = evaluateCondition(condition, evaluation);
      return fulfilled ? [{ policy, effect: 'denyaction', told }] : [];
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      return [{ policy, effect: 'denyaction', told: [], because: messageOf(error) }];
    }
  });
}

function effectIfKnown(policy: AssignedPolicy, resource: PolicyResource, surroundings: Surroundings): string {
  try {
    return effectOf(policy, contextOf(evaluationOf(policy, resource, surroundings)), resource);
  } catch (error) {
    if (error instanceof PolicyError) return '';
    throw error;
  }
}

function names(details: Json | undefined, action: string): boolean {
  const actions = isObject(details) ? member(details, 'actionNames') : undefined;
  return isList(actions) && actions.some((one) => written(one).toLowerCase() === action);
}

/** Left out, a group that holds the resource cannot be deleted either. */
function cascades(details: Json | undefined): boolean {
  const behaviors = isObject(details) ? member(details, 'cascadeBehaviors') : undefined;
  const group = isObject(behaviors) ? member(behaviors, 'resourceGroup') : undefined;
  return written(group ?? 'deny').toLowerCase() !== 'allow';
}
