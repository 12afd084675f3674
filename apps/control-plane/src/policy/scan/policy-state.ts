/** What is known of one resource under one assigned policy: the record that queries are about (arm-api §7.4). */
import { parseResourceId } from '@sallyport/model';
import type { AssignedPolicy } from '../assigned-policy.ts';
import type { Compliance } from '../compliance.ts';
import { isObject, member, type Json, type JsonObject, written } from '../json.ts';
import type { PolicyResource } from '../rule/field.ts';

export type PolicyState = JsonObject;

/** The record. Times are added where it is read. */
export function policyStateOf(policy: AssignedPolicy, resource: PolicyResource, found: Compliance): PolicyState {
  const id = parseResourceId(resource.id);
  const { definition, member: part } = policy;
  const tags = member(resource.content, 'tags');
  return {
    resourceId: resource.id,
    policyAssignmentId: policy.assignmentId,
    policyDefinitionId: policy.definitionId,
    effectiveParameters: JSON.stringify(policy.parameters),
    isCompliant: found.state === 'Compliant' || found.state === 'Exempt' || found.state === 'Protected',
    subscriptionId: id?.subscriptionId ?? '',
    resourceType: resource.type,
    resourceLocation: written(member(resource.content, 'location') ?? ''),
    resourceGroup: id?.resourceGroup ?? '',
    resourceTags: isObject(tags) ? JSON.stringify(tags) : 'tbd',
    policyAssignmentName: policy.assignmentName,
    policyAssignmentOwner: 'tbd',
    policyAssignmentParameters: JSON.stringify(policy.parameters),
    policyAssignmentScope: policy.scope,
    policyDefinitionName: policy.definitionId.split('/').at(-1) ?? '',
    policyDefinitionAction: found.effect,
    policyDefinitionCategory: definition.category,
    policySetDefinitionId: part?.setDefinitionId ?? '',
    policySetDefinitionName: part?.setDefinitionId.split('/').at(-1) ?? '',
    policyDefinitionReferenceId: part?.referenceId ?? '',
    policyDefinitionGroupNames: [...policy.groupNames],
    managementGroupIds: '',
    complianceState: found.state,
    complianceReasonCode: found.because ?? '',
    ...(found.exemptionId === undefined ? {} : { policyExemptionIds: [found.exemptionId] }),
    policyEvaluationDetails: {
      evaluatedExpressions: found.told as unknown as Json,
      ...(found.related === undefined
        ? {}
        : { ifNotExistsDetails: { resourceId: found.related.resourceId ?? '', totalResources: found.related.total } }),
    },
  };
}
