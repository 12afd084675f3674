/** A request that ARM refuses: a status, a code of the catalogue of arm-api §8.2, one sentence. */
import { CodedError } from '@sallyport/model';

/** The codes in use and the HTTP status of each. */
export const armErrorStatus = {
  AuthenticationFailed: 401,
  InvalidAuthenticationToken: 401,
  AuthorizationFailed: 403,
  MissingApiVersionParameter: 400,
  InvalidApiVersionParameter: 400,
  NoRegisteredProviderFound: 400,
  InvalidResourceType: 404,
  InvalidResourceNamespace: 404,
  InvalidRequestContent: 400,
  InvalidResourceName: 400,
  InvalidParameter: 400,
  InvalidFilter: 400,
  LocationRequired: 400,
  ExtensionNotFound: 400,
  ExtensionVersionNotFound: 400,
  CatalogUnavailable: 400,
  SettingsTooLarge: 400,
  MachineKeyMissing: 400,
  MethodNotAllowed: 405,
  UnsupportedMediaType: 415,
  RequestEntityTooLarge: 413,
  SubscriptionNotFound: 404,
  ResourceGroupNotFound: 404,
  ResourceNotFound: 404,
  ParentResourceNotFound: 404,
  OperationNotFound: 404,
  HCRP409: 409,
  ScopeLocked: 409,
  MachineNotQuarantined: 409,
  MachineQuarantined: 409,
  PropertyChangeNotAllowed: 409,
  ExtensionAlreadyOnMachine: 409,
  NothingInProgress: 409,
  MachineAlreadyConnected: 409,
  MachineIdInUse: 409,
  InvalidResourceLocation: 409,
  RequestDisallowedByPolicy: 403,
  InvalidPolicyRule: 400,
  InvalidPolicyParameters: 400,
  PolicyParameterValueNotAllowed: 400,
  PolicyEffectNotSupported: 400,
  PolicyEvaluationFailed: 400,
  ResourceIdentityRequired: 400,
  PolicyDefinitionNotFound: 404,
  PolicyExemptionNotFound: 404,
  PolicyAssignmentNotFound: 404,
  PolicyDefinitionInUse: 409,
  InvalidTemplate: 400,
  InvalidDeployment: 400,
  DeploymentActive: 409,
  DeploymentNotFound: 404,
  RoleDefinitionDoesNotExist: 404,
  RoleDefinitionWithSameNameExists: 409,
  RoleDefinitionHasAssignments: 409,
  RoleDefinitionNotAssignable: 400,
  BuiltInRoleCannotBeChanged: 400,
  RoleAssignmentExists: 409,
  RoleAssignmentUpdateNotPermitted: 400,
  PrincipalNotFound: 400,
  CredentialExists: 409,
  ConditionsNotSupported: 400,
  CannotDeleteLastRbacAdmin: 409,
  PreconditionFailed: 412,
  TooManyRequests: 429,
  InternalServerError: 500,
  ServiceUnavailable: 503,
} as const;

export type ArmErrorCode = keyof typeof armErrorStatus;

/** Thrown by handlers; the pipeline answers it as `{"error":{"code","message","target"}}`. */
export class ArmError extends CodedError<ArmErrorCode> {
  override readonly name = 'ArmError';
  readonly target: string | undefined;
  /** For `MethodNotAllowed`: the methods there are, as the header `Allow` names them. */
  readonly allowed: string | undefined;
  /** For `TooManyRequests`: when to come again. */
  readonly retryAfterSeconds: number | undefined;
  /** What ARM's envelope has for a machine to read, `{type, info}` each. */
  readonly additionalInfo: readonly unknown[] | undefined;
  constructor(
    code: ArmErrorCode,
    message: string,
    target?: string,
    more: {
      readonly allowed?: string;
      readonly additionalInfo?: readonly unknown[];
      readonly retryAfterSeconds?: number;
    } = {},
  ) {
    super(code, message);
    this.target = target;
    this.allowed = more.allowed;
    this.additionalInfo = more.additionalInfo;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
  get status(): number {
    return armErrorStatus[this.code];
  }
}
