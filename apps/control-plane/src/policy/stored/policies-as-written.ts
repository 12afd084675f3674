import type { Reader } from '../../store/store.ts';

/**
 * Which writing each definition, initiative, assignment and exemption is; nothing where nothing is assigned. Two readings that are
 * equal are readings of the same policies.
 */
export async function policiesAsWritten(reader: Reader): Promise<readonly object[]> {
  const rows = await reader
    .selectFrom('policy_objects')
    .select(['kind', 'scope_key', 'name_key', 'changed_at'])
    .orderBy('kind')
    .orderBy('scope_key')
    .orderBy('name_key')
    .execute();
  return rows.some(({ kind }) => kind === 'policyAssignments') ? rows : [];
}
