/**
 * `Sallyport.Identity/servicePrincipals`: applications that can sign in with a secret. Microsoft keeps them in its directory, so
 * they stand under a name of ours and not inside one of Microsoft's shapes. Whoever may write them could take anybody's place:
 * that needs what giving access at `/` needs, and nothing less (T02).
 */
import * as z from 'zod/mini';
import { endedEvent, startedEvent } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { principalOfClient, type Principal } from '../../identity/principals.ts';
import { hashSecret } from '../../identity/secret-hash.ts';
import type { Access } from '../../rbac/access.ts';
import { removeAssignmentsOf } from '../../rbac/remove-assignments.ts';
import { tenantScope } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { guidForm } from '../microsoft.authorization/names.ts';
import { requireAnotherOwner } from '../microsoft.authorization/last-owner.ts';

export const namespace = 'Sallyport.Identity';
const type = `${namespace}/servicePrincipals`;
const bodySchema = z.object({
  properties: z.object({
    displayName: z.string().check(z.minLength(1), z.maxLength(120), z.regex(/^[^\u0000-\u001f\u007f]+$/)),
  }),
});

/** The rows of the registry. */
export function servicePrincipals(services: Services): readonly ResourceType[] {
  const common = { scopes: ['tenant'], apiVersions: ['2026-11-01'], resource: 'none' } as const;
  return [
    {
      ...common,
      type,
      item: {
        GET: async (request) => ({ status: 200, body: view(await existing(services.store.read, request)) }),
        PUT: (request) => put(services, request),
        DELETE: (request) => remove(services, request),
      },
      collection: { GET: (request) => list(services, request) },
    },
    { ...common, type: `${type}/rotateSecret`, collection: { POST: (request) => rotateSecret(services, request) } },
  ];
}

function requireGiving(access: Access): void {
  access.require('Microsoft.Authorization/roleAssignments/write', tenantScope);
}

function clientIdOf({ id }: ArmRequest): string {
  return (id.providers.at(-1)?.names[0] ?? '').toLowerCase();
}

async function existing(reader: Reader, request: ArmRequest): Promise<Principal> {
  const principal = await principalOfClient(reader, clientIdOf(request));
  if (principal?.kind === 'ServicePrincipal') return principal;
  throw new ArmError('ResourceNotFound', `There is no service principal '${clientIdOf(request).slice(0, 60)}'.`);
}

async function list({ store, endpoint, pageSize }: Services, request: ArmRequest): Promise<ArmResponse> {
  const wanted = pageRequest(request, pageSize);
  const rows = await store.read
    .selectFrom('principals')
    .selectAll()
    .where('kind', '=', 'ServicePrincipal')
    .where('client_id', '>', wanted.after ?? '')
    .orderBy('client_id')
    .limit(wanted.size + 1)
    .execute();
  return {
    status: 200,
    body: page(
      endpoint.url,
      request,
      wanted,
      rows,
      (row) => row.client_id,
      (row) => view(row),
    ),
  };
}

/** Makes a service principal (201, with its secret, shown this once), or renames one (200). */
async function put({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const { displayName } = parseBody(bodySchema, request.body).properties;
  const clientId = clientIdOf(request);
  if (!guidForm.test(clientId))
    throw new ArmError('InvalidResourceName', `'${clientId.slice(0, 60)}' is not a client id: use a new GUID.`);
  const secret = newSecret(environment);
  const hash = await hashSecret(secret, environment.randomBytes(16));
  const { row, fresh } = await store.change(async (writer) => {
    const before = await principalOfClient(writer, clientId);
    if (before !== undefined && before.kind !== 'ServicePrincipal')
      throw new ArmError('InvalidResourceName', `'${clientId}' is the identity of a machine. Use a new GUID.`);
    const changed: Principal = before ?? {
      object_id: environment.guid(),
      client_id: clientId,
      kind: 'ServicePrincipal',
      display_name: displayName,
      secret_hash: hash,
      public_key: null,
      vm_id: null,
      created_at: environment.now(),
    };
    if (before === undefined) await writer.insertInto('principals').values(changed).execute();
    else
      await writer
        .updateTable('principals')
        .set({ display_name: displayName })
        .where('client_id', '=', clientId)
        .execute();
    const subStatus = before === undefined ? 'Created' : 'OK';
    const ended = endedEvent(environment, request.origin, { status: 'Succeeded', subStatus });
    return {
      value: { row: { ...changed, display_name: displayName }, fresh: before === undefined },
      events: [startedEvent(environment, request.origin), ended],
    };
  });
  return fresh ? { status: 201, body: view(row, secret) } : { status: 200, body: view(row) };
}

/** A new secret in place of the old one, which is refused from then on; tokens made with it live on for their hour. */
async function rotateSecret({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const secret = newSecret(environment);
  const hash = await hashSecret(secret, environment.randomBytes(16));
  const row = await store.change(async (writer) => {
    const principal = await existing(writer, request);
    await writer
      .updateTable('principals')
      .set({ secret_hash: hash })
      .where('client_id', '=', principal.client_id)
      .execute();
    const ended = endedEvent(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' });
    return { value: principal, events: [startedEvent(environment, request.origin), ended] };
  });
  return { status: 200, body: view(row, secret) };
}

/** Removes a service principal and every role it holds; its tokens are refused at once. */
async function remove({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const gone = await store.change(async (writer) => {
    const principal = await principalOfClient(writer, clientIdOf(request));
    const here = principal?.kind === 'ServicePrincipal' ? principal : undefined;
    if (here !== undefined) {
      const held = await writer
        .selectFrom('role_assignments')
        .select('assignment_id')
        .where('principal_id', '=', here.object_id)
        .execute();
      await requireAnotherOwner(
        writer,
        held.map(({ assignment_id }) => assignment_id),
      );
      await removeAssignmentsOf(writer, here.object_id);
      await writer.deleteFrom('principals').where('object_id', '=', here.object_id).execute();
    }
    const subStatus = here === undefined ? 'NoContent' : 'OK';
    const ended = endedEvent(environment, request.origin, { status: 'Succeeded', subStatus });
    return { value: here, events: [startedEvent(environment, request.origin), ended] };
  });
  return gone === undefined ? { status: 204 } : { status: 200 };
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
