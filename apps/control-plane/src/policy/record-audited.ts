import type { ActivityEvent } from '../activity-log/activity-event.ts';
import { endedEvent, startedEvent } from '../activity-log/events-of.ts';
import type { ArmRequest } from '../arm/arm-request.ts';
import type { Services } from '../services.ts';
import type { Finding } from './decide-write.ts';

/** A policy that only looks is on record beside the write that it looked at. */
export async function recordAudited(
  { store, environment }: Services,
  request: ArmRequest,
  audited: readonly Finding[],
): Promise<void> {
  if (audited.length === 0) return;
  const category = { value: 'Policy', localizedValue: 'Policy' };
  const events = audited.flatMap(({ policy, effect }): readonly ActivityEvent[] => {
    const origin = { ...request.origin, action: 'Microsoft.Authorization/policies/audit/action' };
    const ended = endedEvent(environment, origin, { status: 'Succeeded', subStatus: 'OK' });
    const properties = {
      ...ended.properties,
      policies: JSON.stringify([
        {
          policyDefinitionId: policy.definitionId,
          policyDefinitionEffect: effect,
          policyAssignmentId: policy.assignmentId,
          policyAssignmentScope: policy.scope,
        },
      ]),
    };
    return [
      { ...startedEvent(environment, origin), category },
      { ...ended, category, level: 'Warning', properties },
    ];
  });
  const [first, ...rest] = events;
  if (first === undefined) return;
  await store.change(() => Promise.resolve({ value: undefined, events: [first, ...rest] }));
}
