/** What a client of a catalog holds to beyond the specification's workflow, which {@link refreshTrust} and {@link loadTargets} walk through. */
import { requireCanonical } from '../canonical-metadata.ts';
import { versionedFile } from '../layout.ts';
import type { TrustedStore } from './trusted-store.ts';

export interface RefreshRules {
  /** Checks the form of a file, whoever signed it, and returns its bytes. Throws an error that names what is wrong. */
  readonly form: (bytes: Uint8Array) => Buffer;
  /** Whether a newer root is asked for in every refresh, before the timestamp; else only when the timestamp is new. */
  readonly rootFirst: boolean;
  /** The name under which a repository has that version of the snapshot or of a targets role. */
  readonly file: (store: TrustedStore, role: string, version: number) => string;
}

/** Our own catalog: one form of metadata, consistent snapshots, and one request when nothing is new. */
export const catalogRules: RefreshRules = {
  form: requireCanonical,
  rootFirst: false,
  file: (_, role, version) => versionedFile(role, version),
};
