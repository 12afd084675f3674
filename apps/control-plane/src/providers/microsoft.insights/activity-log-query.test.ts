import { describe, expect, test } from 'vitest';
import { activityLogConditions } from './activity-log-query.ts';

describe('the $filter of the activity log', () => {
  test('as az and the SDKs write it', () => {
    expect(
      activityLogConditions(
        "eventTimestamp ge 2026-01-01T10:00:00.123456 and eventTimestamp le '2026-01-01T12:00:00+01:00' and resourceGroupName eq 'Fleet'",
      ),
    ).toEqual([
      { column: 'event_timestamp', operator: '>=', value: '2026-01-01T10:00:00.123Z' },
      { column: 'event_timestamp', operator: '<=', value: '2026-01-01T11:00:00.000Z' },
      { column: 'group_key', operator: '=', value: 'fleet' },
    ]);
    expect(
      activityLogConditions("status eq 'failed' and caller eq 'ABC' and resourceId eq '/X' and correlationId eq 'Q'"),
    ).toEqual([
      { column: 'status', operator: '=', value: 'Failed' },
      { column: 'caller_key', operator: '=', value: 'abc' },
      { column: 'resource_key', operator: '=', value: '/x' },
      { column: 'correlation_id', operator: '=', value: 'q' },
    ]);
    expect(activityLogConditions('eventTimestamp ge 2026-01-01')).toEqual([
      { column: 'event_timestamp', operator: '>=', value: '2026-01-01T00:00:00.000Z' },
    ]);
    expect(activityLogConditions(undefined)).toEqual([]);
  });

  test.each([
    "level eq 'Error'",
    "eventTimestamp eq '2026-01-01'",
    "caller ne 'x'",
    "eventTimestamp ge 'yesterday'",
    "event eq '{}'",
    "position eq '1'",
    "caller eq 'a\0'",
  ])('%s is refused', (filter) => {
    expect(() => activityLogConditions(filter)).toThrow('$filter');
  });
});
