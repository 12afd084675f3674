CREATE TABLE activity_events (
  position integer PRIMARY KEY AUTOINCREMENT,
  event_data_id text NOT NULL UNIQUE,
  subscription_id text NOT NULL,
  event_timestamp text NOT NULL,
  group_key text NOT NULL,
  resource_key text NOT NULL,
  provider_key text NOT NULL,
  correlation_id text NOT NULL,
  caller_key text NOT NULL,
  status text NOT NULL,
  event text NOT NULL
);
