/**
 * What the assigned policies say to a write (S5.1): first what they change, then whether one of them denies the outcome, then
 * what is only put on record. A rule that cannot be evaluated denies: policy can narrow, and never fails open (S5.3). Pure.
 */
import { messageOf } from '@sallyport/model';
import { appended, modified } from './change.ts';
import { concerns, effectOf, evaluationOf, type AssignedPolicy, type Surroundings } from './assigned-policy.ts';
import type { EvaluatedEffect } from './effect.ts';
import { exemptionOf } from './exemption.ts';
import type { ExpressionContext } from './expression/evaluate.ts';
import { type JsonObject, written } from './json.ts';
import { PolicyError } from './policy-error.ts';
import { contextOf, evaluateCondition, type EvaluatedExpression } from './rule/evaluate-condition.ts';
import type { PolicyResource } from './rule/field.ts';

export interface Finding {
  readonly policy: AssignedPolicy;
  readonly effect: EvaluatedEffect;
  readonly told: readonly EvaluatedExpression[];
  /** Why it could not be evaluated, or what stood against its change. */
  readonly because?: string;
}

export interface WriteDecision {
  /** The content as it is to be written. */
  readonly content: JsonObject;
  readonly denied: readonly Finding[];
  /** Fulfilled, and only to be recorded. */
  readonly audited: readonly Finding[];
}

/** Decides. `indexed` says whether the type has tags and a location of its own, as mode Indexed asks for. */
export function decideWrite(
  resource: PolicyResource,
  indexed: boolean,
  policies: readonly AssignedPolicy[],
  surroundings: Surroundings,
): WriteDecision {
  const denied: Finding[] = [];
  const audited: Finding[] = [];
  let current = resource;
  const looked = policies.filter(
    (policy) => concerns(policy, resource, indexed) && exemptionOf(policy, resource, surroundings.utcNow) === undefined,
  );
  for (const order of [['append', 'modify'], ['deny'], ['audit']] as const) {
    for (const policy of looked) {
      try {
        const evaluation = evaluationOf(policy, current, surroundings);
        const effect = effectOf(policy, contextOf(evaluation), current);
        if (!(order as readonly string[]).includes(effect)) continue;
        const { fulfilled, told } = evaluateCondition(policy.definition.rule.condition, evaluation);
        if (!fulfilled) continue;
        const finding: Finding = { policy, effect, told };
        if (!policy.enforced || effect === 'audit') audited.push(finding);
        else if (effect === 'deny') denied.push(finding);
        else if (effect === 'append' || effect === 'modify') {
          const changed = changedBy(policy, effect, current, contextOf(evaluation));
          if (changed.conflict !== undefined)
            denied.push({ ...finding, because: `'${changed.conflict}' has another value than the policy wants` });
          current = { ...current, content: changed.content };
        }
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        if (policy.enforced && !denied.some((finding) => finding.policy === policy))
          denied.push({ policy, effect: 'deny', told: [], because: messageOf(error) });
      }
    }
  }
  return { content: current.content, denied, audited };
}

function changedBy(
  { definition }: AssignedPolicy,
  effect: 'append' | 'modify',
  { type, content }: PolicyResource,
  context: ExpressionContext,
): { readonly content: JsonObject; readonly conflict: string | undefined } {
  const { details } = definition.rule;
  if (effect === 'append') return appended(type, content, details, context);
  try {
    return { content: modified(type, content, details, context), conflict: undefined };
  } catch (error) {
    // What a rule says is to happen when it cannot have its way: audit and disabled let the write pass.
    const conflict = written((details as JsonObject)['conflictEffect'] ?? 'deny').toLowerCase();
    if (error instanceof PolicyError && conflict !== 'deny') return { content, conflict: undefined };
    throw error;
  }
}
