CREATE TABLE activity_cuts (
  position bigint NOT NULL,
  hash text COLLATE "C" NOT NULL,
  checkpoint text COLLATE "C" NOT NULL,
  CONSTRAINT activity_cuts_pkey PRIMARY KEY ("position")
);

CREATE TABLE activity_events (
  position bigint NOT NULL,
  event_data_id text COLLATE "C" NOT NULL,
  subscription_id text COLLATE "C" NOT NULL,
  event_timestamp text COLLATE "C" NOT NULL,
  group_key text COLLATE "C" NOT NULL,
  resource_key text COLLATE "C" NOT NULL,
  provider_key text COLLATE "C" NOT NULL,
  correlation_id text COLLATE "C" NOT NULL,
  caller_key text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL,
  hash text COLLATE "C" DEFAULT ''::text NOT NULL,
  CONSTRAINT activity_events_pkey PRIMARY KEY ("position"),
  CONSTRAINT activity_events_event_data_id_key UNIQUE (event_data_id)
);

CREATE INDEX activity_events_by_correlation ON activity_events USING btree (correlation_id);

CREATE INDEX activity_events_by_group ON activity_events USING btree (subscription_id, substr(group_key, 1, 100), "position", event_timestamp);

CREATE INDEX activity_events_by_resource ON activity_events USING btree (substr(resource_key, 1, 600));

CREATE INDEX activity_events_by_time ON activity_events USING btree (subscription_id, event_timestamp);

CREATE TABLE authorization_codes (
  code_hash text COLLATE "C" NOT NULL,
  object_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  redirect_uri text COLLATE "C" NOT NULL,
  code_challenge text COLLATE "C" NOT NULL,
  nonce text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  session_id text COLLATE "C",
  CONSTRAINT authorization_codes_pkey PRIMARY KEY (code_hash)
);

CREATE TABLE automatic_upgrades (
  vm_id text COLLATE "C" NOT NULL,
  extension_name_key text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  operation_id text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  reason text COLLATE "C" NOT NULL,
  CONSTRAINT automatic_upgrades_key PRIMARY KEY (vm_id, extension_name_key, version)
);

CREATE TABLE certificate_credentials (
  credential_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  certificate text COLLATE "C" NOT NULL,
  thumbprint text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  CONSTRAINT certificate_credentials_pkey PRIMARY KEY (credential_id),
  CONSTRAINT certificate_credentials_once UNIQUE (client_id, thumbprint)
);

CREATE TABLE device_codes (
  code_hash text COLLATE "C" NOT NULL,
  user_code text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  asked_from text COLLATE "C" NOT NULL,
  answer text COLLATE "C" NOT NULL,
  object_id text COLLATE "C",
  polled_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  CONSTRAINT device_codes_pkey PRIMARY KEY (code_hash),
  CONSTRAINT device_codes_user_code_key UNIQUE (user_code)
);

CREATE TABLE extensions (
  vm_id text COLLATE "C" NOT NULL,
  name_key text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  tags text COLLATE "C" NOT NULL,
  extension_key text COLLATE "C" NOT NULL,
  publisher text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  type_handler_version text COLLATE "C" NOT NULL,
  auto_upgrade_minor_version integer NOT NULL,
  enable_automatic_upgrade integer,
  force_update_tag text COLLATE "C",
  settings text COLLATE "C",
  operation_id text COLLATE "C" NOT NULL,
  sequence integer NOT NULL,
  goal text COLLATE "C",
  lapse_goal text COLLATE "C",
  installed_version text COLLATE "C" NOT NULL,
  status text COLLATE "C",
  created_at bigint NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text COLLATE "C" NOT NULL,
  provision_after text COLLATE "C",
  CONSTRAINT extensions_key PRIMARY KEY (vm_id, name_key),
  CONSTRAINT extensions_by_type UNIQUE (vm_id, extension_key)
);

CREATE INDEX extensions_by_version ON extensions USING btree (extension_key, installed_version);

CREATE TABLE federated_credentials (
  credential_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  issuer text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  audience text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  CONSTRAINT federated_credentials_pkey PRIMARY KEY (credential_id),
  CONSTRAINT federated_credentials_once UNIQUE (issuer, subject)
);

CREATE INDEX federated_credentials_of_client ON federated_credentials USING btree (client_id);

CREATE TABLE followed_logs (
  follower text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  CONSTRAINT followed_logs_pkey PRIMARY KEY (follower)
);

CREATE TABLE heartbeats (
  vm_id text COLLATE "C" NOT NULL,
  received_at bigint NOT NULL,
  connected_since bigint NOT NULL,
  agent_version text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  agent_configuration text COLLATE "C" NOT NULL,
  service_statuses text COLLATE "C" NOT NULL,
  system text COLLATE "C" NOT NULL,
  beat bigint DEFAULT 0 NOT NULL,
  beat_from bigint DEFAULT 0 NOT NULL,
  forks integer DEFAULT 0 NOT NULL,
  content_hash text COLLATE "C" DEFAULT ''::text NOT NULL,
  CONSTRAINT heartbeats_pkey PRIMARY KEY (vm_id)
);

