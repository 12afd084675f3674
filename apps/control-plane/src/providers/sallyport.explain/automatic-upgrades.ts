/** `Sallyport.Explain/automaticUpgrades` on a machine: for each of its extensions what will happen by itself, and why it waits. */
import { formatExtensionName } from '@sallyport/model';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { explainUpgrade } from '../../automatic-upgrade/explain-upgrade.ts';
import { gatherRollouts } from '../../automatic-upgrade/gather-rollouts.ts';
import { planRollout } from '../../automatic-upgrade/plan-rollout.ts';
import type { Services } from '../../services.ts';
import { machineBeneath } from '../sallyport.upgrades/machine-settings.ts';

/** The row of the registry. */
export function automaticUpgrades(services: Services): ResourceType {
  return {
    type: 'Sallyport.Explain/automaticUpgrades',
    scopes: ['resource'],
    apiVersions: ['2026-11-01'],
    resource: 'none',
    collection: { GET: (request) => list(services, request) },
  };
}

async function list(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { environment, store } = services;
  const machine = await machineBeneath(store.read, request.id);
  const now = environment.now();
  const found = await gatherRollouts(services, now);
  const rows = await store.read
    .selectFrom('extensions')
    .select(['name', 'publisher', 'type', 'installed_version', 'enable_automatic_upgrade'])
    .where('vm_id', '=', machine.vm_id)
    .orderBy('name_key')
    .execute();
  const value = rows.map((row) => {
    const of = found.flatMap((gathered) => {
      const id = [...gathered.subjects].find(
        ([, { vmId, extensionName }]) => vmId === machine.vm_id && extensionName === row.name,
      )?.[0];
      const member = gathered.rollout.members.find((one) => one.id === id);
      return member === undefined ? [] : { gathered, member };
    })[0];
    const common = { extension: row.name, name: `${row.publisher}/${row.type}`, installed: row.installed_version };
    if (row.enable_automatic_upgrade === 0)
      return { ...common, explanation: 'Automatic upgrade is off: enableAutomaticUpgrade is false.' };
    if (of === undefined)
      return { ...common, explanation: 'There is nothing newer of its major version in the catalog.' };
    const { member, gathered } = of;
    return {
      ...common,
      version: gathered.version,
      rollout: `${formatExtensionName(gathered.extension)} ${gathered.version}`,
      ...explainUpgrade(member, planRollout(gathered.rollout, now)),
    };
  });
  return { status: 200, body: { value } };
}
