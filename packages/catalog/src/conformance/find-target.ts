/** Finding a target by the specification's search (5.6.7): delegations in their order, depth first, a terminating one ends it. */
import type { TargetFile } from '@tufjs/models';
import type { CatalogSource } from '../client/catalog-source.ts';
import { loadTargets } from '../client/load-targets.ts';
import type { TrustedDirectory } from '../client/trusted-directory.ts';
import type { TrustedStore } from '../client/trusted-store.ts';
import { standardRules } from './standard-rules.ts';

/** The most roles that one search visits: delegations may be cyclic, and as many as somebody likes. */
const mostRoles = 32;

interface Visit {
  readonly role: string;
  readonly delegator: string;
}

/** The target as the first role on the way has signed it; undefined when none has. */
export async function findTarget(
  reach: { readonly directory: TrustedDirectory; readonly source: CatalogSource },
  store: TrustedStore,
  path: string,
): Promise<TargetFile | undefined> {
  const visited = new Set<string>();
  let toVisit: Visit[] = [{ role: 'targets', delegator: 'root' }];
  for (let visit = toVisit.pop(); visit !== undefined && visited.size < mostRoles; visit = toVisit.pop()) {
    const { role, delegator } = visit;
    if (visited.has(role)) continue;
    visited.add(role);
    await loadTargets(reach, store, role, delegator, standardRules);
    const signed = store.getRole(role)?.signed;
    if (signed === undefined || !('targets' in signed)) throw new Error('a loaded role is in the store');
    const found = signed.targets[path];
    if (found !== undefined) return found;
    const next: Visit[] = [];
    for (const child of signed.delegations?.rolesForTarget(path) ?? []) {
      next.push({ role: child.role, delegator: role });
      if (!child.terminating) continue;
      toVisit = [];
      break;
    }
    toVisit.push(...next.toReversed());
  }
  return undefined;
}
