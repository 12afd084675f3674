/** Keeping the catalog fresh: what is half over is signed again, by whatever keys are here; what cannot be is reported in time. */
import { topLevelKeys, type ChangedRole } from './publish-change.ts';
import type { RepositoryState } from './repository-state.ts';
import { nextVersion } from './role-content.ts';
import { daysLeft, isHalfOver, warningDays } from './role-life.ts';
import type { JsonObject, RoleKeys } from './signed-file.ts';
import type { SigningKey } from './signing-key.ts';

/** A role that will expire soon and could not be signed anew. */
export interface ExpiryWarning {
  readonly role: string;
  /** ISO 8601. */
  readonly expires: string;
  /** Whole days; negative when it has expired. */
  readonly daysLeft: number;
}

export interface RefreshReport {
  /** The roles that were signed. */
  readonly signed: readonly string[];
  readonly warnings: readonly ExpiryWarning[];
}

/** A role that is half over and can be signed here, or one to warn of. */
export interface AgeingRoles {
  readonly renewed: readonly ChangedRole[];
  readonly warnings: readonly ExpiryWarning[];
}

/** Sorts the long-lived roles (root, targets, publishers) by what is to be done. `keysAt` gives the keys of a role that are here. */
export async function ageingRoles(
  state: RepositoryState,
  keysAt: (role: string) => Promise<readonly SigningKey[]>,
  time: Date,
): Promise<AgeingRoles> {
  const renewed: ChangedRole[] = [];
  const warnings: ExpiryWarning[] = [];
  for (const { role, kind, signed, keys } of await longLivedRoles(state)) {
    if (!isHalfOver(kind, signed.expires, time)) continue;
    const here = (await keysAt(role)).filter((key) => keys.keyIDs.includes(key.identifier));
    if (here.length >= keys.threshold) {
      renewed.push({ role, content: nextVersion(signed.toJSON() as JsonObject, kind, time), keys });
    } else if (daysLeft(signed.expires, time) < warningDays) {
      warnings.push({ role, expires: signed.expires, daysLeft: Math.floor(daysLeft(signed.expires, time)) });
    }
  }
  return { renewed, warnings };
}

interface LongLivedRole {
  readonly role: string;
  readonly kind: 'root' | 'targets';
  readonly signed: { readonly expires: string; toJSON(): unknown };
  readonly keys: RoleKeys;
}

async function longLivedRoles(state: RepositoryState): Promise<LongLivedRole[]> {
  const roles: LongLivedRole[] = [
    { role: 'root', kind: 'root', signed: state.root.signed, keys: topLevelKeys(state.root, 'root') },
    { role: 'targets', kind: 'targets', signed: state.targets.signed, keys: topLevelKeys(state.root, 'targets') },
  ];
  for (const delegated of Object.values(state.targets.signed.delegations?.roles ?? {})) {
    const own = await state.delegated(delegated.name);
    if (own !== undefined) roles.push({ role: delegated.name, kind: 'targets', signed: own.signed, keys: delegated });
  }
  return roles;
}
