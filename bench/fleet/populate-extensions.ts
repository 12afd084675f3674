/** Extensions of a fleet that is there already, installed long ago: rows, for lists. No control plane may run on the state meanwhile. */
import { randomUUID } from 'node:crypto';
import type { PostgresAddress } from '../../apps/control-plane/src/store/postgres/address.ts';
import { openStore } from '../../apps/control-plane/src/store/store.ts';
import type { FleetMachine } from './populate-fleet.ts';

const types = ['Monitor', 'Patch', 'Script'];
/** Machines whose extensions are written with one statement. */
const batch = 200;

/** Each machine gets one of each type, without tags. */
export async function populateExtensions(
  state: string,
  postgres: PostgresAddress | undefined,
  subscriptionId: string,
  fleet: readonly FleetMachine[],
): Promise<void> {
  const store = await openStore(state, postgres);
  const now = Date.now();
  for (let at = 0; at < fleet.length; at += batch) {
    const rows = fleet
      .slice(at, at + batch)
      .flatMap(({ vmId }) => types.map((type) => ({ vm_id: vmId, type, operation_id: randomUUID() })));
    await store.observe(async (writer) => {
      await writer
        .insertInto('operations')
        .values(
          rows.map(({ vm_id, type, operation_id }) => ({
            operation_id,
            vm_id,
            subscription_id: subscriptionId,
            location: 'here',
            resource_id: `benchmark ${vm_id}/${type}`,
            extension_name_key: type.toLowerCase(),
            kind: 'install' as const,
            state: 'Succeeded',
            created_at: now,
            deadline_at: now,
            ended_at: now,
            steps: '[]',
            progress: null,
            error_code: null,
            error_message: null,
            explanation: null,
            origin: '{}',
          })),
        )
        .execute();
      await writer
        .insertInto('extensions')
        .values(
          rows.map(({ vm_id, type, operation_id }) => ({
            vm_id,
            name_key: type.toLowerCase(),
            name: type,
            location: 'here',
            tags: '{}',
            extension_key: `benchmark/${type.toLowerCase()}`,
            publisher: 'Benchmark',
            type,
            type_handler_version: '1.0',
            auto_upgrade_minor_version: 0,
            enable_automatic_upgrade: null,
            force_update_tag: null,
            settings: null,
            provision_after: null,
            operation_id,
            sequence: 1,
            goal: null,
            lapse_goal: null,
            installed_version: '1.0.0',
            status: null,
            created_at: now,
            created_by: 'benchmark',
            changed_at: now,
            changed_by: 'benchmark',
          })),
        )
        .execute();
      return { value: undefined, events: [] };
    });
  }
  await store.close();
}
