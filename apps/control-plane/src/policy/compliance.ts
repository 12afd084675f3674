/** Whether a resource complies with a policy, as a scan finds it. Nothing is changed or denied here. Pure. */
import { messageOf } from '@sallyport/model';
import { concerns, effectOf, evaluationOf, type AssignedPolicy, type Surroundings } from './assigned-policy.ts';
import type { EvaluatedEffect } from './effect.ts';
import { exemptionOf } from './exemption.ts';
import { PolicyError } from './policy-error.ts';
import { satisfying } from './related-query.ts';
import { isApplicable } from './rule/applicability.ts';
import { contextOf, evaluateCondition, type EvaluatedExpression } from './rule/evaluate-condition.ts';
import type { PolicyResource } from './rule/field.ts';

export type ComplianceState = 'Compliant' | 'NonCompliant' | 'Exempt' | 'Protected' | 'Error';

export interface Compliance {
  readonly effect: EvaluatedEffect;
  readonly state: ComplianceState;
  readonly told: readonly EvaluatedExpression[];
  readonly exemptionId: string | undefined;
  /** For policies that look for another resource: the one that was found, and how many were looked at. */
  readonly related: { readonly resourceId: string | undefined; readonly total: number } | undefined;
  /** Why it could not be evaluated. */
  readonly because: string | undefined;
}

/**
 * The compliance of a resource; undefined when the policy is not about it. `found` are the resources of the type that the policy
 * looks for (`relatedQuery`).
 */
export function complianceOf(
  policy: AssignedPolicy,
  resource: PolicyResource,
  indexed: boolean,
  surroundings: Surroundings,
  found: readonly PolicyResource[],
): Compliance | undefined {
  if (!concerns(policy, resource, indexed)) return undefined;
  const { condition } = policy.definition.rule;
  const evaluation = evaluationOf(policy, resource, surroundings);
  let effect: EvaluatedEffect = 'audit';
  const state = (word: ComplianceState, more: Partial<Omit<Compliance, 'effect' | 'state'>> = {}): Compliance => ({
    effect,
    state: word,
    told: [],
    exemptionId: undefined,
    related: undefined,
    because: undefined,
    ...more,
  });
  try {
    effect = effectOf(policy, contextOf(evaluation), resource);
    if (effect === 'disabled' || !isApplicable(condition, evaluation)) return undefined;
    const looksFurther = effect === 'auditifnotexists' || effect === 'deployifnotexists';
    const { fulfilled, told } = evaluateCondition(condition, evaluation);
    if (looksFurther && !fulfilled) return undefined;
    const exemption = exemptionOf(policy, resource, surroundings.utcNow);
    if (exemption !== undefined) return state('Exempt', { told, exemptionId: exemption.id });
    if (effect === 'denyaction') return fulfilled ? state('Protected', { told }) : undefined;
    if (!looksFurther) return state(fulfilled ? 'NonCompliant' : 'Compliant', { told });
    const there = satisfying(policy, resource, surroundings, found);
    const related = { resourceId: there?.id, total: found.length };
    return state(there === undefined ? 'NonCompliant' : 'Compliant', { told, related });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return state('Error', { because: messageOf(error) });
  }
}
