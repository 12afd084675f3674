import { scopeKey } from '../../rbac/scope.ts';
import type { Writer } from '../../store/store.ts';

/**
 * Removes the exemptions at a scope and below it: what comes later under the same name is another resource, and nobody exempted that. An
 * assignment stays where it is: it narrows, and whoever deletes a group and makes it again has not been asked whether to lift it (S5.2).
 */
export async function removeExemptionsAt(writer: Writer, scope: string): Promise<void> {
  const key = scopeKey(scope);
  // '0' is the character after '/': everything that begins with `key/`.
  await writer
    .deleteFrom('policy_objects')
    .where('kind', '=', 'policyExemptions')
    .where((row) =>
      row.or([
        row('scope_key', '=', key),
        row.and([row('scope_key', '>', `${key}/`), row('scope_key', '<', `${key}0`)]),
      ]),
    )
    .execute();
}
