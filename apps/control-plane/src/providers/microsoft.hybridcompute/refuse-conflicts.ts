import { extensionKey, type ExtensionName } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest } from '../../arm/arm-request.ts';
import { readGoal } from '../../machines/extension-goal.ts';
import type { Writer } from '../../store/store.ts';
import { quarantineSentence } from '../../machines/quarantine.ts';
import type { ChosenPackage } from './choose-package.ts';
import { extensionNameOfRequest } from './extension-rows.ts';
import type { Extension } from './extension-view.ts';
import type { Machine } from './machine-view.ts';
import { handlerOfPlace, resourcesOf } from './shared-handler.ts';

/**
 * One operation at a time, one resource for each extension (arc-agent §5.3), unless its handler is one that resources share:
 * then each has its own operation, and only a change of the handler's version waits for the others. `all` are the machine's extensions,
 * `before` the one that is asked for. Throws {@link ArmError}.
 */
export async function refuseConflicts(
  writer: Writer,
  machine: Machine,
  name: ExtensionName,
  all: readonly Extension[],
  before: Extension | undefined,
  request: ArmRequest,
  chosen: ChosenPackage,
): Promise<void> {
  if (machine.quarantined_at !== null) {
    throw new ArmError('MachineQuarantined', quarantineSentence(machine.name, machine.quarantine_reason ?? ''));
  }
  if (before !== undefined && handlerOfPlace(before.extension_key) !== extensionKey(name)) {
    throw new ArmError(
      'PropertyChangeNotAllowed',
      `The extension resource '${before.name}' is of '${before.publisher}/${before.type}'; publisher and type cannot be changed. Delete it, or use another name.`,
      'properties.type',
    );
  }
  const others = resourcesOf(all, name).filter((one) => one.name_key !== before?.name_key);
  const touched = chosen.isShared ? others.filter((one) => hasOtherVersion(one, chosen)) : others;
  for (const one of before === undefined ? touched : [before, ...touched]) await refuseWhileRunning(writer, name, one);
  // A resource of a version that is not shared has the handler to itself.
  const alone = others.find((one) => !chosen.isShared || one.extension_key === extensionKey(name));
  if (alone === undefined) return;
  throw new ArmError(
    'ExtensionAlreadyOnMachine',
    `The machine '${machine.name}' has '${name.publisher}/${name.type}' already, as the resource '${alone.name}'. Change that one, or delete it before adding '${extensionNameOfRequest(request)}'.`,
  );
}

function hasOtherVersion(one: Extension, { version }: ChosenPackage): boolean {
  const goal = readGoal(one.goal);
  return goal?.desired === 'present' && goal.version !== version;
}

async function refuseWhileRunning(writer: Writer, name: ExtensionName, extension: Extension): Promise<void> {
  const running = await writer
    .selectFrom('operations')
    .select('operation_id')
    .where('operation_id', '=', extension.operation_id)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (running === undefined) return;
  throw new ArmError(
    'HCRP409',
    `An extension of type '${name.type}' is still processing. Only one instance of an extension may be in progress at a time for the same resource. Please retry after sometime.`,
  );
}
