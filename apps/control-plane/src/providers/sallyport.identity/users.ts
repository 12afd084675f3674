/** `Sallyport.Identity/users`: people. They sign in with a password, or by an identity provider that knows them, or both. */
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { changePassword, hashPassword } from '../../identity/people/change-password.ts';
import { weaknessOf } from '../../identity/people/password-rules.ts';
import { endSessionsOf } from '../../identity/people/sessions.ts';
import { principalOfClient, type Principal } from '../../identity/principals.ts';
import type { Services } from '../../services.ts';
import { common, nameInPath, namespace, principalInPath, requireGiving, succeeded } from './names.ts';
import { keepPrincipal, listPrincipals, removeNamed } from './principal-resource.ts';

const type = `${namespace}/users`;
/** As an e-mail address is written: never a GUID, so that nobody takes an application's or a machine's place. */
const nameForm = /^[a-z0-9][a-z0-9._+-]{0,63}@[a-z0-9][a-z0-9.-]{0,119}$/;

/** Left out: one is made and shown once. Null: none, the person signs in by an identity provider only. */
const password = z.optional(z.nullable(z.string().check(z.maxLength(1000))));
const bodySchema = z.object({
  properties: z.object({
    displayName: z.string().check(z.minLength(1), z.maxLength(120), z.regex(/^[^\u0000-\u001f\u007f]+$/)),
    password,
  }),
});
const resetSchema = z.object({ properties: z.optional(z.object({ password })) });

/** The rows of the registry. */
export function users(services: Services): readonly ResourceType[] {
  return [
    {
      ...common,
      type,
      item: {
        GET: async (request) => ({
          status: 200,
          body: view(await principalInPath(services.store.read, request, 'User')),
        }),
        PUT: (request) => put(services, request),
        DELETE: (request) => removeNamed(services, 'User', request),
      },
      collection: { GET: (request) => listPrincipals(services, 'User', request, (row) => view(row)) },
    },
    { ...common, type: `${type}/resetPassword`, collection: { POST: (request) => resetPassword(services, request) } },
    { ...common, type: `${type}/endSessions`, collection: { POST: (request) => endSessions(services, request) } },
  ];
}

/** The password of a body: what is kept of it, and what has to be shown because it was made here. */
async function passwordOf(
  { environment }: Services,
  userName: string,
  given: string | null | undefined,
): Promise<{ readonly hash: string | null; readonly shown: string | undefined }> {
  if (given === null) return { hash: null, shown: undefined };
  const made = given === undefined ? Buffer.from(environment.randomBytes(15)).toString('base64url') : undefined;
  const chosen = given ?? made ?? '';
  const weakness = made === undefined ? weaknessOf(chosen, userName) : undefined;
  if (weakness !== undefined) throw new ArmError('InvalidParameter', weakness);
  return { hash: await hashPassword(environment, chosen), shown: made };
}

/** Makes a person (201), or renames one (200; a password is changed by `resetPassword`). */
async function put(services: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const name = nameInPath(request, 0);
  if (!nameForm.test(name))
    throw new ArmError(
      'InvalidResourceName',
      `'${name.slice(0, 100)}' is not a user name: it is written like an e-mail address, anna@example.org.`,
    );
  const { displayName, password } = parseBody(bodySchema, request.body).properties;
  const { hash, shown } = await passwordOf(services, name, password);
  const { row, fresh } = await services.store.change(async (writer) => {
    const before = await principalOfClient(writer, name);
    const wanted = { client_id: name, kind: 'User', display_name: displayName, secret_hash: hash } as const;
    const row = await keepPrincipal(writer, services, before, wanted);
    const subStatus = before === undefined ? 'Created' : 'OK';
    return { value: { row, fresh: before === undefined }, events: succeeded(services, request, subStatus) };
  });
  return fresh ? { status: 201, body: view(row, shown) } : { status: 200, body: view(row) };
}

/** Another password; every session ends. */
async function resetPassword(services: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const name = nameInPath(request, 0);
  const { properties } = parseBody(resetSchema, request.body);
  const { hash, shown } = await passwordOf(services, name, properties?.password);
  const row = await services.store.change(async (writer) => {
    const person = await principalInPath(writer, request, 'User');
    await changePassword(writer, person, hash);
    return { value: person, events: succeeded(services, request, 'OK') };
  });
  return { status: 200, body: view({ ...row, secret_hash: hash }, shown) };
}

/** Signs a person out everywhere: access tokens are refused at once. */
async function endSessions(services: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const row = await services.store.change(async (writer) => {
    const person = await principalInPath(writer, request, 'User');
    await endSessionsOf(writer, person.object_id);
    return { value: person, events: succeeded(services, request, 'OK') };
  });
  return { status: 200, body: view(row) };
}

function view(row: Principal, password?: string): unknown {
  return {
    id: `/providers/${type}/${row.client_id}`,
    name: row.client_id,
    type,
    properties: {
      displayName: row.display_name,
      userPrincipalName: row.client_id,
      objectId: row.object_id,
      hasPassword: row.secret_hash !== null,
      createdOn: new Date(row.created_at).toISOString(),
      ...(password === undefined ? {} : { password }),
    },
  };
}
