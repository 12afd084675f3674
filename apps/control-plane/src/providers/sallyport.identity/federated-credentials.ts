/**
 * `…/federatedCredentials` of service principals and users: who of an identity provider is whom here. Providers are configured on
 * the control plane; a credential can name no other, so that nobody makes the control plane ask an address of their choice (T24).
 */
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import {
  credentialOfIdentity,
  exchangeAudience,
  type FederatedCredential,
} from '../../identity/credentials/federated-credentials.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { guidForm } from '../microsoft.authorization/names.ts';
import { common, nameInPath, namespace, principalInPath, requireGiving, succeeded } from './names.ts';

const text = z.string().check(z.minLength(1), z.maxLength(600));
const bodySchema = z.object({
  properties: z.object({ issuer: text, subject: text, audience: z._default(text, exchangeAudience) }),
});

/** The rows of the registry. */
export function federatedCredentials(services: Services): readonly ResourceType[] {
  return (['ServicePrincipal', 'User'] as const).map((kind) => {
    const type = `${namespace}/${kind === 'User' ? 'users' : 'servicePrincipals'}/federatedCredentials`;
    const view = (row: FederatedCredential): unknown => viewOf(row, type);
    return {
      ...common,
      type,
      item: {
        GET: async (request) => ({ status: 200, body: view(await existing(services.store.read, request, kind)) }),
        PUT: async (request) => ({ status: 201, body: view(await put(services, request, kind)) }),
        DELETE: (request) => remove(services, request),
      },
      collection: {
        GET: async (request) => {
          const { client_id } = await principalInPath(services.store.read, request, kind);
          const rows = await services.store.read
            .selectFrom('federated_credentials')
            .selectAll()
            .where('client_id', '=', client_id)
            .orderBy('created_at')
            .execute();
          return { status: 200, body: { value: rows.map(view) } };
        },
      },
    } satisfies ResourceType;
  });
}

function find(reader: Reader, request: ArmRequest): Promise<FederatedCredential | undefined> {
  return reader
    .selectFrom('federated_credentials')
    .selectAll()
    .where('client_id', '=', nameInPath(request, 0))
    .where('credential_id', '=', nameInPath(request, 1))
    .executeTakeFirst();
}

async function existing(
  reader: Reader,
  request: ArmRequest,
  kind: 'ServicePrincipal' | 'User',
): Promise<FederatedCredential> {
  await principalInPath(reader, request, kind);
  const row = await find(reader, request);
  if (row !== undefined) return row;
  throw new ArmError('ResourceNotFound', `There is no federated credential '${nameInPath(request, 1).slice(0, 60)}'.`);
}

/** Adds a credential under a new GUID. An identity is one principal at most. */
async function put(
  services: Services,
  request: ArmRequest,
  kind: 'ServicePrincipal' | 'User',
): Promise<FederatedCredential> {
  requireGiving(request.access);
  const name = nameInPath(request, 1);
  if (!guidForm.test(name))
    throw new ArmError(
      'InvalidResourceName',
      `'${name.slice(0, 60)}' is not the name of a credential: use a new GUID.`,
    );
  const { issuer, subject, audience } = parseBody(bodySchema, request.body).properties;
  if (services.identityProviders.find(issuer) === undefined)
    throw new ArmError(
      'InvalidParameter',
      `'${issuer.slice(0, 200)}' is not an identity provider that this control plane is configured with (--identity-providers).`,
    );
  return services.store.change(async (writer) => {
    const { client_id } = await principalInPath(writer, request, kind);
    const named = await writer
      .selectFrom('federated_credentials')
      .selectAll()
      .where('credential_id', '=', name)
      .executeTakeFirst();
    const taken = named ?? (await credentialOfIdentity(writer, issuer, subject));
    const same =
      taken?.client_id === client_id &&
      taken.issuer === issuer &&
      taken.subject === subject &&
      taken.audience === audience;
    if (taken !== undefined && !(same && taken.credential_id === name))
      throw new ArmError(
        'CredentialExists',
        `The name or the identity is registered already, as '${taken.credential_id}' of '${taken.client_id}'. Delete that one first.`,
      );
    const row: FederatedCredential = taken ?? {
      credential_id: name,
      client_id,
      issuer,
      subject,
      audience,
      created_at: services.environment.now(),
    };
    if (taken === undefined) await writer.insertInto('federated_credentials').values(row).execute();
    return { value: row, events: succeeded(services, request, taken === undefined ? 'Created' : 'OK') };
  });
}

async function remove(services: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const gone = await services.store.change(async (writer) => {
    const row = await find(writer, request);
    if (row !== undefined)
      await writer.deleteFrom('federated_credentials').where('credential_id', '=', row.credential_id).execute();
    return { value: row, events: succeeded(services, request, row === undefined ? 'NoContent' : 'OK') };
  });
  return gone === undefined ? { status: 204 } : { status: 200 };
}

function viewOf(row: FederatedCredential, type: string): unknown {
  const [parent = '', child = ''] = type.slice(namespace.length + 1).split('/');
  return {
    id: `/providers/${namespace}/${parent}/${row.client_id}/${child}/${row.credential_id}`,
    name: row.credential_id,
    type,
    properties: {
      issuer: row.issuer,
      subject: row.subject,
      audience: row.audience,
      createdOn: new Date(row.created_at).toISOString(),
    },
  };
}
