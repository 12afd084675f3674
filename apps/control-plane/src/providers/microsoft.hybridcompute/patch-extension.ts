/** PATCH of an extension: a change of what is named, on top of what the resource says. */
import { requestEvents } from '../../activity-log/events-of.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { readTags, type Tags } from '../../arm/tags.ts';
import { namesBefore } from '../../machines/provision-order.ts';
import { keepTags } from '../../resources/keep-tags.ts';
import { taggedExtension } from '../../resources/tag-keys.ts';
import type { Services } from '../../services.ts';
import { onWhatWasRead } from '../../store/guarded-changes.ts';
import type { Reader } from '../../store/store.ts';
import { readExtensionBody, type ExtensionBody, type ExtensionProperties } from './extension-body.ts';
import { extensionNameOfRequest, extensionNotFound, findExtension, operationById } from './extension-rows.ts';
import { extensionView, idOfExtension, type Extension } from './extension-view.ts';
import { parentMachine } from './machine-rows.ts';
import type { Machine } from './machine-view.ts';
import { applyExtension } from './put-extension.ts';

/** `PATCH …/extensions/{name}`: what is left out stays. One that touches tags only starts no operation. */
export async function patchExtension(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const body = readExtensionBody(request.body);
  const machine = await parentMachine(store.read, request.id);
  const { properties } = body;
  if (properties === undefined) return patchTags(services, request, machine, body);
  const written = async (reader: Reader): Promise<{ tags: Tags; properties: ExtensionProperties }> => {
    const row = await findExtension(reader, machine.vm_id, extensionNameOfRequest(request));
    if (row === undefined) throw extensionNotFound(request);
    return { tags: readTags(row.tags), properties: mergedExtension(row, {}) };
  };
  return onWhatWasRead(store, written, (before) =>
    applyExtension(
      services,
      request,
      { ...body, tags: body.tags ?? before.tags },
      { ...before.properties, ...properties },
    ),
  );
}

/** What the resource says now, under what the request says. Protected settings that are left out stay on the machine. */
export function mergedExtension(before: Extension, sent: ExtensionProperties): ExtensionProperties {
  return {
    publisher: before.publisher,
    type: before.type,
    typeHandlerVersion: before.type_handler_version,
    autoUpgradeMinorVersion: before.auto_upgrade_minor_version === 1,
    enableAutomaticUpgrade: before.enable_automatic_upgrade === null ? null : before.enable_automatic_upgrade === 1,
    forceUpdateTag: before.force_update_tag,
    provisionAfterExtensions: [...namesBefore(before.provision_after)],
    settings: before.settings === null ? null : (JSON.parse(before.settings) as Record<string, unknown>),
    ...sent,
  };
}

async function patchTags(
  services: Services,
  request: ArmRequest,
  machine: Machine,
  body: ExtensionBody,
): Promise<ArmResponse> {
  const { store, environment } = services;
  const done = await store.change(async (writer) => {
    const before = await findExtension(writer, machine.vm_id, extensionNameOfRequest(request));
    if (before === undefined) throw extensionNotFound(request);
    const extension = await writer
      .updateTable('extensions')
      .set({
        ...(body.tags === undefined ? {} : { tags: JSON.stringify(body.tags) }),
        changed_at: environment.now(),
        changed_by: request.caller.clientId,
      })
      .where('vm_id', '=', machine.vm_id)
      .where('name_key', '=', before.name_key)
      .returningAll()
      .executeTakeFirstOrThrow();
    await keepTags(writer, taggedExtension(machine, extension.name_key), before.tags, extension.tags);
    const operation = await operationById(writer, extension.operation_id);
    const origin = { ...request.origin, resourceId: idOfExtension(machine, extension.name) };
    return {
      value: { extension, operation },
      events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' }),
    };
  });
  return { status: 200, body: extensionView(machine, done.extension, done.operation, environment.now()) };
}
