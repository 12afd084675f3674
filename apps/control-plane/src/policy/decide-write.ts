/**
 * What the assigned policies say to a write (S5.1): first what they change, then whether one of them denies the outcome, then
 * what is only put on record. A rule that cannot be evaluated denies: policy can narrow, and never fails open (S5.3). Pure.
 */
import { messageOf } from '@sallyport/model';
import { appended, modified } from './change.ts';
import { evaluatedEffects, type EvaluatedEffect, type PolicyDefinition } from './definition.ts';
import { evaluateValue, type ExpressionContext } from './expression/evaluate.ts';
import { type JsonObject, written } from './json.ts';
import { PolicyError } from './policy-error.ts';
import { contextOf, evaluateCondition, type EvaluatedExpression, type Evaluation } from './rule/evaluate-condition.ts';
import type { PolicyResource } from './rule/field.ts';

/** One definition as it is in force: an assignment of an initiative is one for each of its members. */
export interface AssignedPolicy {
  readonly definition: PolicyDefinition;
  readonly definitionId: string;
  readonly assignmentId: string;
  readonly assignmentName: string;
  readonly assignmentDisplayName: string;
  readonly scope: string;
  readonly parameters: JsonObject;
  /** False for `DoNotEnforce`: looked at, and neither denies nor changes. */
  readonly enforced: boolean;
  readonly nonComplianceMessage: string;
}

/** What rules may ask about the request and the world around the resource. */
export type Surroundings = Pick<ExpressionContext, 'requestContext' | 'subscription' | 'resourceGroup' | 'utcNow'>;

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
    ({ definition }) => definition.mode === 'all' || (definition.mode === 'indexed' && indexed),
  );
  for (const order of [['append', 'modify'], ['deny'], ['audit']] as const) {
    for (const policy of looked) {
      try {
        const evaluation = evaluationOf(policy, current, surroundings);
        const effect = effectOf(policy, contextOf(evaluation));
        if (!(order as readonly string[]).includes(effect)) continue;
        const { fulfilled, told } = evaluateCondition(policy.definition.rule.condition, evaluation);
        if (!fulfilled) continue;
        const finding: Finding = { policy, effect, told };
        if (!policy.enforced || effect === 'audit') audited.push(finding);
        else if (effect === 'deny') denied.push(finding);
        else if (effect !== 'disabled') {
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

function evaluationOf(policy: AssignedPolicy, resource: PolicyResource, surroundings: Surroundings): Evaluation {
  const { parameters, assignmentId, definitionId } = policy;
  return {
    resource,
    context: {
      ...surroundings,
      policy: { assignmentId, definitionId, setDefinitionId: null },
      parameter: (name) => {
        const found = Object.entries(parameters).find(([one]) => one.toLowerCase() === name.toLowerCase());
        if (found === undefined) throw new PolicyError('PolicyEvaluationFailed', `There is no parameter '${name}'.`);
        return found[1];
      },
    },
  };
}

/** The effect as it is for an assignment. Throws {@link PolicyError} for one that is not evaluated here. */
export function effectOf(policy: AssignedPolicy, context: ExpressionContext): EvaluatedEffect {
  const word = written(evaluateValue(policy.definition.rule.effect, context)).toLowerCase();
  const effect = evaluatedEffects.find((known) => known === word);
  if (effect !== undefined) return effect;
  throw new PolicyError(
    'PolicyEffectNotSupported',
    `The effect '${word}' is not carried out by this control plane; there are ${evaluatedEffects.join(', ')}.`,
  );
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
