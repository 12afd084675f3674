CREATE TABLE activity_cuts (
  position bigint not null primary key,
  hash text not null,
  checkpoint text not null
);

CREATE TABLE activity_events (
  position integer primary key autoincrement,
  event_data_id text not null unique,
  subscription_id text not null,
  event_timestamp text not null,
  group_key text not null,
  resource_key text not null,
  provider_key text not null,
  correlation_id text not null,
  caller_key text not null,
  status text not null,
  event text not null,
  hash text default '' not null
);

CREATE INDEX activity_events_by_correlation on activity_events (correlation_id);

CREATE INDEX activity_events_by_group ON activity_events (subscription_id, substr(group_key, 1, 100), position, event_timestamp);

CREATE INDEX activity_events_by_resource on activity_events (resource_key);

CREATE INDEX activity_events_by_time on activity_events (subscription_id, event_timestamp);

CREATE TABLE authorization_codes (
  code_hash text not null primary key,
  object_id text not null,
  client_id text not null,
  redirect_uri text not null,
  code_challenge text not null,
  nonce text not null,
  expires_at bigint not null,
  session_id text
);

CREATE TABLE automatic_upgrades (
  vm_id text not null,
  extension_name_key text not null,
  version text not null,
  operation_id text not null,
  outcome text not null,
  at bigint not null,
  reason text not null,
  constraint automatic_upgrades_key primary key (vm_id, extension_name_key, version)
);

CREATE TABLE certificate_credentials (
  credential_id text not null primary key,
  client_id text not null,
  certificate text not null,
  thumbprint text not null,
  created_at bigint not null,
  constraint certificate_credentials_once unique (client_id, thumbprint)
);

CREATE TABLE device_codes (
  code_hash text not null primary key,
  user_code text not null unique,
  client_id text not null,
  asked_from text not null,
  answer text not null,
  object_id text,
  polled_at bigint not null,
  expires_at bigint not null
);

CREATE TABLE extensions (
  vm_id text not null,
  name_key text not null,
  name text not null,
  location text not null,
  tags text not null,
  extension_key text not null,
  publisher text not null,
  type text not null,
  type_handler_version text not null,
  auto_upgrade_minor_version integer not null,
  enable_automatic_upgrade integer,
  force_update_tag text,
  settings text,
  operation_id text not null,
  sequence integer not null,
  goal text,
  lapse_goal text,
  installed_version text not null,
  status text,
  created_at bigint not null,
  created_by text not null,
  changed_at bigint not null,
  changed_by text not null,
  provision_after text,
  constraint extensions_key primary key (vm_id, name_key),
  constraint extensions_by_type unique (vm_id, extension_key)
);

CREATE INDEX extensions_by_version ON extensions (extension_key, installed_version);

CREATE TABLE federated_credentials (
  credential_id text not null primary key,
  client_id text not null,
  issuer text not null,
  subject text not null,
  audience text not null,
  created_at bigint not null,
  constraint federated_credentials_once unique (issuer, subject)
);

CREATE INDEX federated_credentials_of_client ON federated_credentials (client_id);

CREATE TABLE followed_logs (
  follower text not null primary key,
  position bigint not null
);

CREATE TABLE heartbeats (
  vm_id text not null primary key,
  received_at bigint not null,
  connected_since bigint not null,
  agent_version text not null,
  generation integer not null,
  agent_configuration text not null,
  service_statuses text not null,
  system text not null,
  beat bigint default 0 not null,
  beat_from bigint default 0 not null,
  forks integer default 0 not null,
  content_hash text default '' not null
);

CREATE INDEX heartbeats_forked ON heartbeats (vm_id) WHERE forks >= 12;

CREATE TABLE machine_keys (
  public_key text not null primary key,
  vm_id text not null,
  state text not null,
  since bigint not null
);

CREATE INDEX machine_keys_of_machine on machine_keys (vm_id);

CREATE TABLE machine_statements (
  vm_id text not null primary key,
  number bigint not null,
  statement text not null,
  received_at bigint not null
);

CREATE TABLE machine_upgrade_settings (
  vm_id text not null primary key,
  properties text not null,
  changed_at bigint not null,
  changed_by text not null
);

CREATE TABLE machines (
  vm_id text not null primary key,
  subscription_id text not null,
  group_key text not null,
  group_name text not null,
  name_key text not null,
  name text not null,
  location text not null,
  tags text not null,
  principal_id text not null,
  public_key text not null,
  properties text not null,
  generation integer not null,
  created_at bigint not null,
  created_by text not null,
  changed_at bigint not null,
  changed_by text not null,
  key_since bigint default 0 not null,
  quarantined_at bigint,
  quarantine_reason text,
  constraint machines_by_name unique (subscription_id, group_key, name_key)
);

CREATE TABLE operation_orders (
  vm_id text not null,
  operation_id text not null,
  signer text not null,
  presented text not null,
  added_at bigint not null,
  added_by text not null,
  constraint operation_orders_primary primary key (vm_id, operation_id, signer)
);

