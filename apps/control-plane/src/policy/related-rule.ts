/** What `auditIfNotExists` and `deployIfNotExists` look for: another resource, and what to deploy where it is not. Pure. */
import { checkTexts, parseCondition, type Condition } from './rule/condition.ts';
import { isList, isObject, written, type Json, type JsonObject } from './json.ts';
import { PolicyError } from './policy-error.ts';

export interface RelatedRule {
  readonly type: string;
  /** A text or an expression; undefined for any name. */
  readonly name: string | undefined;
  /** Where resources that do not stand beneath the one that is looked at are looked for. */
  readonly scope: 'resourceGroup' | 'subscription';
  readonly resourceGroupName: string | undefined;
  /** Undefined when it is enough that one is there. */
  readonly condition: Condition | undefined;
  /** How long after a write it is looked for: ISO 8601, or `AfterProvisioning…`; undefined for what is usual. */
  readonly evaluationDelay: string | undefined;
  readonly deployment: Deployment | undefined;
}

export interface Deployment {
  /** Roles that the assignment's identity needs, by id. */
  readonly roleDefinitionIds: readonly string[];
  readonly scope: 'resourceGroup' | 'subscription';
  /** As in a deployment of ARM: `mode`, `template`, `parameters`; not yet evaluated. */
  readonly template: JsonObject;
  /** `{"name":{"value":…}}` with expressions of the rule. */
  readonly parameters: JsonObject;
}

/** Parses `then.details` of a rule that looks for another resource; undefined for details of another kind. Throws {@link PolicyError}. */
export function parseRelatedRule(details: Json | undefined): RelatedRule | undefined {
  if (!isObject(details) || typeof details['type'] !== 'string') return undefined;
  const { type, name, resourceGroupName, existenceCondition, evaluationDelay } = details;
  for (const text of [name, resourceGroupName, evaluationDelay]) if (text !== undefined) checkTexts(text);
  return {
    type,
    name: textOf(name),
    scope: scopeOf(details['existenceScope']),
    resourceGroupName: textOf(resourceGroupName),
    condition: existenceCondition === undefined ? undefined : parseCondition(existenceCondition),
    evaluationDelay: textOf(evaluationDelay),
    deployment: details['deployment'] === undefined ? undefined : parseDeployment(details),
  };
}

function parseDeployment(details: JsonObject): Deployment {
  const { deployment } = details;
  const properties = isObject(deployment) ? deployment['properties'] : undefined;
  const template = isObject(properties) ? properties['template'] : undefined;
  if (!isObject(properties) || !isObject(template))
    throw wrong("'details.deployment' needs 'properties.template', the template that is deployed.");
  const roles = details['roleDefinitionIds'];
  if (!isList(roles) || roles.length === 0)
    throw wrong("'details.roleDefinitionIds' names the roles that are needed to deploy.");
  const parameters = properties['parameters'];
  if (parameters !== undefined) checkTexts(parameters);
  return {
    roleDefinitionIds: roles.map((one) => written(one)),
    scope: scopeOf(details['deploymentScope']),
    template,
    parameters: isObject(parameters) ? parameters : {},
  };
}

function scopeOf(json: Json | undefined): 'resourceGroup' | 'subscription' {
  return written(json ?? '').toLowerCase() === 'subscription' ? 'subscription' : 'resourceGroup';
}

function textOf(json: Json | undefined): string | undefined {
  return typeof json === 'string' ? json : undefined;
}

function wrong(sentence: string): PolicyError {
  return new PolicyError('InvalidPolicyRule', sentence);
}
