/** PUT and PATCH of an extension: the centre proposes. What is asked for becomes the machine's goal, and an operation follows it. */
import { extensionKey, type ExtensionName } from '@sallyport/model';
import { endedEvent, startedEvent } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { raiseGeneration } from '../../machines/generation.ts';
import { readGoal, type ExtensionGoal } from '../../machines/extension-goal.ts';
import type { Services } from '../../services.ts';
import type { Writer } from '../../store/store.ts';
import { choosePackage, type ChosenPackage } from './choose-package.ts';
import {
  extensionNameFrom,
  readExtensionBody,
  versionFrom,
  type ExtensionBody,
  type ExtensionProperties,
} from './extension-body.ts';
import { extensionNotFound, findExtension } from './extension-rows.ts';
import { extensionView, idOfExtension, type Extension, type Operation } from './extension-view.ts';
import { heartbeatOf, parentMachine } from './machine-rows.ts';
import type { Machine } from './machine-view.ts';
import { operationHeaders } from './operation-link.ts';
import { sealSettings } from './seal-settings.ts';
import { startOperation } from './start-operation.ts';

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** `PUT …/extensions/{name}`: the whole resource. What is left out is taken as not wanted; protected settings too. */
export async function putExtension(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const body = readExtensionBody(request.body);
  return applyExtension(services, request, body, body.properties ?? {});
}

/** `PATCH …/extensions/{name}`: what is left out stays. One that touches tags only starts no operation. */
export async function patchExtension(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const body = readExtensionBody(request.body);
  const machine = await parentMachine(store.read, request.id);
  const before = await findExtension(store.read, machine.vm_id, nameOf(request));
  if (before === undefined) throw extensionNotFound(request);
  if (body.properties === undefined) return patchTags(services, request, machine, body);
  return applyExtension(
    services,
    request,
    { ...body, tags: body.tags ?? readTagsOf(before) },
    merged(before, body.properties),
  );
}

/** What the resource says now, under what the request says. Protected settings that are left out stay on the machine. */
function merged(before: Extension, sent: ExtensionProperties): ExtensionProperties {
  return {
    publisher: before.publisher,
    type: before.type,
    typeHandlerVersion: before.type_handler_version,
    autoUpgradeMinorVersion: before.auto_upgrade_minor_version === 1,
    enableAutomaticUpgrade: before.enable_automatic_upgrade === null ? null : before.enable_automatic_upgrade === 1,
    forceUpdateTag: before.force_update_tag,
    settings: before.settings === null ? null : (JSON.parse(before.settings) as Record<string, unknown>),
    ...sent,
  };
}

async function applyExtension(
  services: Services,
  request: ArmRequest,
  body: ExtensionBody,
  properties: ExtensionProperties,
): Promise<ArmResponse> {
  const { store, catalog, endpoint, doorbell } = services;
  const parent = await parentMachine(store.read, request.id);
  if (!nameForm.test(nameOf(request))) {
    throw new ArmError(
      'InvalidResourceName',
      `'${nameOf(request)}' is not the name of an extension resource: 1 to 128 letters, digits, '.', '_' and '-'.`,
    );
  }
  if (body.location !== undefined && body.location.toLowerCase() !== parent.location.toLowerCase()) {
    throw new ArmError(
      'InvalidResourceLocation',
      `An extension stands where its machine does; '${parent.name}' is in '${parent.location}'.`,
      'location',
    );
  }
  const name = extensionNameFrom(properties);
  const osType = await operatingSystemOf(services, parent);
  const asked = versionFrom(properties.typeHandlerVersion ?? '');
  const chosen = choosePackage(
    await catalog.list(name.publisher),
    name,
    asked,
    properties.autoUpgradeMinorVersion ?? false,
    osType,
  );
  const done = await store.change(async (writer) => {
    // Read again inside the transaction: two requests at once are decided one after the other.
    const machine = await parentMachine(writer, request.id);
    const { extension, operation } = await proposeExtension(
      services,
      writer,
      request,
      machine,
      name,
      body.tags ?? {},
      properties,
      chosen,
    );
    const origin = { ...request.origin, resourceId: idOfExtension(machine, extension.name) };
    const accepted = endedEvent(services.environment, origin, { status: 'Accepted', subStatus: 'OK' });
    return { value: { machine, extension, operation }, events: [startedEvent(services.environment, origin), accepted] };
  });
  doorbell.ring(done.machine.vm_id);
  return {
    status: 200,
    body: extensionView(done.machine, done.extension, done.operation),
    headers: operationHeaders(endpoint, request, done.operation),
  };
}

