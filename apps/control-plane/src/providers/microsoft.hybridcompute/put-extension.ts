/** PUT of an extension: the centre proposes. What is asked for becomes the machine's goal, and an operation follows it. */
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { Services } from '../../services.ts';
import { readExtensionBody, type ExtensionBody, type ExtensionProperties } from './extension-body.ts';
import { extensionView } from './extension-view.ts';
import { operationHeaders } from './operation-link.ts';
import { prepareExtension } from './prepare-extension.ts';
import { proposeAll } from './propose-all.ts';

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
  const prepared = await prepareExtension(services, request, body, properties);
  const { machine, proposals } = await proposeAll(services, request, [prepared]);
  const [{ extension, operation }] = proposals;
  return {
    status: 200,
    body: extensionView(machine, extension, operation, services.environment.now()),
    headers: operationHeaders(services.endpoint, request, operation),
  };
}
