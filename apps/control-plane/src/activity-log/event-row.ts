import type { Insertable } from 'kysely';
import type { ActivityEventRow } from '../store/schema/activity-log-rows.ts';
import type { ActivityEvent } from './activity-event.ts';

type EventRow = Omit<Insertable<ActivityEventRow>, 'position' | 'hash'>;

/** The row of an event, without its place in the log: the whole of it as JSON, and the fields that it can be looked up by. */
export function eventRow(event: ActivityEvent): EventRow {
  return { ...eventKeys(event), event: JSON.stringify(event) };
}

/** What of an event is in its row beside the event itself. */
export type KeyedEvent = Pick<
  ActivityEvent,
  'eventDataId' | 'subscriptionId' | 'eventTimestamp' | 'resourceGroupName' | 'resourceId' | 'correlationId' | 'caller'
> & { readonly [name in 'resourceProviderName' | 'status']: { readonly value: string } };

/** The fields that an event can be looked up by. */
export function eventKeys(event: KeyedEvent): Omit<EventRow, 'event'> {
  return {
    event_data_id: event.eventDataId,
    subscription_id: plain(event.subscriptionId).slice(0, longestSubscription),
    event_timestamp: event.eventTimestamp,
    group_key: plain(event.resourceGroupName).toLowerCase(),
    resource_key: plain(event.resourceId).toLowerCase(),
    provider_key: plain(event.resourceProviderName.value).toLowerCase(),
    correlation_id: event.correlationId.toLowerCase(),
    caller_key: plain(event.caller).toLowerCase(),
    status: event.status.value,
  };
}

/** No subscription that exists is longer, and an index has to hold it. */
const longestSubscription = 100;

/** Databases keep no zero characters in texts, and what was hashed has to be what is kept. */
function plain(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
