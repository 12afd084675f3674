/** What service principals and people have in common as resources: they are listed, renamed and removed alike. */
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import { principalOfClient, type Principal } from '../../identity/principals.ts';
import type { Services } from '../../services.ts';
import type { Writer } from '../../store/store.ts';
import { nameInPath, requireGiving, succeeded } from './names.ts';
import { removePrincipal } from './remove-principal.ts';

export type PrincipalKind = 'ServicePrincipal' | 'User';

/** A page of those of a kind, by name. */
export async function listPrincipals(
  { store, endpoint, pageSize }: Services,
  kind: PrincipalKind,
  request: ArmRequest,
  view: (row: Principal) => unknown,
): Promise<ArmResponse> {
  const wanted = pageRequest(request, pageSize);
  const rows = await store.read
    .selectFrom('principals')
    .selectAll()
    .where('kind', '=', kind)
    .where('client_id', '>', wanted.after ?? '')
    .orderBy('client_id')
    .limit(wanted.size + 1)
    .execute();
  return { status: 200, body: page(endpoint.url, request, wanted, rows, (row) => row.client_id, view) };
}

/** Makes one with the name and the secret's hash, or renames the one that has that name already; in the caller's transaction. */
export async function keepPrincipal(
  writer: Writer,
  { environment }: Pick<Services, 'environment'>,
  before: Principal | undefined,
  wanted: Pick<Principal, 'client_id' | 'display_name' | 'secret_hash'> & { readonly kind: PrincipalKind },
): Promise<Principal> {
  const { client_id, display_name } = wanted;
  if (before !== undefined) {
    await writer.updateTable('principals').set({ display_name }).where('client_id', '=', client_id).execute();
    return { ...before, display_name };
  }
  const made: Principal = {
    ...wanted,
    object_id: environment.guid(),
    public_key: null,
    vm_id: null,
    created_at: environment.now(),
  };
  await writer.insertInto('principals').values(made).execute();
  return made;
}

/** Removes the one that the path names; its tokens are refused at once. 204 when there is none of the kind. */
export async function removeNamed(services: Services, kind: PrincipalKind, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  const gone = await services.store.change(async (writer) => {
    const principal = await principalOfClient(writer, nameInPath(request, 0));
    const here = principal?.kind === kind ? principal : undefined;
    if (here !== undefined) await removePrincipal(writer, here);
    return { value: here, events: succeeded(services, request, here === undefined ? 'NoContent' : 'OK') };
  });
  return gone === undefined ? { status: 204 } : { status: 200 };
}
