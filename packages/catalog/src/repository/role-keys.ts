/** Which keys sign which role, and how that is changed. Pure. */
import type { Metadata, Root } from '@tufjs/models';
import { publisherRole } from '../layout.ts';
import { RepositoryError } from './repository-error.ts';
import type { RepositoryState } from './repository-state.ts';
import type { RoleKeys } from './signed-file.ts';
import type { SigningKey } from './signing-key.ts';

export const topLevelRoles = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type TopLevelRole = (typeof topLevelRoles)[number];

/** What is to change about a role's keys. */
export interface KeyChange {
  readonly add?: SigningKey;
  /** A key's whole identifier. */
  readonly remove?: string;
  readonly threshold?: number;
}

export function isTopLevelRole(role: string): role is TopLevelRole {
  return (topLevelRoles as readonly string[]).includes(role);
}

/** Who may sign a top-level role. */
export function topLevelKeys(root: Metadata<Root>, role: string): RoleKeys {
  return root.signed.roles[role] ?? { keyIDs: [], threshold: 1 };
}

/** A role by what people write: `root`, or `publisher.Contoso.Tools`. Throws `RoleUnknown`. */
export function requireRole(state: RepositoryState, text: string): { readonly role: string; readonly keys: RoleKeys } {
  if (isTopLevelRole(text)) return { role: text, keys: topLevelKeys(state.root, text) };
  const role = text.startsWith('publisher.') ? publisherRole(text.slice('publisher.'.length)) : '';
  const keys = Object.hasOwn(state.targets.signed.delegations?.roles ?? {}, role)
    ? state.targets.signed.delegations?.roles?.[role]
    : undefined;
  if (keys !== undefined) return { role, keys };
  throw new RepositoryError(
    'RoleUnknown',
    `There is no role '${text}': name ${topLevelRoles.join(', ')}, or publisher.NAME of a publisher that was added.`,
  );
}

/** The key of a role that a beginning of at least eight digits names. Throws `KeyUnknown`. */
export function requireKey(role: string, keys: RoleKeys, beginning: string): string {
  const fitting = /^[0-9a-f]{8,64}$/.test(beginning) ? keys.keyIDs.filter((key) => key.startsWith(beginning)) : [];
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  throw new RepositoryError(
    'KeyUnknown',
    `'${role}' has no key that '${beginning}' names: give the first eight digits or more, as 'sallyport-gallery key list' shows them.`,
  );
}

/** The keys after the change. Throws `KeyThreshold` when the role could never be signed again, or by nobody. */
export function changedKeys(role: string, keys: RoleKeys, { add, remove, threshold }: KeyChange): RoleKeys {
  const left = keys.keyIDs.filter((key) => key !== remove);
  const keyIDs = add === undefined ? left : [...left, add.identifier];
  const needed = threshold ?? keys.threshold;
  if (Number.isSafeInteger(needed) && needed >= 1 && keyIDs.length >= needed) return { keyIDs, threshold: needed };
  throw new RepositoryError(
    'KeyThreshold',
    `'${role}' would have ${keyIDs.length} keys and need ${needed} of them: add a key first, or say --threshold.`,
  );
}