CREATE INDEX heartbeats_forked ON heartbeats USING btree (vm_id) WHERE (forks >= 12);

CREATE TABLE machine_keys (
  public_key text COLLATE "C" NOT NULL,
  vm_id text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  since bigint NOT NULL,
  CONSTRAINT machine_keys_pkey PRIMARY KEY (public_key)
);

CREATE INDEX machine_keys_of_machine ON machine_keys USING btree (vm_id);

CREATE TABLE machine_statements (
  vm_id text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  statement text COLLATE "C" NOT NULL,
  received_at bigint NOT NULL,
  CONSTRAINT machine_statements_pkey PRIMARY KEY (vm_id)
);

CREATE TABLE machine_upgrade_settings (
  vm_id text COLLATE "C" NOT NULL,
  properties text COLLATE "C" NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text COLLATE "C" NOT NULL,
  CONSTRAINT machine_upgrade_settings_pkey PRIMARY KEY (vm_id)
);

CREATE TABLE machines (
  vm_id text COLLATE "C" NOT NULL,
  subscription_id text COLLATE "C" NOT NULL,
  group_key text COLLATE "C" NOT NULL,
  group_name text COLLATE "C" NOT NULL,
  name_key text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  tags text COLLATE "C" NOT NULL,
  principal_id text COLLATE "C" NOT NULL,
  public_key text COLLATE "C" NOT NULL,
  properties text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  created_at bigint NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text COLLATE "C" NOT NULL,
  key_since bigint DEFAULT 0 NOT NULL,
  quarantined_at bigint,
  quarantine_reason text COLLATE "C",
  CONSTRAINT machines_pkey PRIMARY KEY (vm_id),
  CONSTRAINT machines_by_name UNIQUE (subscription_id, group_key, name_key)
);

CREATE TABLE operation_orders (
  vm_id text COLLATE "C" NOT NULL,
  operation_id text COLLATE "C" NOT NULL,
  signer text COLLATE "C" NOT NULL,
  presented text COLLATE "C" NOT NULL,
  added_at bigint NOT NULL,
  added_by text COLLATE "C" NOT NULL,
  CONSTRAINT operation_orders_primary PRIMARY KEY (vm_id, operation_id, signer)
);

CREATE TABLE operations (
  operation_id text COLLATE "C" NOT NULL,
  vm_id text COLLATE "C" NOT NULL,
  subscription_id text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  resource_id text COLLATE "C" NOT NULL,
  extension_name_key text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  deadline_at bigint NOT NULL,
  ended_at bigint,
  steps text COLLATE "C" NOT NULL,
  error_code text COLLATE "C",
  error_message text COLLATE "C",
  explanation text COLLATE "C",
  origin text COLLATE "C" NOT NULL,
  progress text COLLATE "C",
  CONSTRAINT operations_pkey PRIMARY KEY (operation_id)
);

CREATE INDEX operations_ended ON operations USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX operations_of_machine ON operations USING btree (vm_id) WHERE (ended_at IS NULL);

CREATE INDEX operations_running ON operations USING btree (deadline_at) WHERE (ended_at IS NULL);

CREATE TABLE plain_resources (
  resource_key text COLLATE "C" NOT NULL,
  resource_id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  subscription_id text COLLATE "C" NOT NULL,
  group_key text COLLATE "C" NOT NULL,
  location text COLLATE "C",
  tags text COLLATE "C" NOT NULL,
  properties text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text COLLATE "C" NOT NULL,
  CONSTRAINT plain_resources_pkey PRIMARY KEY (resource_key)
);

CREATE INDEX plain_resources_by_type ON plain_resources USING btree (type, resource_key);

CREATE TABLE policy_due (
  scope_key text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  reach text COLLATE "C" NOT NULL,
  due_at bigint NOT NULL,
  written_at bigint,
  done_until bigint NOT NULL,
  place text COLLATE "C",
  CONSTRAINT policy_due_key PRIMARY KEY (scope_key, reach)
);

CREATE INDEX policy_due_by_time ON policy_due USING btree (due_at);

CREATE TABLE policy_objects (
  kind text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  scope_key text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  name_key text COLLATE "C" NOT NULL,
  properties text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text COLLATE "C" NOT NULL,
  location text COLLATE "C",
  principal_id text COLLATE "C",
  CONSTRAINT policy_objects_key PRIMARY KEY (kind, scope_key, name_key)
);

CREATE TABLE policy_states (
  resource_key text COLLATE "C" NOT NULL,
  assignment_key text COLLATE "C" NOT NULL,
  reference_key text COLLATE "C" NOT NULL,
  resource_id text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  evaluated_at bigint NOT NULL,
  changed_at bigint NOT NULL,
  record text COLLATE "C" NOT NULL,
  CONSTRAINT policy_states_key PRIMARY KEY (resource_key, assignment_key, reference_key)
);

