/**
 * The specification's own liberties, for repositories that are not ours: any form of JSON, any key type the verifier knows, plain or
 * consistent snapshots, and a newer root asked for before anything else. Only the conformance client uses them; agents never do.
 */
import { versionedFile } from '../layout.ts';
import type { RefreshRules } from '../client/refresh-rules.ts';
import { requireStandardForm } from './standard-form.ts';

export const standardRules: RefreshRules = {
  form: requireStandardForm,
  rootFirst: true,
  file: (store, role, version) =>
    store.root.signed.consistentSnapshot ? versionedFile(role, version) : `${role}.json`,
};
