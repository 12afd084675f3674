import type { Reader } from '../store/store.ts';
import { scopeKey } from '../rbac/scope.ts';
import type { Lock, LockLevel } from './lock.ts';

export const lockType = 'Microsoft.Authorization/locks';

/** Every lock in a subscription. Read for every write: there are few, and most subscriptions have none. */
export async function locksIn(reader: Reader, subscriptionId: string): Promise<readonly Lock[]> {
  const beneath = scopeKey(`/subscriptions/${subscriptionId}`);
  const rows = await reader
    .selectFrom('plain_resources')
    .select(['resource_id', 'properties'])
    .where('type', '=', lockType)
    .where('resource_key', '>', `${beneath}/`)
    .where('resource_key', '<', `${beneath}0`)
    .execute();
  return rows.map(({ resource_id, properties }) => ({
    scope: resource_id.slice(0, resource_id.lastIndexOf('/providers/')),
    level: (JSON.parse(properties) as { readonly level: LockLevel }).level,
  }));
}
