import type { ActivityCutRow, ActivityEventRow, FollowedLogRow } from './activity-log-rows.ts';
import type {
  AutomaticUpgradeRow,
  MachineUpgradeSettingsRow,
  RolloutRow,
  RolloutSettingsRow,
} from './automatic-upgrade-rows.ts';
import type { ExtensionRow, OperationOrderRow, OperationRow } from './extension-rows.ts';
import type {
  AuthorizationCodeRow,
  CertificateCredentialRow,
  DeviceCodeRow,
  FederatedCredentialRow,
  PrincipalRow,
  RefreshTokenRow,
  SessionRow,
  SignInFailureRow,
  SigningKeyRow,
  UsedAssertionRow,
} from './identity-rows.ts';
import type { HeartbeatRow, MachineKeyRow, MachineRow, MachineStatementRow } from './machine-rows.ts';
import type { PolicyDueRow, PolicyObjectRow, PolicyStateRow } from './policy-rows.ts';
import type { PlainResourceRow, ResourceGroupRow, ResourceTagRow, SubscriptionRow } from './resource-rows.ts';
import type { RoleAssignmentRow, RoleDefinitionRow } from './role-rows.ts';
import type { MigrationRow, SharedFileRow } from './store-rows.ts';

/**
 * The tables as Kysely sees them. Times are milliseconds since 1970; JSON is text, written and read by the code that owns the
 * column; `…_key` columns hold the lower-case form that names are compared in. Plain types only, so that PostgreSQL can hold
 * the same tables.
 */
export interface Schema {
  readonly kysely_migration: MigrationRow;
  readonly plain_resources: PlainResourceRow;
  readonly resource_tags: ResourceTagRow;
  readonly policy_states: PolicyStateRow;
  readonly policy_due: PolicyDueRow;
  readonly followed_logs: FollowedLogRow;
  readonly rollouts: RolloutRow;
  readonly rollout_settings: RolloutSettingsRow;
  readonly machine_upgrade_settings: MachineUpgradeSettingsRow;
  readonly automatic_upgrades: AutomaticUpgradeRow;
  readonly subscriptions: SubscriptionRow;
  readonly principals: PrincipalRow;
  readonly resource_groups: ResourceGroupRow;
  readonly machines: MachineRow;
  readonly machine_keys: MachineKeyRow;
  readonly machine_statements: MachineStatementRow;
  readonly heartbeats: HeartbeatRow;
  readonly extensions: ExtensionRow;
  readonly operations: OperationRow;
  readonly operation_orders: OperationOrderRow;
  readonly activity_events: ActivityEventRow;
  readonly activity_cuts: ActivityCutRow;
  readonly used_assertions: UsedAssertionRow;
  readonly signing_keys: SigningKeyRow;
  readonly certificate_credentials: CertificateCredentialRow;
  readonly federated_credentials: FederatedCredentialRow;
  readonly sessions: SessionRow;
  readonly refresh_tokens: RefreshTokenRow;
  readonly authorization_codes: AuthorizationCodeRow;
  readonly device_codes: DeviceCodeRow;
  readonly sign_in_failures: SignInFailureRow;
  readonly policy_objects: PolicyObjectRow;
  readonly role_definitions: RoleDefinitionRow;
  readonly role_assignments: RoleAssignmentRow;
  readonly shared_files: SharedFileRow;
}
