/** Targets roles: the top one and the publishers', each in exactly the version that the snapshot names. */
import { lengthLimits } from '../layout.ts';
import { catalogFailure } from './catalog-failure.ts';
import type { CatalogSource } from './catalog-source.ts';
import { catalogRules, type RefreshRules } from './refresh-rules.ts';
import type { TrustedDirectory } from './trusted-directory.ts';
import type { TrustedStore } from './trusted-store.ts';
import { requireSameState, verifyTargets } from './same-state.ts';
import { keeping, tryCached, verifying } from './verification.ts';

/**
 * 5.6: makes the targets, or a delegated role, part of the store; from the cache when that is the version the snapshot names. Throws
 * like a refresh.
 */
export async function loadTargets(
  { directory, source }: { readonly directory: TrustedDirectory; readonly source: CatalogSource },
  store: TrustedStore,
  role: string,
  delegator: string,
  rules: RefreshRules = catalogRules,
): Promise<void> {
  if (store.getRole(role) !== undefined) return;
  const named = store.snapshot?.signed.meta[`${role}.json`];
  const cached = await directory.read(role);
  const known =
    cached !== undefined &&
    tryCached(() => {
      // First whether it is the one that is named: the form of another one does not matter.
      named?.verify(cached);
      store.updateDelegatedTargets(rules.form(cached), role, delegator);
    });
  if (known) return;
  const file = rules.file(store, role, named?.version ?? 0);
  if (named === undefined) throw catalogFailure(new Error('the snapshot does not name it'), `${role}.json`);
  const bytes = await source.require(file, Math.min(named.length ?? Infinity, lengthLimits.targets));
  await verifying(file, () => {
    const form = rules.form(bytes);
    requireSameState(named, form, () => verifyTargets(store, form, role, delegator));
    store.updateDelegatedTargets(form, role, delegator);
  });
  await keeping(file, directory.keep(role, bytes));
}
