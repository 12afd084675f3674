import type { Insertable } from 'kysely';
import type { ActivityEventRow } from '../store/schema.ts';
import type { ActivityEvent } from './activity-event.ts';

/** The row of an event, without its place in the chain: the whole of it as JSON, and the fields that it can be looked up by. */
export function eventRow(event: ActivityEvent): Omit<Insertable<ActivityEventRow>, 'hash'> {
  return {
    event_data_id: event.eventDataId,
    subscription_id: event.subscriptionId,
    event_timestamp: event.eventTimestamp,
    group_key: event.resourceGroupName.toLowerCase(),
    resource_key: event.resourceId.toLowerCase(),
    provider_key: event.resourceProviderName.value.toLowerCase(),
    correlation_id: event.correlationId.toLowerCase(),
    caller_key: event.caller.toLowerCase(),
    status: event.status.value,
    event: JSON.stringify(event),
  };
}
