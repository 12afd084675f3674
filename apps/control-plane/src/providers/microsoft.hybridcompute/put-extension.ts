/** PUT of an extension: the centre proposes. What is asked for becomes the machine's goal, and an operation follows it. */
import { endedEvent, startedEvent } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { Services } from '../../services.ts';
import { choosePackage } from './choose-package.ts';
import {
  extensionNameFrom,
  readExtensionBody,
  versionFrom,
  type ExtensionBody,
  type ExtensionProperties,
} from './extension-body.ts';
import { extensionNameOfRequest } from './extension-rows.ts';
import { extensionView, idOfExtension } from './extension-view.ts';
import { heartbeatOf, parentMachine } from './machine-rows.ts';
import type { Machine } from './machine-view.ts';
import { operationHeaders } from './operation-link.ts';
import { proposeExtension } from './propose-extension.ts';

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** `PUT …/extensions/{name}`: the whole resource. What is left out is taken as not wanted; protected settings too. */
export async function putExtension(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const body = readExtensionBody(request.body);
  return applyExtension(services, request, body, body.properties ?? {});
}

/** Chooses the package, stores what is wanted with its operation, and wakes the machine. `properties` are complete. */
export async function applyExtension(
  services: Services,
  request: ArmRequest,
  body: ExtensionBody,
  properties: ExtensionProperties,
): Promise<ArmResponse> {
  const { store, catalog, endpoint, doorbell } = services;
  const parent = await parentMachine(store.read, request.id);
  if (!nameForm.test(extensionNameOfRequest(request))) {
    throw new ArmError(
      'InvalidResourceName',
      `'${extensionNameOfRequest(request)}' is not the name of an extension resource: 1 to 128 letters, digits, '.', '_' and '-'.`,
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
    body: extensionView(done.machine, done.extension, done.operation, services.environment.now()),
    headers: operationHeaders(endpoint, request, done.operation),
  };
}

async function operatingSystemOf(services: Services, machine: Machine): Promise<'linux' | 'windows'> {
  const heartbeat = await heartbeatOf(services.store.read, machine.vm_id);
  const facts = heartbeat === undefined ? machine.properties : heartbeat.system;
  const { osType } = JSON.parse(facts) as { readonly osType?: unknown };
  return osType === 'windows' ? 'windows' : 'linux';
}
