/** Policy definitions and initiatives, parsed from what clients send (arm-api §7). Everything that is kept has been understood. */
import { checkTexts, parseCondition, type Condition } from './rule/condition.ts';
import { isList, isObject, type Json, type JsonObject, written } from './json.ts';
import { parseParameters, type Parameters } from './parameters.ts';
import { knownEffects } from './effect.ts';
import { PolicyError } from './policy-error.ts';
import { parseRelatedRule, type RelatedRule } from './related-rule.ts';

export interface PolicyRule {
  readonly condition: Condition;
  /** The word, or an expression that gives it. */
  readonly effect: string;
  readonly details: Json | undefined;
  /** What `auditIfNotExists` and `deployIfNotExists` look for. */
  readonly related: RelatedRule | undefined;
}

export interface PolicyDefinition {
  readonly kind: 'definition';
  readonly displayName: string;
  readonly category: string;
  /** In lower case: `all`, `indexed`, or one of a resource provider, which nothing here evaluates. */
  readonly mode: string;
  readonly parameters: Parameters;
  readonly rule: PolicyRule;
  /** Whether anything of the rule is about tags. */
  readonly looksAtTags: boolean;
}

export interface InitiativeMember {
  readonly definitionId: string;
  readonly referenceId: string;
  readonly groupNames: readonly string[];
  readonly parameters: JsonObject;
}

/** A set of definitions that is assigned as one. */
export interface Initiative {
  readonly kind: 'initiative';
  readonly displayName: string;
  readonly parameters: Parameters;
  readonly members: readonly InitiativeMember[];
}

/** Throws {@link PolicyError} `InvalidPolicyRule` or `InvalidPolicyParameters`. */
export function parseDefinition(properties: JsonObject): PolicyDefinition {
  const rule = properties['policyRule'];
  if (!isObject(rule))
    throw new PolicyError('InvalidPolicyRule', "A policy definition needs 'policyRule' with 'if' and 'then'.");
  const then = rule['then'];
  const effect = isObject(then) ? then['effect'] : undefined;
  if (!isObject(then) || typeof effect !== 'string')
    throw new PolicyError('InvalidPolicyRule', "'policyRule.then' needs an 'effect'.");
  checkTexts(effect);
  if (!effect.startsWith('[') && !knownEffects.some((known) => known === effect.toLowerCase()))
    throw new PolicyError('InvalidPolicyRule', `There is no effect '${effect.slice(0, 50)}'.`);
  return {
    kind: 'definition',
    displayName: textOr(properties['displayName'], ''),
    category: isObject(properties['metadata']) ? textOr(properties['metadata']['category'], '') : '',
    mode: textOr(properties['mode'], 'indexed').toLowerCase(),
    parameters: parseParameters(properties['parameters']),
    rule: {
      condition: parseCondition(rule['if']),
      effect,
      details: then['details'],
      related: parseRelatedRule(then['details']),
    },
    looksAtTags: /tags/i.test(JSON.stringify(rule)),
  };
}

/** Throws {@link PolicyError} when it is not a set of definitions. */
export function parseInitiative(properties: JsonObject): Initiative {
  const list = properties['policyDefinitions'];
  if (!isList(list) || list.length === 0)
    throw new PolicyError('InvalidPolicyRule', "A policy set definition needs 'policyDefinitions'.");
  const members = list.map((one, index): InitiativeMember => {
    const definitionId = isObject(one) ? one['policyDefinitionId'] : undefined;
    if (!isObject(one) || typeof definitionId !== 'string')
      throw new PolicyError('InvalidPolicyRule', `'policyDefinitions[${index}]' needs a 'policyDefinitionId'.`);
    return {
      definitionId,
      referenceId: textOr(one['policyDefinitionReferenceId'], written(index)),
      groupNames: isList(one['groupNames']) ? one['groupNames'].map(written) : [],
      parameters: given(one['parameters'], `policyDefinitions[${index}].parameters`),
    };
  });
  return {
    kind: 'initiative',
    displayName: textOr(properties['displayName'], ''),
    parameters: parseParameters(properties['parameters']),
    members,
  };
}

/** `{"name":{"value":…}}` as name and value. Throws {@link PolicyError} `InvalidPolicyParameters`. */
export function given(json: Json | undefined, where: string): JsonObject {
  if (json === undefined || json === null) return {};
  if (!isObject(json)) throw new PolicyError('InvalidPolicyParameters', `'${where}' is an object of parameters.`);
  return Object.fromEntries(
    Object.entries(json).map(([name, one]) => {
      if (!isObject(one) || one['value'] === undefined)
        throw new PolicyError('InvalidPolicyParameters', `'${where}.${name}' needs a 'value'.`);
      return [name, one['value']];
    }),
  );
}

function textOr(value: Json | undefined, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
