/** `Sallyport.Identity/signingKeys`: the keys that tokens are signed with. Rotating retires them; deleting one ends its tokens too. */
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import type { SigningKeyRow } from '../../store/schema/identity-rows.ts';
import { common, namespace, requireGiving, succeeded } from './names.ts';

const type = `${namespace}/signingKeys`;

/** The rows of the registry. */
export function signingKeys(services: Services): readonly ResourceType[] {
  return [
    {
      ...common,
      type,
      item: { DELETE: (request) => revoke(services, request) },
      collection: { GET: () => list(services) },
    },
    { ...common, type: `${namespace}/rotateSigningKeys`, collection: { POST: (request) => rotate(services, request) } },
  ];
}

async function list({ store }: Services): Promise<ArmResponse> {
  const rows = await store.read.selectFrom('signing_keys').selectAll().orderBy('created_at').execute();
  return { status: 200, body: { value: rows.map(view) } };
}

/** Every key is retired; each control plane signs with a new one from the next token on, what was signed stays good until it expires. */
async function rotate(services: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  await services.store.change(async (writer) => {
    await writer
      .updateTable('signing_keys')
      .set({ retired_at: services.environment.now() })
      .where('retired_at', 'is', null)
      .execute();
    return { value: undefined, events: succeeded(services, request, 'OK') };
  });
  await services.signingKeys.renew();
  return list(services);
}

/** For a key that is in wrong hands: whatever it signed is refused, by this control plane at once and by others as soon as they are told. */
async function revoke(services: Services, request: ArmRequest): Promise<ArmResponse> {
  requireGiving(request.access);
  // Key ids tell upper from lower case.
  const keyId = request.id.providers.at(-1)?.names[0] ?? '';
  await services.store.change(async (writer) => {
    const gone = await writer.deleteFrom('signing_keys').where('key_id', '=', keyId).executeTakeFirstOrThrow();
    if (gone.numDeletedRows === 0n)
      throw new ArmError('ResourceNotFound', `There is no signing key '${keyId.slice(0, 60)}'.`);
    return { value: undefined, events: succeeded(services, request, 'OK') };
  });
  await services.signingKeys.renew();
  return { status: 200 };
}

function view(row: SigningKeyRow): unknown {
  return {
    id: `/providers/${type}/${row.key_id}`,
    name: row.key_id,
    type,
    properties: {
      createdOn: new Date(row.created_at).toISOString(),
      ...(row.retired_at === null ? {} : { retiredOn: new Date(row.retired_at).toISOString() }),
    },
  };
}
