/** Keeping the catalog fresh: what is half over is signed again, by whatever keys are here; what cannot be is reported in time. */
import { expiryWarnings, type Expiring, type ExpiryWarning } from '../expiry-warning.ts';
import type { ChangedRole } from './publish-change.ts';
import { topLevelKeys } from './role-keys.ts';
import type { RepositoryState } from './repository-state.ts';
import { nextVersion } from './role-content.ts';
import { RepositoryError } from './repository-error.ts';
import { isHalfOver } from './role-life.ts';
import type { JsonObject, RoleKeys } from './signed-file.ts';
import type { SigningKey } from './signing-key.ts';

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
  const left: Expiring[] = [];
  for (const { role, kind, signed, keys } of await longLivedRoles(state)) {
    if (!isHalfOver(kind, signed.expires, time)) continue;
    const here = (await keysAt(role)).filter((key) => keys.keyIDs.includes(key.identifier) && canSign(key));
    if (here.length >= keys.threshold) {
      renewed.push({ role, content: nextVersion(signed.toJSON() as JsonObject, kind, time), keys });
    } else {
      left.push({ role, expires: signed.expires });
    }
  }
  return { renewed, warnings: expiryWarnings(left, time) };
}

/** A token may not be plugged in; that must not keep the other roles from being signed. Keys in memory always can. */
function canSign(key: SigningKey): boolean {
  if (!key.file.endsWith('.token.json')) return true;
  try {
    key.sign(Buffer.from('sallyport: can this key sign?'));
    return true;
  } catch (error) {
    if (error instanceof RepositoryError) return false;
    throw error;
  }
}

interface LongLivedRole {
  readonly role: string;
  readonly kind: 'root' | 'targets';
  readonly signed: { readonly expires: string; toJSON(): unknown };
  readonly keys: RoleKeys;
}

/** Root, targets and the publishers' roles. */
export async function longLivedRoles(state: RepositoryState): Promise<LongLivedRole[]> {
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
