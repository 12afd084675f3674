import { CodedError } from '@sallyport/model';

/** What can be wrong with a definition, an assignment or an evaluation. */
export type PolicyErrorCode =
  | 'InvalidPolicyRule'
  | 'InvalidPolicyParameters'
  | 'PolicyParameterValueNotAllowed'
  | 'PolicyEffectNotSupported'
  | 'PolicyEvaluationFailed'
  | 'ResourceIdentityRequired';

export class PolicyError extends CodedError<PolicyErrorCode> {
  override readonly name = 'PolicyError';
}
