/** New keys for a role: what has to be signed so that clients follow. Pure; who publishes it is `publish-change`. */
import type { Json, JsonObject, RoleKeys } from './signed-file.ts';
import type { ChangedRole } from './publish-change.ts';
import type { RepositoryState } from './repository-state.ts';
import { firstTargetsContent, nextVersion } from './role-content.ts';
import { isTopLevelRole, topLevelKeys } from './role-keys.ts';
import type { PublicKey, SigningKey } from './signing-key.ts';

/** A root that names the new keys, if they belong to a top-level role, and the targets roles that have to be signed with it. */
export interface KeysChanged {
  readonly root?: JsonObject;
  readonly roles: readonly ChangedRole[];
}

/** What says that `keys` sign `role`, of which `added` is new. */
export async function withKeys(
  state: RepositoryState,
  role: string,
  keys: RoleKeys,
  added: SigningKey | undefined,
  time: Date,
): Promise<KeysChanged> {
  return isTopLevelRole(role)
    ? { root: rootWith(state, role, keys, added, time), roles: role === 'targets' ? [targets(state, keys, time)] : [] }
    : { roles: await delegationWith(state, role, keys, added, time) };
}

function targets(state: RepositoryState, keys: RoleKeys, time: Date): ChangedRole {
  const content = state.targets.signed.toJSON() as JsonObject;
  return { role: 'targets', content: nextVersion(content, 'targets', time), keys };
}

function rootWith(
  state: RepositoryState,
  role: string,
  keys: RoleKeys,
  added: SigningKey | undefined,
  time: Date,
): JsonObject {
  const content = state.root.signed.toJSON() as JsonObject;
  const before = content['roles'] as Readonly<Record<string, RoleJson>>;
  const roles = { ...before, [role]: { keyids: [...keys.keyIDs], threshold: keys.threshold } };
  const used = Object.values(roles).flatMap(({ keyids }) => keyids);
  return nextVersion({ ...content, roles, keys: keysUsed(content['keys'], added, used) }, 'root', time);
}

async function delegationWith(
  state: RepositoryState,
  role: string,
  keys: RoleKeys,
  added: SigningKey | undefined,
  time: Date,
): Promise<ChangedRole[]> {
  const content = state.targets.signed.toJSON() as JsonObject;
  const delegations = content['delegations'] as {
    readonly keys: JsonObject;
    readonly roles: readonly DelegationJson[];
  };
  const roles = delegations.roles.map((delegated) =>
    delegated.name === role ? { ...delegated, keyids: [...keys.keyIDs], threshold: keys.threshold } : delegated,
  );
  const used = roles.flatMap(({ keyids }) => keyids);
  const changed = { ...content, delegations: { keys: keysUsed(delegations.keys, added, used), roles } };
  const own = await state.delegated(role);
  const ownContent = (own?.signed.toJSON() as JsonObject | undefined) ?? firstTargetsContent('publisher', time);
  return [
    { role, content: nextVersion(ownContent, 'targets', time), keys },
    { role: 'targets', content: nextVersion(changed, 'targets', time), keys: topLevelKeys(state.root, 'targets') },
  ];
}

type RoleJson = { readonly keyids: readonly string[]; readonly threshold: number };
type DelegationJson = RoleJson & { readonly name: string; readonly [key: string]: Json };

/** Only keys that some role uses are named: a key that was revoked is gone from the file as well. */
function keysUsed(known: Json | undefined, added: SigningKey | undefined, used: readonly string[]): JsonObject {
  const all: Record<string, Json | PublicKey> = { ...(known as JsonObject) };
  if (added !== undefined) all[added.identifier] = { ...added.publicKey };
  return Object.fromEntries(Object.entries(all).filter(([identifier]) => used.includes(identifier))) as JsonObject;
}
