/**
 * The tables as Kysely sees them. Times are milliseconds since 1970; JSON is text, written and read by the code that owns the
 * column; `…_key` columns hold the lower-case form that names are compared in. Plain types only, so that PostgreSQL can hold
 * the same tables.
 */
import type { Generated } from 'kysely';

export interface SubscriptionRow {
  readonly subscription_id: string;
  readonly tenant_id: string;
  readonly display_name: string;
  readonly tags: Generated<string>;
}

/** Who can get a token: a service principal by its credentials, a machine by its key, a person by name and password. */
export interface PrincipalRow {
  readonly object_id: string;
  /** What it signs in as, lower case: a GUID, for people their user name, which is no GUID. */
  readonly client_id: string;
  readonly kind: 'ServicePrincipal' | 'Machine' | 'User';
  readonly display_name: string;
  /** scrypt: the secret of a service principal, the password of a person; null for who has none. */
  readonly secret_hash: string | null;
  /** Base64 of the PKCS#1 DER, for machines. */
  readonly public_key: string | null;
  /** The machine that the principal is, for machines. */
  readonly vm_id: string | null;
  readonly created_at: number;
}

export interface ResourceGroupRow {
  readonly subscription_id: string;
  readonly name_key: string;
  readonly name: string;
  readonly location: string;
  readonly tags: string;
  readonly created_at: number;
}

