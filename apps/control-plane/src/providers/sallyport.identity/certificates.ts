/** `Sallyport.Identity/servicePrincipals/certificates`: certificates whose holder is the service principal. The key is never sent here. */
import type { Selectable } from 'kysely';
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { CertificateError, readCertificate, type Certificate } from '../../identity/credentials/certificate.ts';
import type { Services } from '../../services.ts';
import type { CertificateCredentialRow } from '../../store/schema/identity-rows.ts';
import type { Reader } from '../../store/store.ts';
import { guidForm } from '../microsoft.authorization/names.ts';
import { common, nameInPath, namespace, principalInPath, requireGiving, succeeded } from './names.ts';

const type = `${namespace}/servicePrincipals/certificates`;
const bodySchema = z.object({
  properties: z.object({ certificate: z.string().check(z.minLength(1), z.maxLength(32_768)) }),
});
/** Enough for one in use, its successor, and a few machines with one each. */
const mostCertificates = 20;

type Row = Selectable<CertificateCredentialRow>;

/** The row of the registry. */
export function certificates(services: Services): ResourceType {
  return {
    ...common,
    type,
    item: {
      GET: async (request) => ({ status: 200, body: view(await existing(services.store.read, request)) }),
      PUT: (request) => put(services, request),
      DELETE: (request) => remove(services, request),
    },
    collection: { GET: (request) => list(services, request) },
  };
}

function find(reader: Reader, request: ArmRequest): Promise<Row | undefined> {
  return reader
    .selectFrom('certificate_credentials')
    .selectAll()
    .where('client_id', '=', nameInPath(request, 0))
    .where('credential_id', '=', nameInPath(request, 1))
    .executeTakeFirst();
}

async function existing(reader: Reader, request: ArmRequest): Promise<Row> {
  await principalInPath(reader, request, 'ServicePrincipal');
  const row = await find(reader, request);
  if (row !== undefined) return row;
  throw new ArmError('ResourceNotFound', `There is no certificate '${nameInPath(request, 1).slice(0, 60)}'.`);
}

async function list({ store }: Services, request: ArmRequest): Promise<ArmResponse> {
  const { client_id } = await principalInPath(store.read, request, 'ServicePrincipal');
  const rows = await store.read
    .selectFrom('certificate_credentials')
    .selectAll()
    .where('client_id', '=', client_id)
    .orderBy('created_at')
    .execute();
  return { status: 200, body: { value: rows.map(view) } };
}

/** Adds a certificate under a new GUID. What is there is not exchanged: another certificate is another credential. */
async function put(services: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const name = nameInPath(request, 1);
  if (!guidForm.test(name))
    throw new ArmError(
      'InvalidResourceName',
      `'${name.slice(0, 60)}' is not the name of a certificate: use a new GUID.`,
    );
  const certificate = read(parseBody(bodySchema, request.body).properties.certificate);
  const now = services.environment.now();
  if (certificate.notAfter <= now)
    throw new ArmError(
      'InvalidParameter',
      `The certificate ended at ${new Date(certificate.notAfter).toISOString()}. Make a new one.`,
    );
  const row = await services.store.change(async (writer) => {
    const { client_id } = await principalInPath(writer, request, 'ServicePrincipal');
    const rows = await writer
      .selectFrom('certificate_credentials')
      .selectAll()
      .where((where) => where.or([where('client_id', '=', client_id), where('credential_id', '=', name)]))
      .execute();
    const same = rows.find(({ thumbprint }) => thumbprint === certificate.sha256);
    const named = rows.find(({ credential_id }) => credential_id === name);
    if (named !== undefined ? named !== same : same !== undefined)
      throw new ArmError(
        'CredentialExists',
        `The name or the certificate is there already, as '${(named ?? same)?.credential_id ?? ''}'. Use a new GUID, or delete that one.`,
      );
    if (named === undefined && rows.length >= mostCertificates)
      throw new ArmError(
        'CredentialExists',
        `There are ${rows.length} certificates already. Delete one that is not used.`,
      );
    const made: Row = {
      credential_id: name,
      client_id,
      certificate: certificate.der,
      thumbprint: certificate.sha256,
      created_at: now,
    };
    if (named === undefined) await writer.insertInto('certificate_credentials').values(made).execute();
    return { value: named ?? made, events: succeeded(services, request, named === undefined ? 'Created' : 'OK') };
  });
  return { status: 201, body: view(row) };
}

function read(text: string): Certificate {
  try {
    return readCertificate(text);
  } catch (error) {
    if (error instanceof CertificateError) throw new ArmError('InvalidParameter', error.message);
    throw error;
  }
}

async function remove(services: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const gone = await services.store.change(async (writer) => {
    const row = await find(writer, request);
    if (row !== undefined)
      await writer.deleteFrom('certificate_credentials').where('credential_id', '=', row.credential_id).execute();
    return { value: row, events: succeeded(services, request, row === undefined ? 'NoContent' : 'OK') };
  });
  return gone === undefined ? { status: 204 } : { status: 200 };
}

function view(row: Row): unknown {
  const { subject, notBefore, notAfter } = readCertificate(row.certificate);
  return {
    id: `/providers/${namespace}/servicePrincipals/${row.client_id}/certificates/${row.credential_id}`,
    name: row.credential_id,
    type,
    properties: {
      thumbprint: row.thumbprint,
      subject,
      startDateTime: new Date(notBefore).toISOString(),
      endDateTime: new Date(notAfter).toISOString(),
      createdOn: new Date(row.created_at).toISOString(),
    },
  };
}
