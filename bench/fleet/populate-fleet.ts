/**
 * A fleet that is there already: its machines are written to the control plane's store, and tokens are made with its key. Enrolling
 * and signing in are measured elsewhere; here it is about holding a fleet.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readTags } from '../../apps/control-plane/src/arm/tags.ts';
import { endpointOf } from '../../apps/control-plane/src/identity/endpoint.ts';
import { issueAccessToken } from '../../apps/control-plane/src/identity/access-token.ts';
import { readSigningKey } from '../../apps/control-plane/src/identity/signing-key.ts';
import { processEnvironment } from '../../apps/control-plane/src/environment.ts';
import { taggedMachine, tagRowsOf } from '../../apps/control-plane/src/resources/tag-keys.ts';
import { statePaths } from '../../apps/control-plane/src/state/state-paths.ts';
import type { PostgresAddress } from '../../apps/control-plane/src/store/postgres/address.ts';
import { openStore } from '../../apps/control-plane/src/store/store.ts';

export interface FleetMachine {
  readonly vmId: string;
  readonly name: string;
  readonly token: string;
}

export interface Plane {
  readonly endpoint: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
}

/** Rows in one statement; SQLite takes 32,766 values. */
const batch = 500;

/** Adds machines `server-00001` and so on to resource group `fleet`, which is there. No control plane may run on the state meanwhile. */
export async function populateFleet(
  state: string,
  postgres: PostgresAddress | undefined,
  plane: Plane,
  count: number,
): Promise<readonly FleetMachine[]> {
  const environment = processEnvironment();
  const store = await openStore(state, postgres);
  const key = await readSigningKey(readFileSync(statePaths(state).signingKey, 'utf8'));
  const port = Number(new URL(plane.endpoint).port);
  const endpoint = endpointOf(plane.endpoint, port, plane.tenantId);
  const audience = { kind: 'agent', value: 'api://sallyport-agent' } as const;
  const fleet: FleetMachine[] = [];
  const now = environment.now();
  for (let at = 0; at < count; at += batch) {
    const machines = Array.from({ length: Math.min(batch, count - at) }, (_, i) => ({
      vm_id: randomUUID(),
      principal_id: randomUUID(),
      name: `server-${String(at + i + 1).padStart(5, '0')}`,
    }));
    const principals = machines.map(({ vm_id, principal_id, name }) => ({
      object_id: principal_id,
      client_id: principal_id,
      kind: 'Machine' as const,
      display_name: name,
      secret_hash: null,
      public_key: `benchmark ${vm_id}`,
      vm_id,
      created_at: now,
    }));
    await store.observe(async (writer) => {
      await writer.insertInto('principals').values(principals).execute();
      const rows = await writer
        .insertInto('machines')
        .values(
          machines.map(({ vm_id, principal_id, name }) => ({
            vm_id,
            principal_id,
            name,
            name_key: name,
            subscription_id: plane.subscriptionId,
            group_key: 'fleet',
            group_name: 'fleet',
            location: 'here',
            // Ten racks.
            tags: JSON.stringify({ rack: name.slice(-2).slice(-1) }),
            public_key: `benchmark ${vm_id}`,
            key_since: now,
            quarantined_at: null,
            quarantine_reason: null,
            properties: '{}',
            generation: 1,
            created_at: now,
            created_by: 'benchmark',
            changed_at: now,
            changed_by: 'benchmark',
          })),
        )
        .returningAll()
        .execute();
      const tags = rows.flatMap((row) => tagRowsOf(taggedMachine(row), readTags(row.tags)));
      await writer.insertInto('resource_tags').values(tags).execute();
      return { value: undefined, events: [] };
    });
    for (const [i, principal] of principals.entries()) {
      const { vm_id: vmId, name } = machines[i] ?? { vm_id: '', name: '' };
      fleet.push({ vmId, name, token: await issueAccessToken(environment, key, endpoint, { principal }, audience) });
    }
  }
  await store.close();
  return fleet;
}
