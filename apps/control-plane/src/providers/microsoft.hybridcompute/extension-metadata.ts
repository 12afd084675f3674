/** Publishers, types and versions of the catalog under a location (arm-api §6.2), for clients that let people choose. */
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { CatalogEntry } from '../../gallery/catalog-source.ts';
import type { Services } from '../../services.ts';
import { apiVersions, namespace } from './provider.ts';

/** The rows of the registry. */
export function extensionMetadata(services: Services): readonly ResourceType[] {
  // What the catalog offers is no secret among those who are signed in.
  const authorization = { item: 'signed-in', collection: 'signed-in' } as const;
  const common = { scopes: ['tenant', 'subscription'], apiVersions, resource: 'none', authorization } as const;
  const root = `${namespace}/locations/publishers`;
  return [
    { ...common, type: root, collection: { GET: (request) => publishers(services, request) } },
    { ...common, type: `${root}/extensionTypes`, collection: { GET: (request) => types(services, request) } },
    {
      ...common,
      type: `${root}/extensionTypes/versions`,
      collection: { GET: (request) => versions(services, request) },
      item: { GET: (request) => version(services, request) },
    },
  ];
}

function names(request: ArmRequest): { readonly publisher: string; readonly type: string; readonly version: string } {
  const [, publisher = '', type = '', version = ''] = request.id.providers.at(-1)?.names ?? [];
  return { publisher: publisher.toLowerCase(), type: type.toLowerCase(), version };
}

async function publishers({ catalog }: Services, request: ArmRequest): Promise<ArmResponse> {
  const found = new Set((await catalog.list()).map(({ publisher }) => publisher));
  return { status: 200, body: { value: [...found].sort().map((name) => ({ id: `${request.path}/${name}`, name })) } };
}

async function types({ catalog }: Services, request: ArmRequest): Promise<ArmResponse> {
  const { publisher } = names(request);
  const entries = await catalog.list(publisher);
  const found = new Set(entries.map(({ type }) => type));
  return { status: 200, body: { value: [...found].sort().map((name) => ({ id: `${request.path}/${name}`, name })) } };
}

async function ofType({ catalog }: Services, request: ArmRequest): Promise<readonly CatalogEntry[]> {
  const { publisher, type } = names(request);
  return (await catalog.list(publisher)).filter((entry) => entry.type.toLowerCase() === type);
}

/** Beneath a subscription the older of two shapes stands, which says less, until an api-version has them both alike (arm-api §6.2). */
function showsPlatform({ id, apiVersion }: ArmRequest): boolean {
  return id.subscriptionId === undefined || apiVersion >= '2026-06-16';
}

function view(entry: CatalogEntry, id: string, request: ArmRequest): unknown {
  return {
    id,
    name: entry.version,
    type: `${namespace}/locations/publishers/extensionTypes/versions`,
    properties: {
      version: entry.version,
      publisher: entry.publisher,
      extensionType: entry.type,
      ...(showsPlatform(request) ? { operatingSystem: entry.operatingSystem, architecture: [entry.architecture] } : {}),
    },
  };
}

async function versions(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const value = (await ofType(services, request)).map((entry) =>
    view(entry, `${request.path}/${entry.version}`, request),
  );
  return { status: 200, body: { value } };
}

async function version(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const wanted = names(request);
  const entry = (await ofType(services, request)).find((candidate) => candidate.version === wanted.version);
  if (entry !== undefined) return { status: 200, body: view(entry, request.path, request) };
  throw new ArmError(
    'ResourceNotFound',
    `Version '${wanted.version}' of '${wanted.publisher}/${wanted.type}' is not in the catalog.`,
  );
}
