import { ArmError } from '../../arm/arm-error.ts';
import { namesBefore, problemOf } from '../../machines/provision-order.ts';
import type { Writer } from '../../store/store.ts';
import type { Machine } from './machine-view.ts';
import type { Proposal } from './propose-all.ts';

const target = 'properties.provisionAfterExtensions';

/**
 * An order that cannot be kept is no order: every name stands for an extension of the machine, also for one of the same request, and
 * nothing comes before itself. Throws {@link ArmError}. Orders of others are left alone: what they name may have been deleted since.
 */
export async function refuseDisorder(
  writer: Writer,
  machine: Machine,
  proposals: readonly Pick<Proposal, 'extension'>[],
): Promise<void> {
  const asked = new Set(proposals.map(({ extension }) => extension.name_key));
  if (proposals.every(({ extension }) => extension.provision_after === null)) return;
  const rows = await writer
    .selectFrom('extensions')
    .select(['name', 'name_key', 'provision_after'])
    .where('vm_id', '=', machine.vm_id)
    .execute();
  const there = new Set(rows.map(({ name_key }) => name_key));
  const all = rows.map(({ name, name_key, provision_after }) => {
    const names = namesBefore(provision_after);
    return { name, after: asked.has(name_key) ? names : names.filter((one) => there.has(one.toLowerCase())) };
  });
  const problem = problemOf(all);
  if (problem === undefined) return;
  if (problem.kind === 'circle') {
    const round = [...problem.names, problem.names[0]].map((name) => `'${name}'`).join(' after ');
    throw new ArmError('InvalidRequestContent', `Extensions cannot come before themselves: ${round}.`, target);
  }
  throw new ArmError(
    'InvalidRequestContent',
    `'${problem.name}' is to come after '${problem.after}', and the machine '${machine.name}' has no such extension. Add that one first, or both with addExtensions.`,
    target,
  );
}