export interface MachineRow {
  /** The machine's own id, lower case: the key of everything the agent speaks about. */
  readonly vm_id: string;
  readonly subscription_id: string;
  readonly group_key: string;
  readonly group_name: string;
  readonly name_key: string;
  readonly name: string;
  readonly location: string;
  readonly tags: string;
  readonly principal_id: string;
  readonly public_key: string;
  /** Since when it has this key; 0 for one that is to be renewed at once. */
  readonly key_since: number;
  /** Since when it is quarantined, and how its copy was noticed (`QuarantineReason`); null for a machine that is not. */
  readonly quarantined_at: number | null;
  readonly quarantine_reason: string | null;
  /** What of `properties` the creator may set, as JSON. */
  readonly properties: string;
  /** Generation of the goal state; grows with every change of it. */
  readonly generation: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** What a machine last said of itself: observations, written in batches, without activity events. */
export interface HeartbeatRow {
  readonly vm_id: string;
  readonly received_at: number;
  /** Since when the machine is connected without a gap. */
  readonly connected_since: number;
  readonly agent_version: string;
  readonly generation: number;
  readonly agent_configuration: string;
  readonly service_statuses: string;
  readonly system: string;
  /** The highest number that a heartbeat has repeated, and the one that that came from (`machines/beat.ts`); 0 for none. */
  readonly beat: number;
  readonly beat_from: number;
  /** Grows when the line of beats forks. */
  readonly forks: number;
}

/** Keys of machines beside the one in `machines`: brought and not used yet, or replaced. */
export interface MachineKeyRow {
  readonly public_key: string;
  readonly vm_id: string;
  readonly state: 'next' | 'retired';
  readonly since: number;
}

export interface ExtensionRow {
  readonly vm_id: string;
  readonly name_key: string;
  readonly name: string;
  readonly location: string;
  readonly tags: string;
  /** `publisher/type` in lower case. */
  readonly extension_key: string;
  readonly publisher: string;
  readonly type: string;
  /** As asked for; '' when the request named none. */
  readonly type_handler_version: string;
  readonly auto_upgrade_minor_version: number;
  readonly enable_automatic_upgrade: number | null;
  readonly force_update_tag: string | null;
  readonly settings: string | null;
  /** The operation that last changed the resource. */
  readonly operation_id: string;
  /** Highest sequence number ever given out for this resource. */
  readonly sequence: number;
  /** What the machine is to have, as JSON (`ExtensionGoal`), or null when nothing is wanted of it. */
  readonly goal: string | null;
  /** What `goal` goes back to when the machine never comes for the operation; null for nothing. */
  readonly lapse_goal: string | null;
  /** What the machine last reported to have; '' for nothing. */
  readonly installed_version: string;
  /** The handler's last status as JSON, or null. */
  readonly status: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

export interface OperationRow {
  readonly operation_id: string;
  readonly vm_id: string;
  readonly subscription_id: string;
  readonly location: string;
  readonly resource_id: string;
  readonly extension_name_key: string;
  readonly kind: 'install' | 'update' | 'upgrade' | 'delete';
  readonly state: string;
  readonly created_at: number;
  readonly deadline_at: number;
  readonly ended_at: number | null;
  /** States gone through, with their times, as JSON (`OperationStep[]`). */
  readonly steps: string;
  /** What it is at, as JSON (`OperationProgress`), or null when the machine does not say or it is over. */
  readonly progress: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  /** The server's explanation as JSON, or null. */
  readonly explanation: string | null;
  /** Who asked and how, as JSON (`EventOrigin`), for the event that ends the operation. */
  readonly origin: string;
}

export interface ActivityEventRow {
  /** From 1, without gaps. */
  readonly position: number;
  readonly event_data_id: string;
  readonly subscription_id: string;
  /** ISO 8601, UTC, milliseconds: sorts as text. */
  readonly event_timestamp: string;
  readonly group_key: string;
  readonly resource_key: string;
  readonly provider_key: string;
  readonly correlation_id: string;
  readonly caller_key: string;
  readonly status: string;
  /** The whole event as served. */
  readonly event: string;
  /** Covers this row and the hash of the one before it (`activity-log/chain.ts`). */
  readonly hash: string;
}

/** Client assertions that were used, until they expire: none is accepted twice. */
export interface UsedAssertionRow {
  readonly client_id: string;
  readonly jti: string;
  readonly expires_at: number;
}

/** The public half of a key that some control plane signs tokens with, or did; private halves never leave its state directory. */
export interface SigningKeyRow {
  readonly key_id: string;
  readonly public_jwk: string;
  readonly created_at: number;
  /** Set when another took its place; what it signed before stays good until it expires. */
  readonly retired_at: number | null;
}

/** A certificate whose holder is a service principal. */
export interface CertificateCredentialRow {
  readonly credential_id: string;
  readonly client_id: string;
  /** Base64 of the DER. */
  readonly certificate: string;
  /** SHA-256 of the DER, hex in lower case. */
  readonly thumbprint: string;
  readonly created_at: number;
}

/** Who of an identity provider is a service principal or a person here. */
export interface FederatedCredentialRow {
  readonly credential_id: string;
  readonly client_id: string;
  readonly issuer: string;
  readonly subject: string;
  /** What an assertion that is exchanged for a token has to be for. */
  readonly audience: string;
  readonly created_at: number;
}

/** A person signed in with a client. Without its row, its tokens are nothing. */
export interface SessionRow {
  readonly session_id: string;
  readonly object_id: string;
  readonly client_id: string;
  readonly created_at: number;
  readonly expires_at: number;
}

/** Refresh tokens, used ones too: a used one that comes again is stolen. SHA-256, base64url. */
export interface RefreshTokenRow {
  readonly token_hash: string;
  readonly session_id: string;
  readonly expires_at: number;
  readonly used_at: number | null;
}

/** Codes that a browser brings back to a client, for a few minutes. */
export interface AuthorizationCodeRow {
  readonly code_hash: string;
  readonly object_id: string;
  readonly client_id: string;
  readonly redirect_uri: string;
  readonly code_challenge: string;
  readonly nonce: string;
  readonly expires_at: number;
  /** The session it was turned into; a code that comes twice ends it. */
  readonly session_id: string | null;
}

/** Devices that wait for a person to sign in elsewhere. */
export interface DeviceCodeRow {
  readonly code_hash: string;
  /** What people type, without the dash. */
  readonly user_code: string;
  readonly client_id: string;
  /** The address the device asked from, shown to whoever approves. */
  readonly asked_from: string;
  readonly answer: 'pending' | 'approved' | 'denied';
  readonly object_id: string | null;
  readonly polled_at: number;
  readonly expires_at: number;
}

/** Failed sign-ins by name, of names that nobody has too. */
export interface SignInFailureRow {
  readonly name_key: string;
  readonly failures: number;
  readonly failed_at: number;
  readonly blocked_until: number;
}

/** A custom role; the built-in ones are in the code. */
export interface RoleDefinitionRow {
  /** GUID in lower case. */
  readonly role_id: string;
  readonly name: string;
  readonly name_key: string;
  readonly description: string;
  /** JSON (`Permission[]`). */
  readonly permissions: string;
  /** JSON (`string[]`). */
  readonly assignable_scopes: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** Who may do what where. */
export interface RoleAssignmentRow {
  /** GUID in lower case. */
  readonly assignment_id: string;
  readonly scope: string;
  readonly scope_key: string;
  readonly role_id: string;
  /** The object id of a principal. */
  readonly principal_id: string;
  readonly description: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** A definition, an initiative, an assignment of policy, or an exemption from one. */
export interface PolicyObjectRow {
  readonly kind: 'policyDefinitions' | 'policySetDefinitions' | 'policyAssignments' | 'policyExemptions';
  readonly scope: string;
  readonly scope_key: string;
  readonly name: string;
  readonly name_key: string;
  /** JSON, as it was sent and understood. */
  readonly properties: string;
  /** For assignments with an identity: where it stands, and the principal that it is. */
  readonly location: string | null;
  readonly principal_id: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** A resource of a type that is only written and read (`resources/plain-resource.ts`). */
export interface PlainResourceRow {
  /** Its id in lower case. */
  readonly resource_key: string;
  readonly resource_id: string;
  readonly type: string;
  readonly subscription_id: string;
  readonly group_key: string;
  readonly location: string | null;
  readonly tags: string;
  /** JSON: what was written. */
  readonly properties: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** What the last look at a resource found for one assigned policy. */
export interface PolicyStateRow {
  readonly resource_key: string;
  readonly assignment_key: string;
  /** Of an initiative's member; '' when a definition is assigned by itself. */
  readonly reference_key: string;
  readonly resource_id: string;
  readonly state: string;
  /** When it was found; and since when it is so. */
  readonly evaluated_at: number;
  readonly changed_at: number;
  /** JSON (`PolicyState`): what queries are asked about. */
  readonly record: string;
}

/** What policy has to look at: a resource that changed, or everything at and beneath a scope. */
export interface PolicyDueRow {
  /** The id in lower case. */
  readonly scope_key: string;
  readonly scope: string;
  readonly reach: 'resource' | 'beneath';
  readonly due_at: number;
  /** When somebody wrote the resource, for what follows a write; null when it is only looked at. */
  readonly written_at: number | null;
  /** What follows a write has been done up to this time after it. */
  readonly done_until: number;
  /** For 'beneath': where it goes on. */
  readonly place: string | null;
}

/** How far the activity log has been followed. One row for each who follows. */
export interface FollowedLogRow {
  readonly follower: string;
  readonly position: number;
}

/** A file that control planes on one database have in common (`state/shared-files.ts`). */
export interface SharedFileRow {
  readonly name: string;
  readonly sealed: string;
}

/** A version that goes out to the machines of a subscription by itself, since when it is known, and what an operator said of it. */
export interface RolloutRow {
  readonly subscription_id: string;
  readonly extension_key: string;
  readonly version: string;
  readonly known_since: number;
  readonly order_kind: 'halt' | 'resume' | null;
  readonly order_at: number | null;
  readonly order_by: string | null;
}

export interface RolloutSettingsRow {
  readonly subscription_id: string;
  /** JSON (`RolloutSettings`). */
  readonly properties: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

export interface MachineUpgradeSettingsRow {
  readonly vm_id: string;
  /** JSON (`MachineUpgradeSettings`). */
  readonly properties: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** That an extension was upgraded by itself to a version, and how that went. */
export interface AutomaticUpgradeRow {
  readonly vm_id: string;
  readonly extension_name_key: string;
  readonly version: string;
  readonly operation_id: string;
  readonly outcome: 'running' | 'succeeded' | 'failed' | 'refused';
  /** When it began, and from the end on when it ended. */
  readonly at: number;
  readonly reason: string;
}

/** Kysely's own record of the migrations that were carried out. */
export interface MigrationRow {
  readonly name: string;
  readonly timestamp: string;
}

export interface Schema {
  readonly kysely_migration: MigrationRow;
  readonly plain_resources: PlainResourceRow;
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
  readonly heartbeats: HeartbeatRow;
  readonly extensions: ExtensionRow;
  readonly operations: OperationRow;
  readonly activity_events: ActivityEventRow;
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
