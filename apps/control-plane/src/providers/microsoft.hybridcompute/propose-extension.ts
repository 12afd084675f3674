/** Stores what is wanted of an extension, in the caller's transaction: the resource, the machine's goal, the operation. */
import { extensionKey, type ExtensionName } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest } from '../../arm/arm-request.ts';
import { readGoal, type ExtensionGoal } from '../../machines/extension-goal.ts';
import { ownGoal } from '../../machines/taken-along.ts';
import { raiseGeneration } from '../../machines/generation.ts';
import { keepTags } from '../../resources/keep-tags.ts';
import { taggedExtension } from '../../resources/tag-keys.ts';
import type { Services } from '../../services.ts';
import type { Writer } from '../../store/store.ts';
import type { ChosenPackage } from './choose-package.ts';
import type { ExtensionProperties } from './extension-body.ts';
import { extensionNameOfRequest, extensionsOf } from './extension-rows.ts';
import { idOfExtension, type Extension, type Operation } from './extension-view.ts';
import type { Machine } from './machine-view.ts';
import { refuseConflicts } from './refuse-conflicts.ts';
import { sealSettings } from './seal-settings.ts';
import { placeOf, takeAlong } from './shared-handler.ts';
import { startOperation } from './start-operation.ts';

/** Throws {@link ArmError} when something else is under way or in the way; nothing is stored then. */
export async function proposeExtension(
  { environment }: Services,
  writer: Writer,
  request: ArmRequest,
  machine: Machine,
  name: ExtensionName,
  tags: Readonly<Record<string, string>>,
  properties: ExtensionProperties,
  chosen: ChosenPackage,
): Promise<{ readonly extension: Extension; readonly operation: Operation }> {
  // In one look: whoever changes something else waits until this is committed.
  const all = await extensionsOf(writer, machine.vm_id);
  const before = all.find((one) => one.name_key === extensionNameOfRequest(request).toLowerCase());
  await refuseConflicts(writer, machine, name, all, before, request, chosen);
  const goalBefore = readGoal(before?.goal ?? null);
  const resourceName = before?.name ?? extensionNameOfRequest(request);
  const sequence = await raiseGeneration(writer, machine.vm_id);
  const { operationId } = request.origin;
  const binding = { machineId: machine.vm_id, resourceName, extension: extensionKey(name), operationId, sequence };
  const kept = request.method === 'PATCH' && properties.protectedSettings === undefined;
  const goal: ExtensionGoal = {
    desired: 'present',
    ...(chosen.isShared ? { extensionName: resourceName } : {}),
    version: chosen.version,
    sha256: chosen.sha256,
    operationId,
    sequence,
    settings: properties.settings ?? null,
    protectedSettings: kept
      ? keepProtected(goalBefore, resourceName)
      : await sealSettings(properties.protectedSettings ?? null, machine.public_key, binding),
  };
  const installed = before?.installed_version ?? '';
  const kind = installed === '' ? 'install' : installed === chosen.version ? 'update' : 'upgrade';
  const origin = { ...request.origin, resourceId: idOfExtension(machine, resourceName) };
  const operation = await startOperation(writer, environment, machine, resourceName.toLowerCase(), kind, origin);
  const now = environment.now();
  if (chosen.isShared) await takeAlong(writer, machine, all, name, chosen);
  const said = {
    extension_key: placeOf(name, chosen.isShared ? resourceName : undefined),
    tags: JSON.stringify(tags),
    type_handler_version: properties.typeHandlerVersion ?? '',
    auto_upgrade_minor_version: properties.autoUpgradeMinorVersion === true ? 1 : 0,
    enable_automatic_upgrade: toColumn(properties.enableAutomaticUpgrade),
    force_update_tag: properties.forceUpdateTag ?? null,
    settings: toText(properties.settings),
    provision_after: beforeText(properties.provisionAfterExtensions),
    operation_id: operation.operation_id,
    sequence,
    goal: JSON.stringify(goal),
    lapse_goal: lapseGoal(before, installed),
    changed_at: now,
    changed_by: request.caller.clientId,
  };
  const extension = await writer
    .insertInto('extensions')
    .values({
      ...said,
      vm_id: machine.vm_id,
      name_key: resourceName.toLowerCase(),
      name: resourceName,
      location: machine.location,
      publisher: name.publisher,
      type: name.type,
      installed_version: '',
      status: null,
      created_at: now,
      created_by: request.caller.clientId,
    })
    // What it said of itself before is no answer to this request.
    .onConflict((conflict) => conflict.columns(['vm_id', 'name_key']).doUpdateSet({ ...said, status: null }))
    .returningAll()
    .executeTakeFirstOrThrow();
  await keepTags(writer, taggedExtension(machine, extension.name_key), before?.tags, extension.tags);
  return { extension, operation };
}

/** What is wanted again when the machine never comes for the request; of a resource that was taken along, what it had itself. */
function lapseGoal(before: Extension | undefined, installed: string): string | null {
  const goal = before === undefined || installed === '' ? undefined : ownGoal(before);
  return goal === undefined ? null : JSON.stringify(goal);
}

/** Sealed text is bound to its sequence and cannot move to another; what the machine stored before it still has. */
function keepProtected(before: ExtensionGoal | undefined, resourceName: string): ExtensionGoal['protectedSettings'] {
  const kept = before?.protectedSettings ?? { kind: 'none' };
  if (kept.kind !== 'sealed') return kept;
  throw new ArmError(
    'InvalidRequestContent',
    `The protected settings of '${resourceName}' have not reached the machine yet. Send properties.protectedSettings again.`,
    'properties.protectedSettings',
  );
}

function toColumn(value: boolean | null | undefined): number | null {
  return value === undefined || value === null ? null : Number(value);
}

/** Each name once. */
function beforeText(names: ExtensionProperties['provisionAfterExtensions']): string | null {
  const once = new Map((names ?? []).map((name) => [name.toLowerCase(), name]));
  return once.size === 0 ? null : JSON.stringify([...once.values()]);
}

function toText(settings: ExtensionProperties['settings']): string | null {
  return settings === undefined || settings === null ? null : JSON.stringify(settings);
}
