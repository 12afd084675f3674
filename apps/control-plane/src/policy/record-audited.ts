import type { ActivityEvent } from '../activity-log/activity-event.ts';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import { requestEvents } from '../activity-log/events-of.ts';
import type { ArmRequest } from '../arm/arm-request.ts';
import type { Services } from '../services.ts';
import type { Finding } from './decide-write.ts';

const words: Readonly<Record<string, string>> = { auditifnotexists: 'auditIfNotExists' };

/** A policy that only looks is on record beside the write that it looked at. */
export function recordAudited(
  services: Pick<Services, 'store' | 'environment'>,
  { origin }: Pick<ArmRequest, 'origin'>,
  audited: readonly Finding[],
): Promise<void> {
  return recordFindings(services, origin, audited);
}

/** The same for what was found after a write. */
export async function recordFindings(
  { store, environment }: Pick<Services, 'store' | 'environment'>,
  about: EventOrigin,
  audited: readonly Finding[],
): Promise<void> {
  const category = { value: 'Policy', localizedValue: 'Policy' };
  const events = audited.flatMap(({ policy, effect }): readonly ActivityEvent[] => {
    const origin = { ...about, action: `Microsoft.Authorization/policies/${words[effect] ?? 'audit'}/action` };
    const [started, ended] = requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' });
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
      { ...started, category },
      { ...ended, category, level: 'Warning', properties },
    ];
  });
  const [first, ...rest] = events;
  if (first === undefined) return;
  await store.change(() => Promise.resolve({ value: undefined, events: [first, ...rest] }));
}
