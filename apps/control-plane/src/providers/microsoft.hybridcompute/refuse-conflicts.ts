import { extensionKey, type ExtensionName } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest } from '../../arm/arm-request.ts';
import type { Writer } from '../../store/store.ts';
import { extensionNameOfRequest } from './extension-rows.ts';
import type { Extension } from './extension-view.ts';
import type { Machine } from './machine-view.ts';

/** One operation at a time, one resource for each extension (arc-agent §5.3). Throws {@link ArmError}. */
export async function refuseConflicts(
  writer: Writer,
  machine: Machine,
  name: ExtensionName,
  before: Extension | undefined,
  request: ArmRequest,
): Promise<void> {
  if (before !== undefined && before.extension_key !== extensionKey(name)) {
    throw new ArmError(
      'PropertyChangeNotAllowed',
      `The extension resource '${before.name}' is of '${before.publisher}/${before.type}'; publisher and type cannot be changed. Delete it, or use another name.`,
      'properties.type',
    );
  }
  const same = before ?? (await ofSameType(writer, machine.vm_id, extensionKey(name)));
  if (same === undefined) return;
  const running = await writer
    .selectFrom('operations')
    .select('operation_id')
    .where('operation_id', '=', same.operation_id)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (running !== undefined) {
    throw new ArmError(
      'HCRP409',
      `An extension of type '${name.type}' is still processing. Only one instance of an extension may be in progress at a time for the same resource. Please retry after sometime.`,
    );
  }
  if (before === undefined) {
    throw new ArmError(
      'ExtensionAlreadyOnMachine',
      `The machine '${machine.name}' has '${name.publisher}/${name.type}' already, as the resource '${same.name}'. Change that one, or delete it before adding '${extensionNameOfRequest(request)}'.`,
    );
  }
}

function ofSameType(writer: Writer, vmId: string, key: string): Promise<Extension | undefined> {
  return writer
    .selectFrom('extensions')
    .selectAll()
    .where('vm_id', '=', vmId)
    .where('extension_key', '=', key)
    .executeTakeFirst();
}