CREATE TABLE operations (
  operation_id text not null primary key,
  vm_id text not null,
  subscription_id text not null,
  location text not null,
  resource_id text not null,
  extension_name_key text not null,
  kind text not null,
  state text not null,
  created_at bigint not null,
  deadline_at bigint not null,
  ended_at bigint,
  steps text not null,
  error_code text,
  error_message text,
  explanation text,
  origin text not null,
  progress text
);

CREATE INDEX operations_ended ON operations (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX operations_of_machine ON operations (vm_id) WHERE ended_at IS NULL;

CREATE INDEX operations_running ON operations (deadline_at) WHERE ended_at IS NULL;

CREATE TABLE plain_resources (
  resource_key text not null primary key,
  resource_id text not null,
  type text not null,
  subscription_id text not null,
  group_key text not null,
  location text,
  tags text not null,
  properties text not null,
  created_at bigint not null,
  created_by text not null,
  changed_at bigint not null,
  changed_by text not null
);

CREATE INDEX plain_resources_by_type on plain_resources (type, resource_key);

CREATE TABLE policy_due (
  scope_key text not null,
  scope text not null,
  reach text not null,
  due_at bigint not null,
  written_at bigint,
  done_until bigint not null,
  place text,
  constraint policy_due_key primary key (scope_key, reach)
);

CREATE INDEX policy_due_by_time on policy_due (due_at);

CREATE TABLE policy_objects (
  kind text not null,
  scope text not null,
  scope_key text not null,
  name text not null,
  name_key text not null,
  properties text not null,
  created_at bigint not null,
  created_by text not null,
  changed_at bigint not null,
  changed_by text not null,
  location text,
  principal_id text,
  constraint policy_objects_key primary key (kind, scope_key, name_key)
);

CREATE TABLE policy_states (
  resource_key text not null,
  assignment_key text not null,
  reference_key text not null,
  resource_id text not null,
  state text not null,
  evaluated_at bigint not null,
  changed_at bigint not null,
  record text not null,
  constraint policy_states_key primary key (resource_key, assignment_key, reference_key)
);

CREATE INDEX policy_states_by_assignment on policy_states (assignment_key, resource_key);

CREATE TABLE principals (
  object_id text not null primary key,
  client_id text not null unique,
  kind text not null,
  display_name text not null,
  secret_hash text,
  public_key text unique,
  vm_id text unique,
  created_at bigint not null
);

CREATE TABLE refresh_tokens (
  token_hash text not null primary key,
  session_id text not null,
  expires_at bigint not null,
  used_at bigint
);

CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);

CREATE TABLE resource_groups (
  subscription_id text not null,
  name_key text not null,
  name text not null,
  location text not null,
  tags text not null,
  created_at bigint not null,
  constraint resource_groups_key primary key (subscription_id, name_key)
);

CREATE TABLE resource_tags (
  subscription_id text not null,
  kind text not null,
  tag_key text not null,
  place text not null,
  resource_key text not null,
  constraint resource_tags_key primary key (subscription_id, kind, tag_key, place)
);

CREATE INDEX resource_tags_of_resource on resource_tags (kind, resource_key);

CREATE TABLE role_assignments (
  assignment_id text not null primary key,
  scope text not null,
  scope_key text not null,
  role_id text not null,
  principal_id text not null,
  description text not null,
  created_at bigint not null,
  created_by text not null,
  changed_at bigint not null,
  changed_by text not null,
  constraint role_assignments_once unique (principal_id, scope_key, role_id)
);

CREATE INDEX role_assignments_by_scope on role_assignments (scope_key);

CREATE TABLE role_definitions (
  role_id text not null primary key,
  name text not null,
  name_key text not null unique,
  description text not null,
  permissions text not null,
  assignable_scopes text not null,
  created_at bigint not null,
  created_by text not null,
  changed_at bigint not null,
  changed_by text not null
);

CREATE TABLE rollout_settings (
  subscription_id text not null primary key,
  properties text not null,
  changed_at bigint not null,
  changed_by text not null
);

CREATE TABLE rollouts (
  subscription_id text not null,
  extension_key text not null,
  version text not null,
  known_since bigint not null,
  order_kind text,
  order_at bigint,
  order_by text,
  constraint rollouts_key primary key (subscription_id, extension_key, version)
);

CREATE TABLE sessions (
  session_id text not null primary key,
  object_id text not null,
  client_id text not null,
  created_at bigint not null,
  expires_at bigint not null
);

CREATE INDEX sessions_of_person ON sessions (object_id);

CREATE TABLE shared_files (
  name text not null primary key,
  sealed text not null
);

CREATE TABLE sign_in_failures (
  name_key text not null primary key,
  failures integer not null,
  failed_at bigint not null,
  blocked_until bigint not null
);

CREATE TABLE signing_keys (
  key_id text not null primary key,
  public_jwk text not null,
  created_at bigint not null,
  retired_at bigint
);

CREATE TABLE subscriptions (
  subscription_id text not null primary key,
  tenant_id text not null,
  display_name text not null,
  tags text default '{}' not null
);

CREATE TABLE used_assertions (
  client_id text not null,
  jti text not null,
  expires_at bigint not null,
  constraint used_assertions_key primary key (client_id, jti)
);
