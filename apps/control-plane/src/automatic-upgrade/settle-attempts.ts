/** How the upgrades that were begun went: read from their operations, and kept when those are forgotten. */
import type { Environment } from '../environment.ts';
import type { Store } from '../store/store.ts';

/** Ends that say nothing about the version: somebody said no, or nobody was there. */
const refusals: ReadonlySet<string> = new Set([
  'ExtensionNotAllowed',
  'OperationNotSigned',
  'LocalControlsUnreadable',
  'ExtensionManagerDisabled',
  'MachineOffline',
  'CatalogUnavailable',
  'PackageUnavailable',
  'StorageFull',
]);

/** Writes down the outcome of every attempt whose operation is over. */
export async function settleAttempts(environment: Environment, store: Store): Promise<void> {
  const rows = await store.read
    .selectFrom('automatic_upgrades')
    .leftJoin('operations', 'operations.operation_id', 'automatic_upgrades.operation_id')
    .select([
      'automatic_upgrades.vm_id',
      'automatic_upgrades.extension_name_key',
      'automatic_upgrades.version',
      'operations.state',
      'operations.ended_at',
      'operations.error_code',
      'operations.error_message',
    ])
    .where('automatic_upgrades.outcome', '=', 'running')
    .where((is) => is.or([is('operations.state', 'is', null), is('operations.ended_at', 'is not', null)]))
    .execute();
  if (rows.length === 0) return;
  await store.observe(async (writer) => {
    for (const row of rows) {
      const { state, error_code, error_message } = row;
      const refused = state === null || state === 'Canceled' || refusals.has(error_code ?? '');
      await writer
        .updateTable('automatic_upgrades')
        .set({
          outcome: state === 'Succeeded' ? 'succeeded' : refused ? 'refused' : 'failed',
          at: row.ended_at ?? environment.now(),
          reason: state === null ? 'how it ended was not kept' : (error_message ?? ''),
        })
        .where('vm_id', '=', row.vm_id)
        .where('extension_name_key', '=', row.extension_name_key)
        .where('version', '=', row.version)
        .execute();
    }
    return { value: undefined, events: [] };
  });
}