CREATE INDEX policy_states_by_assignment ON policy_states USING btree (assignment_key, resource_key);

CREATE TABLE principals (
  object_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  display_name text COLLATE "C" NOT NULL,
  secret_hash text COLLATE "C",
  public_key text COLLATE "C",
  vm_id text COLLATE "C",
  created_at bigint NOT NULL,
  CONSTRAINT principals_pkey PRIMARY KEY (object_id),
  CONSTRAINT principals_client_id_key UNIQUE (client_id),
  CONSTRAINT principals_public_key_key UNIQUE (public_key),
  CONSTRAINT principals_vm_id_key UNIQUE (vm_id)
);

CREATE TABLE refresh_tokens (
  token_hash text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint,
  CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash)
);

CREATE INDEX refresh_tokens_of_session ON refresh_tokens USING btree (session_id);

CREATE TABLE resource_groups (
  subscription_id text COLLATE "C" NOT NULL,
  name_key text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  tags text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  CONSTRAINT resource_groups_key PRIMARY KEY (subscription_id, name_key)
);

CREATE TABLE resource_tags (
  subscription_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  tag_key text COLLATE "C" NOT NULL,
  place text COLLATE "C" NOT NULL,
  resource_key text COLLATE "C" NOT NULL,
  CONSTRAINT resource_tags_key PRIMARY KEY (subscription_id, kind, tag_key, place)
);

CREATE INDEX resource_tags_of_resource ON resource_tags USING btree (kind, resource_key);

CREATE TABLE role_assignments (
  assignment_id text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  scope_key text COLLATE "C" NOT NULL,
  role_id text COLLATE "C" NOT NULL,
  principal_id text COLLATE "C" NOT NULL,
  description text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text COLLATE "C" NOT NULL,
  CONSTRAINT role_assignments_pkey PRIMARY KEY (assignment_id),
  CONSTRAINT role_assignments_once UNIQUE (principal_id, scope_key, role_id)
);

CREATE INDEX role_assignments_by_scope ON role_assignments USING btree (scope_key);

CREATE TABLE role_definitions (
  role_id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  name_key text COLLATE "C" NOT NULL,
  description text COLLATE "C" NOT NULL,
  permissions text COLLATE "C" NOT NULL,
  assignable_scopes text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text COLLATE "C" NOT NULL,
  CONSTRAINT role_definitions_pkey PRIMARY KEY (role_id),
  CONSTRAINT role_definitions_name_key_key UNIQUE (name_key)
);

CREATE TABLE rollout_settings (
  subscription_id text COLLATE "C" NOT NULL,
  properties text COLLATE "C" NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text COLLATE "C" NOT NULL,
  CONSTRAINT rollout_settings_pkey PRIMARY KEY (subscription_id)
);

CREATE TABLE rollouts (
  subscription_id text COLLATE "C" NOT NULL,
  extension_key text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  known_since bigint NOT NULL,
  order_kind text COLLATE "C",
  order_at bigint,
  order_by text COLLATE "C",
  CONSTRAINT rollouts_key PRIMARY KEY (subscription_id, extension_key, version)
);

CREATE TABLE sessions (
  session_id text COLLATE "C" NOT NULL,
  object_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  CONSTRAINT sessions_pkey PRIMARY KEY (session_id)
);

CREATE INDEX sessions_of_person ON sessions USING btree (object_id);

CREATE TABLE shared_files (
  name text COLLATE "C" NOT NULL,
  sealed text COLLATE "C" NOT NULL,
  CONSTRAINT shared_files_pkey PRIMARY KEY (name)
);

CREATE TABLE sign_in_failures (
  name_key text COLLATE "C" NOT NULL,
  failures integer NOT NULL,
  failed_at bigint NOT NULL,
  blocked_until bigint NOT NULL,
  CONSTRAINT sign_in_failures_pkey PRIMARY KEY (name_key)
);

CREATE TABLE signing_keys (
  key_id text COLLATE "C" NOT NULL,
  public_jwk text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  retired_at bigint,
  CONSTRAINT signing_keys_pkey PRIMARY KEY (key_id)
);

CREATE TABLE subscriptions (
  subscription_id text COLLATE "C" NOT NULL,
  tenant_id text COLLATE "C" NOT NULL,
  display_name text COLLATE "C" NOT NULL,
  tags text COLLATE "C" DEFAULT '{}'::text NOT NULL,
  CONSTRAINT subscriptions_pkey PRIMARY KEY (subscription_id)
);

CREATE TABLE used_assertions (
  client_id text COLLATE "C" NOT NULL,
  jti text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  CONSTRAINT used_assertions_key PRIMARY KEY (client_id, jti)
);
