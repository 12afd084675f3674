/** `POST …/machines/{m}/upgradeExtensions` and `addExtensions`: several extensions of a machine in one request, all or none (arm-api §6.2). */
import { extensionKey, parseExtensionName, parseHandlerVersion } from '@sallyport/model';
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { enforcePolicy } from '../../policy/enforce.ts';
import type { Json } from '../../policy/json.ts';
import { recordAudited } from '../../policy/record-audited.ts';
import type { Services } from '../../services.ts';
import {
  extensionNameFrom,
  readExtensionBody,
  type ExtensionBody,
  type ExtensionProperties,
} from './extension-body.ts';
import { extensionView, idOfExtension, type Extension } from './extension-view.ts';
import { parentMachine } from './machine-rows.ts';
import type { Machine } from './machine-view.ts';
import { groupHeaders } from './operation-link.ts';
import { mergedExtension } from './patch-extension.ts';
import { prepareExtension, type PreparedExtension } from './prepare-extension.ts';
import { apiVersions, extensionType, machineType } from './provider.ts';
import { proposeAll } from './propose-all.ts';

/** More than a machine has; few enough for one transaction and one link to follow them at. */
const mostAtOnce = 20;

const upgradeSchema = z.object({
  extensionTargets: z.record(z.string(), z.object({ targetVersion: z.optional(z.nullable(z.string())) })),
});
const addSchema = z.object({ extensions: z.array(z.record(z.string(), z.unknown())) });

/** The rows of the registry. */
export function machineExtensionActions(services: Services): readonly ResourceType[] {
  const common = { scopes: ['resourceGroup'], apiVersions, resource: 'none' } as const;
  return [
    {
      ...common,
      type: `${machineType}/upgradeExtensions`,
      collection: { POST: (request) => upgradeExtensions(services, request) },
    },
    {
      ...common,
      type: `${machineType}/addExtensions`,
      collection: { POST: (request) => addExtensions(services, request) },
    },
  ];
}

async function upgradeExtensions(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { extensionTargets } = parseBody(upgradeSchema, request.body);
  const machine = await parentMachine(services.store.read, request.id);
  const extensions = await services.store.read
    .selectFrom('extensions')
    .selectAll()
    .where('vm_id', '=', machine.vm_id)
    .execute();
  const wanted = Object.entries(extensionTargets).map(([name, { targetVersion }]) => {
    const extension = targetOf(extensions, machine, name);
    const version = targetVersion ?? '';
    if (version !== '' && parseHandlerVersion(version) === undefined)
      throw new ArmError(
        'InvalidRequestContent',
        `'${version.slice(0, 50)}' is not a version: one to four numbers with dots.`,
        `extensionTargets['${name.slice(0, 100)}'].targetVersion`,
      );
    const properties = mergedExtension(extension, { typeHandlerVersion: version });
    return { name: extension.name, tags: undefined, before: extension, properties };
  });
  const { headers } = await begin(services, request, machine, 'PATCH', wanted);
  return { status: 202, headers };
}

/** The extension that `<publisher>.<type>` names: the last dot that fits divides the two, as both may have dots. */
function targetOf(extensions: readonly Extension[], machine: Machine, name: string): Extension {
  const keys = [...name.matchAll(/\./g)].flatMap(({ index }) => {
    const parsed = parseExtensionName(`${name.slice(0, index)}/${name.slice(index + 1)}`);
    return parsed.ok ? [extensionKey(parsed.name)] : [];
  });
  const found = extensions.find(({ extension_key }) => keys.some((key) => key === extension_key));
  if (found !== undefined) return found;
  throw new ArmError(
    'ResourceNotFound',
    `The machine '${machine.name}' has no extension '${name.slice(0, 200)}'. Targets are named <publisher>.<type>.`,
    'extensionTargets',
  );
}

async function addExtensions(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { extensions } = parseBody(addSchema, request.body);
  const machine = await parentMachine(services.store.read, request.id);
  const wanted = extensions.map((one) => {
    const { properties = {} } = readExtensionBody({ properties: one });
    const name = extensionNameFrom(properties).type;
    // No way around a role that does not let its holder write them (T02). To upgrade has a right of its own, which stock roles give.
    request.access.require(`${extensionType}/write`, idOfExtension(machine, name));
    return { name, tags: undefined, before: undefined, properties };
  });
  const { proposals, headers } = await begin(services, request, machine, 'PUT', wanted);
  const now = services.environment.now();
  const views = proposals.map(({ extension, operation }) => extensionView(machine, extension, operation, now));
  return {
    status: 200,
    body: { extensions: views.map((view) => (view as { readonly properties: unknown }).properties) },
    headers,
  };
}

interface Wanted {
  readonly name: string;
  readonly tags: ExtensionBody['tags'];
  readonly before: Extension | undefined;
  readonly properties: ExtensionProperties;
}

async function begin(
  services: Services,
  request: ArmRequest,
  machine: Machine,
  method: 'PUT' | 'PATCH',
  wanted: readonly Wanted[],
): Promise<Awaited<ReturnType<typeof proposeAll>> & { readonly headers: Readonly<Record<string, string>> }> {
  const [first, ...others] = wanted;
  if (first === undefined || wanted.length > mostAtOnce)
    throw new ArmError(
      'InvalidRequestContent',
      `A request is about 1 to ${mostAtOnce} extensions, not ${wanted.length}.`,
    );
  const prepared: [PreparedExtension, ...PreparedExtension[]] = [
    await prepare(services, request, machine, method, first, request.origin.operationId),
  ];
  for (const one of others) {
    prepared.push(await prepare(services, request, machine, method, one, services.environment.guid()));
  }
  const done = await proposeAll(services, request, prepared);
  const operations = done.proposals.map(({ operation }) => operation);
  return { ...done, headers: groupHeaders(services.endpoint, request, operations) };
}

/** One of them, as a request of its own: held against policy like any other way to the same change (S5.1). */
async function prepare(
  services: Services,
  request: ArmRequest,
  machine: Machine,
  method: 'PUT' | 'PATCH',
  { name, tags, before, properties }: Wanted,
  operationId: string,
): Promise<PreparedExtension> {
  const section = request.id.providers.at(-1);
  const providers = [
    ...request.id.providers.slice(0, -1),
    {
      namespace: section?.namespace ?? '',
      types: ['machines', 'extensions'],
      names: [section?.names[0] ?? '', name],
    },
  ];
  const asked: ArmRequest = {
    ...request,
    method,
    id: { ...request.id, providers },
    body: { location: machine.location, properties },
    origin: { ...request.origin, operationId, resourceId: idOfExtension(machine, name) },
  };
  const shown = before === undefined ? undefined : ({ tags: JSON.parse(before.tags) as Json } as Json);
  const { body, audited } = await enforcePolicy(services, asked, extensionType, true, shown);
  const changed = readExtensionBody(body);
  const kept = before === undefined ? tags : (JSON.parse(before.tags) as ExtensionBody['tags']);
  const prepared = await prepareExtension(
    services,
    asked,
    { location: undefined, tags: changed.tags ?? kept },
    changed.properties ?? properties,
  );
  await recordAudited(services, asked, audited);
  return prepared;
}
