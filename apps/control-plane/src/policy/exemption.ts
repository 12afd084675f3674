/** Exemptions: what an assignment does not hold for, why, and until when (`policyExemptions`). Pure. */
import { isList, written, type JsonObject } from './json.ts';
import { PolicyError } from './policy-error.ts';
import type { PolicyResource } from './rule/field.ts';
import { parseResourceSelectors, selects, type Selector } from './selector.ts';
import { covers } from '../rbac/scope.ts';

export interface Exemption {
  readonly id: string;
  readonly scope: string;
  readonly category: 'Waiver' | 'Mitigated';
  /** Lower case: the members of an initiative that it is for; none is all of them. */
  readonly referenceIds: readonly string[];
  readonly resourceSelectors: readonly (readonly Selector[])[];
  /** Milliseconds since 1970; undefined for one that does not end. */
  readonly expiresAt: number | undefined;
}

/** What an exemption says, and of which assignment it speaks. Throws {@link PolicyError}. */
export function parseExemption(
  id: string,
  scope: string,
  properties: JsonObject,
): { readonly assignmentId: string; readonly exemption: Exemption } {
  const assignmentId = properties['policyAssignmentId'];
  if (typeof assignmentId !== 'string' || assignmentId === '')
    throw wrong("'properties.policyAssignmentId' names the assignment that the exemption is from.");
  const category = written(properties['exemptionCategory'] ?? '');
  const known = (['Waiver', 'Mitigated'] as const).find((one) => one.toLowerCase() === category.toLowerCase());
  if (known === undefined)
    throw wrong(`'properties.exemptionCategory' is Waiver or Mitigated, not '${category.slice(0, 50)}'.`);
  const references = properties['policyDefinitionReferenceIds'] ?? [];
  if (!isList(references)) throw wrong("'properties.policyDefinitionReferenceIds' is a list.");
  const expiresOn = properties['expiresOn'] ?? undefined;
  const expiresAt = expiresOn === undefined ? undefined : Date.parse(written(expiresOn));
  if (expiresAt !== undefined && Number.isNaN(expiresAt))
    throw wrong(`'properties.expiresOn' is a time, not '${written(expiresOn).slice(0, 50)}'.`);
  return {
    assignmentId,
    exemption: {
      id,
      scope,
      category: known,
      referenceIds: references.map((one) => written(one).toLowerCase()),
      resourceSelectors: parseResourceSelectors(properties['resourceSelectors']),
      expiresAt,
    },
  };
}

/** The exemption that a policy does not hold for a resource because of, if there is one. */
export function exemptionOf(
  policy: { readonly exemptions: readonly Exemption[]; readonly member: { readonly referenceId: string } | undefined },
  resource: PolicyResource,
  utcNow: string,
): Exemption | undefined {
  const referenceId = policy.member?.referenceId.toLowerCase();
  return policy.exemptions.find(
    (one) =>
      covers(one.scope, resource.id) &&
      (one.expiresAt === undefined || one.expiresAt > Date.parse(utcNow)) &&
      (one.referenceIds.length === 0 || (referenceId !== undefined && one.referenceIds.includes(referenceId))) &&
      (one.resourceSelectors.length === 0 || one.resourceSelectors.some((set) => selects(set, resource))),
  );
}

function wrong(sentence: string): PolicyError {
  return new PolicyError('InvalidPolicyParameters', sentence);
}
