import { describe, expect, test } from 'vitest';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { testOrigin } from '../testing/test-origin.ts';
import { eventRow } from './event-row.ts';
import { endedEvent, requestEvents, startedEvent } from './events-of.ts';

describe('events', () => {
  const environment = manualEnvironment(Date.UTC(2026, 0, 1));
  const origin = testOrigin('operation-1');

  test('the two events of a request share what ties them together', () => {
    const started = startedEvent(environment, origin);
    const ended = endedEvent(environment, origin, { status: 'Succeeded', subStatus: 'OK' });
    for (const event of [started, ended]) {
      expect(event).toMatchObject({
        caller: 'caller',
        correlationId: 'correlation',
        operationId: 'operation-1',
        operationName: {
          value: 'Microsoft.HybridCompute/machines/extensions/write',
          localizedValue: 'Installs or Updates an Azure Arc extensions',
        },
        resourceProviderName: { value: 'Microsoft.HybridCompute' },
        resourceType: { value: 'Microsoft.HybridCompute/machines/extensions' },
        eventTimestamp: '2026-01-01T00:00:00.000Z',
      });
    }
    expect([started.eventName.value, ended.eventName.value]).toEqual(['BeginRequest', 'EndRequest']);
    expect(started.eventDataId).not.toBe(ended.eventDataId);
    // 2026-01-01 in ticks of .NET.
    expect(started.id).toBe(`${origin.resourceId}/events/${started.eventDataId}/ticks/639028224000000000`);
  });

  test('of a request that is over at once none is earlier than the one before it, whatever the clock does meanwhile', () => {
    let now = Date.UTC(2026, 0, 1);
    const ticking = { ...environment, now: () => (now += 1) };
    const outcome = { status: 'Succeeded', subStatus: 'OK' } as const;
    for (const between of [[], [endedEvent(ticking, testOrigin('operation-2'), outcome)]]) {
      const events = requestEvents(ticking, origin, outcome, between);
      const times = events.map(({ eventTimestamp }) => Date.parse(eventTimestamp));
      expect(times.every((time, at) => time >= (times[at - 1] ?? 0))).toBe(true);
      expect(events.map(({ status }) => status.value)).toEqual([
        'Started',
        ...between.map(() => 'Succeeded'),
        'Succeeded',
      ]);
    }
  });

  test('a failure carries its code and sentence; T65 what callers send cannot leave its field', () => {
    const message = 'line one\n{"status":"Succeeded"}\u001b[2J';
    const event = endedEvent(environment, origin, {
      status: 'Failed',
      subStatus: 'Conflict',
      error: { code: 'HCRP409', message },
    });
    expect(event).toMatchObject({ level: 'Error', status: { value: 'Failed' }, subStatus: { value: 'Conflict' } });
    expect(JSON.parse(event.properties['statusMessage'] ?? '')).toEqual({ error: { code: 'HCRP409', message } });
    const row = eventRow(event);
    expect(row.event).not.toContain('\n');
    expect(row.event).not.toContain('\u001b');
    expect(row).toMatchObject({ group_key: 'g', provider_key: 'microsoft.hybridcompute', status: 'Failed' });
    expect(row.resource_key).toBe(origin.resourceId.toLowerCase());
  });
});
