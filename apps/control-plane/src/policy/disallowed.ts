/** A refusal by policy, as ARM words it (arm-api §7.4). */
import { ArmError } from '../arm/arm-error.ts';
import type { Finding } from './decide-write.ts';

/** The error for a resource that policies stand against. `action` is what was refused, when it is no write. */
export function disallowed(name: string, denied: readonly Finding[], action?: 'delete'): ArmError {
  const identifiers = denied.map(({ policy }) => ({
    policyAssignment: { name: policy.assignmentDisplayName || policy.assignmentName, id: policy.assignmentId },
    policyDefinition: { name: policy.definition.displayName || policy.definitionId, id: policy.definitionId },
  }));
  const reasons = denied.flatMap(({ policy, because }) => [policy.nonComplianceMessage, because ?? '']);
  const why = reasons.filter((reason) => reason !== '').map((reason) => ` ${reason.replace(/\.?$/, '.')}`);
  return new ArmError(
    'RequestDisallowedByPolicy',
    `${action === undefined ? 'Resource' : 'Deletion of resource'} '${name}' was disallowed by policy.${why.join('')} Policy identifiers: '${JSON.stringify(identifiers)}'.`,
    name,
    {
      additionalInfo: denied.map(({ policy, told }) => ({
        type: 'PolicyViolation',
        info: {
          policyDefinitionDisplayName: policy.definition.displayName,
          policyDefinitionId: policy.definitionId,
          policyDefinitionName: policy.definitionId.split('/').at(-1),
          policyDefinitionEffect: action === undefined ? 'deny' : 'denyAction',
          ...(policy.member === undefined
            ? {}
            : {
                policySetDefinitionId: policy.member.setDefinitionId,
                policyDefinitionReferenceId: policy.member.referenceId,
              }),
          policyAssignmentId: policy.assignmentId,
          policyAssignmentName: policy.assignmentName,
          policyAssignmentDisplayName: policy.assignmentDisplayName,
          policyAssignmentScope: policy.scope,
          policyAssignmentParameters: Object.fromEntries(
            Object.entries(policy.parameters).map(([parameter, value]) => [parameter, { value }]),
          ),
          policyExemptionIds: [],
          evaluationDetails: { evaluatedExpressions: told },
        },
      })),
    },
  );
}
