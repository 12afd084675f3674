/** From what a request wants of an extension to one package of the catalog, before anything is stored. */
import type { ExtensionName } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest } from '../../arm/arm-request.ts';
import type { Services } from '../../services.ts';
import { choosePackage, type ChosenPackage } from './choose-package.ts';
import { extensionNameFrom, versionFrom, type ExtensionBody, type ExtensionProperties } from './extension-body.ts';
import { extensionNameOfRequest } from './extension-rows.ts';
import { parentMachine, reportedSystem } from './machine-rows.ts';

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** One extension that is wanted, with the package that it is to be. */
export interface PreparedExtension {
  /** The request for exactly this extension: its id, its origin. */
  readonly request: ArmRequest;
  readonly name: ExtensionName;
  readonly tags: Readonly<Record<string, string>>;
  readonly properties: ExtensionProperties;
  readonly chosen: ChosenPackage;
}

/** Throws {@link ArmError} for what cannot be wanted. `properties` are complete. */
export async function prepareExtension(
  services: Services,
  request: ArmRequest,
  body: Pick<ExtensionBody, 'location' | 'tags'>,
  properties: ExtensionProperties,
): Promise<PreparedExtension> {
  const { read } = services.store;
  const [parent, reported] = await Promise.all([parentMachine(read, request.id), reportedSystem(read, request.id)]);
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
  const chosen = choosePackage(
    await services.catalog.list(name.publisher),
    name,
    versionFrom(properties.typeHandlerVersion ?? ''),
    properties.autoUpgradeMinorVersion ?? false,
    operatingSystemIn(reported ?? parent.properties),
  );
  return { request, name, tags: body.tags ?? {}, properties, chosen };
}

/** The operating system that a machine says it has, or was said to have when it was made. */
function operatingSystemIn(facts: string): 'linux' | 'windows' {
  const { osType } = JSON.parse(facts) as { readonly osType?: unknown };
  return osType === 'windows' ? 'windows' : 'linux';
}