async function proposeExtension(
  { environment }: Services,
  writer: Writer,
  request: ArmRequest,
  machine: Machine,
  name: ExtensionName,
  tags: Readonly<Record<string, string>>,
  properties: ExtensionProperties,
  chosen: ChosenPackage,
): Promise<{ readonly extension: Extension; readonly operation: Operation }> {
  const before = await findExtension(writer, machine.vm_id, nameOf(request));
  await refuseConflicts(writer, machine, name, before, request);
  const goalBefore = readGoal(before?.goal ?? null);
  const resourceName = before?.name ?? nameOf(request);
  const sequence = await raiseGeneration(writer, machine.vm_id);
  const binding = { machineId: machine.vm_id, resourceName, sequence };
  const kept = request.method === 'PATCH' && properties.protectedSettings === undefined;
  const goal: ExtensionGoal = {
    desired: 'present',
    version: chosen.version,
    sha256: chosen.sha256,
    operationId: request.origin.operationId,
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
  const said = {
    tags: JSON.stringify(tags),
    type_handler_version: properties.typeHandlerVersion ?? '',
    auto_upgrade_minor_version: properties.autoUpgradeMinorVersion === true ? 1 : 0,
    enable_automatic_upgrade: toColumn(properties.enableAutomaticUpgrade),
    force_update_tag: properties.forceUpdateTag ?? null,
    settings: toText(properties.settings),
    operation_id: operation.operation_id,
    sequence,
    goal: JSON.stringify(goal),
    lapse_goal: installed === '' ? null : (before?.goal ?? null),
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
      extension_key: extensionKey(name),
      publisher: name.publisher,
      type: name.type,
      installed_version: '',
      status: null,
      created_at: now,
      created_by: request.caller.clientId,
    })
    .onConflict((conflict) => conflict.columns(['vm_id', 'name_key']).doUpdateSet(said))
    .returningAll()
    .executeTakeFirstOrThrow();
  return { extension, operation };
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

/** One operation at a time, one resource for each extension (arm-agent §5.3). */
async function refuseConflicts(
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
      `The machine '${machine.name}' has '${name.publisher}/${name.type}' already, as the resource '${same.name}'. Change that one, or delete it before adding '${nameOf(request)}'.`,
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

async function patchTags(
  services: Services,
  request: ArmRequest,
  machine: Machine,
  body: ExtensionBody,
): Promise<ArmResponse> {
  const { store, environment } = services;
  const done = await store.change(async (writer) => {
    const before = await findExtension(writer, machine.vm_id, nameOf(request));
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
    const operation = await writer
      .selectFrom('operations')
      .selectAll()
      .where('operation_id', '=', extension.operation_id)
      .executeTakeFirstOrThrow();
    const origin = { ...request.origin, resourceId: idOfExtension(machine, extension.name) };
    const ended = endedEvent(environment, origin, { status: 'Succeeded', subStatus: 'OK' });
    return { value: { extension, operation }, events: [startedEvent(environment, origin), ended] };
  });
  return { status: 200, body: extensionView(machine, done.extension, done.operation) };
}

async function operatingSystemOf(services: Services, machine: Machine): Promise<'linux' | 'windows'> {
  const heartbeat = await heartbeatOf(services.store.read, machine.vm_id);
  const facts = heartbeat === undefined ? machine.properties : heartbeat.system;
  const { osType } = JSON.parse(facts) as { readonly osType?: unknown };
  return osType === 'windows' ? 'windows' : 'linux';
}

function readTagsOf(extension: Extension): Readonly<Record<string, string>> {
  return JSON.parse(extension.tags) as Record<string, string>;
}

function nameOf(request: ArmRequest): string {
  return request.id.providers.at(-1)?.names[1] ?? '';
}

function toColumn(value: boolean | null | undefined): number | null {
  return value === undefined || value === null ? null : Number(value);
}

function toText(settings: ExtensionProperties['settings']): string | null {
  return settings === undefined || settings === null ? null : JSON.stringify(settings);
}
