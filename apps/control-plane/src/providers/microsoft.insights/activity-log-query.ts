/** The `$filter` of the activity log as conditions on stored columns: an allow-list of fields, never text into a query. */
import { ArmError } from '../../arm/arm-error.ts';
import { parseFilter } from '../../arm/filter.ts';

export type EventColumn =
  | 'event_timestamp'
  | 'group_key'
  | 'resource_key'
  | 'provider_key'
  | 'correlation_id'
  | 'caller_key'
  | 'status';

export interface EventCondition {
  readonly column: EventColumn;
  readonly operator: '=' | '>=' | '<=';
  readonly value: string;
}

const columns: ReadonlyMap<string, EventColumn> = new Map([
  ['resourcegroupname', 'group_key'],
  ['resourceuri', 'resource_key'],
  ['resourceid', 'resource_key'],
  ['resourceprovider', 'provider_key'],
  ['correlationid', 'correlation_id'],
  ['caller', 'caller_key'],
  ['status', 'status'],
]);

/** The conditions of a filter. Throws {@link ArmError} `InvalidFilter` for a field, operator or time it does not know. */
export function activityLogConditions(filter: string | undefined): readonly EventCondition[] {
  return parseFilter(filter).flatMap(({ field, operator, value }): EventCondition[] => {
    if (field === 'eventtimestamp' && (operator === 'ge' || operator === 'le')) {
      return [{ column: 'event_timestamp', operator: operator === 'ge' ? '>=' : '<=', value: timeOf(value) }];
    }
    // Clients add it to say that they want all levels and channels; every event here is of these.
    if (field === 'eventchannels' && operator === 'eq') return [];
    const column = columns.get(field);
    if (column === undefined || operator !== 'eq') {
      throw new ArmError(
        'InvalidFilter',
        `The $filter '${field} ${operator}' is not possible; there are eventTimestamp ge and le, and eq of resourceGroupName, resourceUri, resourceId, resourceProvider, correlationId, caller and status.`,
      );
    }
    return [{ column, operator: '=', value: column === 'status' ? capitalised(value) : value.toLowerCase() }];
  });
}

/** Times come with or without zone, quotes and microseconds; without a zone they are UTC. */
function timeOf(text: string): string {
  const zoned = /(?:Z|[+-][0-9]{2}:?[0-9]{2})$/i.test(text) ? text : `${text}${text.includes('T') ? '' : 'T00:00:00'}Z`;
  const time = Date.parse(zoned.replace(/(\.[0-9]{3})[0-9]+/, '$1'));
  if (Number.isNaN(time))
    throw new ArmError(
      'InvalidFilter',
      `'${text.slice(0, 60)}' in the $filter is not a time such as 2026-01-31T12:00:00Z.`,
    );
  return new Date(time).toISOString();
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
}
