/** Holds a deletion against `denyAction`, before anything is done: of the resource, and of everything that would go with it. */
import { parseResourceId } from '@sallyport/model';
import type { Services } from '../services.ts';
import { decideDeletion } from './decide-action.ts';
import { disallowed } from './disallowed.ts';
import type { ShownResources } from './shown-resources.ts';
import { policiesAround } from './stored/assigned-policies.ts';
import { surroundingsOf } from './surroundings.ts';

const pageSize = 200;

/** Throws `ArmError` `RequestDisallowedByPolicy` when a policy denies. */
export async function enforceOnDeletion(
  services: Pick<Services, 'store' | 'environment'>,
  resources: ShownResources,
  resourceId: string,
): Promise<void> {
  const policies = await policiesAround(services.store.read, resourceId);
  // Most fleets have no such policy: nothing is read for them.
  if (!policies.all.some(({ definition }) => mayDenyActions(definition.rule.details))) return;
  let from: string | undefined;
  do {
    const page = await resources.ids(resourceId, from, pageSize);
    for (const id of page.ids) {
      const parsed = parseResourceId(id);
      const resource = await resources.show(id);
      if (parsed === undefined || resource === undefined) continue;
      const itself = id.toLowerCase() === resourceId.toLowerCase();
      const denied = decideDeletion(
        resource,
        resource.indexed,
        policies.at(id),
        await surroundingsOf(services, parsed, ''),
        itself ? 'request' : 'resourceGroup',
      );
      if (denied.length > 0) throw disallowed(resource.name, denied, 'delete');
    }
    from = page.next;
  } while (from !== undefined);
}

function mayDenyActions(details: unknown): boolean {
  return typeof details === 'object' && details !== null && 'actionNames' in details;
}
