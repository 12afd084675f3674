/** An event for tests that need one. */
import { randomUUID } from 'node:crypto';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import { startedEvent } from '../activity-log/events-of.ts';
import { processEnvironment } from '../environment.ts';
import { testOrigin } from './test-origin.ts';

export function testEvent(): ActivityEvent {
  return startedEvent(processEnvironment(), testOrigin(randomUUID()));
}
