/** tuf-js's verifier: it holds the trusted roles of one refresh and decides what becomes one. It does no I/O. */
import { TrustedMetadataStore } from 'tuf-js/dist/store.js';
import { catalogRules, type RefreshRules } from './refresh-rules.ts';
import type { VersionFloor } from './version-floors.ts';

export type TrustedStore = TrustedMetadataStore;

/**
 * Begins with a root that is trusted already. `time` is what expiry is measured against, `form` what form the root must have. Throws when the root is malformed or not
 * signed by its own keys.
 */
export function trustedStore(
  root: Uint8Array,
  time: Date,
  form: RefreshRules['form'] = catalogRules.form,
): TrustedStore {
  const store = new TrustedMetadataStore(form(root));
  // The verifier takes the system clock when it is made and offers no parameter; expiry is measured against ours (T71).
  store['referenceTime'] = time;
  return store;
}

/** Whether the root itself is past its date. */
export function rootIsExpired(store: TrustedStore, time: Date): boolean {
  return store.root.signed.isExpired(time);
}

/** Whether the top-level roles are all there and none is past its date. */
export function isCurrent(store: TrustedStore, time: Date): boolean {
  return [store.root, store.timestamp, store.snapshot, store.targets].every(
    (role) => role?.signed.isExpired(time) === false,
  );
}

/** The keys that sign a top-level role today, in a fixed order. */
export function keysOf(store: TrustedStore, role: 'timestamp' | 'snapshot'): string[] {
  return [...(store.root.signed.roles[role]?.keyIDs ?? [])].sort();
}

/** A version with the keys that vouch for it, to be kept as a floor. */
export function floorOf(store: TrustedStore, role: 'timestamp' | 'snapshot', version: number): VersionFloor {
  return { version, keys: keysOf(store, role) };
}
