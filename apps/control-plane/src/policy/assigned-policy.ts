/** One definition as it is in force: what an assignment makes of it, and where it holds. Pure. */
import type { PolicyDefinition } from './definition.ts';
import { evaluateValue, type ExpressionContext } from './expression/evaluate.ts';
import { evaluatedEffects, type EvaluatedEffect } from './effect.ts';
import { member, written, type JsonObject } from './json.ts';
import { PolicyError } from './policy-error.ts';
import type { Exemption } from './exemption.ts';
import type { PolicyResource } from './rule/field.ts';
import { selects, type Selector } from './selector.ts';
import type { Evaluation } from './rule/evaluate-condition.ts';

/** An assignment of an initiative is one of these for each of its members. */
export interface AssignedPolicy {
  readonly definition: PolicyDefinition;
  readonly definitionId: string;
  /** Of an initiative's member; undefined when a definition is assigned by itself. */
  readonly member: { readonly setDefinitionId: string; readonly referenceId: string } | undefined;
  readonly groupNames: readonly string[];
  readonly assignmentId: string;
  readonly assignmentName: string;
  readonly assignmentDisplayName: string;
  readonly scope: string;
  readonly notScopes: readonly string[];
  readonly parameters: JsonObject;
  /** False for `DoNotEnforce`: looked at, and neither denies nor changes. */
  readonly enforced: boolean;
  readonly nonComplianceMessage: string;
  /** Sets of selectors, of which a resource has to fit one; none is every resource. */
  readonly resourceSelectors: readonly (readonly Selector[])[];
  /** Other effects than the definition's, for what the selectors fit. The first that fits counts. */
  readonly overrides: readonly { readonly effect: string; readonly selectors: readonly Selector[] }[];
  readonly exemptions: readonly Exemption[];
  /** When it was assigned: what was written before that is remediated, and is not deployed to by itself. Milliseconds since 1970. */
  readonly assignedAt: number;
  /** Object id of the identity that deploys for `deployIfNotExists`. */
  readonly identity: string | undefined;
}

/** What rules may ask about the request and the world around the resource. */
export type Surroundings = Pick<ExpressionContext, 'requestContext' | 'subscription' | 'resourceGroup' | 'utcNow'>;

/** Whether an assignment concerns a resource: by the mode of its definition and its resource selectors. */
export function concerns(
  { definition, resourceSelectors }: AssignedPolicy,
  resource: PolicyResource,
  indexed: boolean,
): boolean {
  if (definition.mode !== 'all' && !(definition.mode === 'indexed' && indexed)) return false;
  return resourceSelectors.length === 0 || resourceSelectors.some((set) => selects(set, resource));
}

/** What the rules of a policy are evaluated with. */
export function evaluationOf(policy: AssignedPolicy, resource: PolicyResource, surroundings: Surroundings): Evaluation {
  const { parameters, assignmentId, definitionId } = policy;
  return {
    resource,
    context: {
      ...surroundings,
      policy: { assignmentId, definitionId, setDefinitionId: policy.member?.setDefinitionId ?? null },
      parameter: (name) => {
        const found = member(parameters, name);
        if (found === undefined) throw new PolicyError('PolicyEvaluationFailed', `There is no parameter '${name}'.`);
        return found;
      },
    },
  };
}

/** The effect for a resource. Throws {@link PolicyError} for one that is not evaluated here. */
export function effectOf(
  policy: AssignedPolicy,
  context: ExpressionContext,
  resource: PolicyResource,
): EvaluatedEffect {
  const override = policy.overrides.find(({ selectors }) => selects(selectors, resource));
  const word = (override?.effect ?? written(evaluateValue(policy.definition.rule.effect, context))).toLowerCase();
  const effect = evaluatedEffects.find((known) => known === word);
  if (effect !== undefined) return effect;
  throw new PolicyError(
    'PolicyEffectNotSupported',
    `The effect '${word}' is not carried out by this control plane; there are ${evaluatedEffects.join(', ')}.`,
  );
}
