/** Every role of the catalog with its keys, where they are, and its date. */
import { keyPresence } from './keys-at.ts';
import { longLivedRoles } from './refresh-roles.ts';
import { topLevelKeys } from './role-keys.ts';
import type { RepositoryPlace, RepositoryState } from './repository-state.ts';
import type { RoleOverview } from './repository.ts';

export async function rolesOf(place: RepositoryPlace, state: RepositoryState): Promise<RoleOverview[]> {
  const online = (['snapshot', 'timestamp'] as const).map((role) => ({
    role,
    signed: state[role].signed,
    keys: topLevelKeys(state.root, role),
  }));
  const overviews: RoleOverview[] = [];
  for (const { role, signed, keys } of [...(await longLivedRoles(state)), ...online]) {
    const named = [];
    for (const identifier of keys.keyIDs)
      named.push({ identifier, presence: await keyPresence(place, role, identifier) });
    overviews.push({ role, threshold: keys.threshold, expires: signed.expires, keys: named });
  }
  return overviews;
}
