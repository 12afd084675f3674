/**
 * `Sallyport.Identity/servicePrincipals`: applications that can sign in, with a secret or with credentials that are added to them.
 * Microsoft keeps them in its directory, so they stand under a name of ours and not inside one of Microsoft's shapes.
 */
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { principalOfClient, type Principal } from '../../identity/principals.ts';
import { hashSecret } from '../../identity/credentials/secret-hash.ts';
import type { Services } from '../../services.ts';
import { guidForm } from '../microsoft.authorization/names.ts';
import { common, nameInPath, namespace, principalInPath, requireGiving, succeeded } from './names.ts';
import { keepPrincipal, listPrincipals, removeNamed } from './principal-resource.ts';

const type = `${namespace}/servicePrincipals`;
const bodySchema = z.object({
  properties: z.object({
    displayName: z.string().check(z.minLength(1), z.maxLength(120), z.regex(/^[^\u0000-\u001f\u007f]+$/)),
  }),
});

/** The rows of the registry. */
export function servicePrincipals(services: Services): readonly ResourceType[] {
  return [
    {
      ...common,
      type,
      item: {
        GET: async (request) => ({
          status: 200,
          body: view(await principalInPath(services.store.read, request, 'ServicePrincipal')),
        }),
        PUT: (request) => put(services, request),
        DELETE: (request) => removeNamed(services, 'ServicePrincipal', request),
      },
      collection: { GET: (request) => listPrincipals(services, 'ServicePrincipal', request, (row) => view(row)) },
    },
    { ...common, type: `${type}/rotateSecret`, collection: { POST: (request) => rotateSecret(services, request) } },
  ];
}

/** Makes a service principal (201, with its secret, shown this once), or renames one (200). */
async function put(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment } = services;
  requireGiving(request.access);
  const { displayName } = parseBody(bodySchema, request.body).properties;
  const clientId = nameInPath(request, 0);
  if (!guidForm.test(clientId))
    throw new ArmError('InvalidResourceName', `'${clientId.slice(0, 60)}' is not a client id: use a new GUID.`);
  const secret = newSecret(environment);
  const hash = await hashSecret(secret, environment.randomBytes(16));
  const { row, fresh } = await store.change(async (writer) => {
    const before = await principalOfClient(writer, clientId);
    if (before !== undefined && before.kind !== 'ServicePrincipal')
      throw new ArmError(
        'InvalidResourceName',
        `'${clientId}' is the identity of a machine or a person. Use a new GUID.`,
      );
    const wanted = {
      client_id: clientId,
      kind: 'ServicePrincipal',
      display_name: displayName,
      secret_hash: hash,
    } as const;
    const row = await keepPrincipal(writer, services, before, wanted);
    const subStatus = before === undefined ? 'Created' : 'OK';
    return { value: { row, fresh: before === undefined }, events: succeeded(services, request, subStatus) };
  });
  return fresh ? { status: 201, body: view(row, secret) } : { status: 200, body: view(row) };
}

/** A new secret in place of the old one, which is refused from then on; tokens made with it live on for their hour. */
async function rotateSecret(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment } = services;
  requireGiving(request.access);
  const secret = newSecret(environment);
  const hash = await hashSecret(secret, environment.randomBytes(16));
  const row = await store.change(async (writer) => {
    const principal = await principalInPath(writer, request, 'ServicePrincipal');
    await writer
      .updateTable('principals')
      .set({ secret_hash: hash })
      .where('client_id', '=', principal.client_id)
      .execute();
    return { value: principal, events: succeeded(services, request, 'OK') };
  });
  return { status: 200, body: view(row, secret) };
}

function newSecret(environment: Services['environment']): string {
  return Buffer.from(environment.randomBytes(32)).toString('base64url');
}

function view(row: Principal, clientSecret?: string): unknown {
  return {
    id: `/providers/${type}/${row.client_id}`,
    name: row.client_id,
    type,
    properties: {
      displayName: row.display_name,
      clientId: row.client_id,
      objectId: row.object_id,
      createdOn: new Date(row.created_at).toISOString(),
      ...(clientSecret === undefined ? {} : { clientSecret }),
    },
  };
}
