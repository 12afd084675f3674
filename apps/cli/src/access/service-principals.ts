import * as z from 'zod/mini';
import { CodedError, parseValue } from '@sallyport/model';
import type { ArmClient } from '../connection/arm-client.ts';
import { apiVersions } from '../resources.ts';

export const servicePrincipalSchema = z.object({
  name: z.string(),
  properties: z.object({
    displayName: z.string(),
    clientId: z.string(),
    objectId: z.string(),
    createdOn: z._default(z.string(), ''),
    clientSecret: z.optional(z.string()),
  }),
});
export type ServicePrincipal = z.infer<typeof servicePrincipalSchema>;

export const servicePrincipalsPath = '/providers/Sallyport.Identity/servicePrincipals';

/** Every service principal. */
export async function servicePrincipals(client: ArmClient): Promise<readonly ServicePrincipal[]> {
  const items = await client.list(servicePrincipalsPath, apiVersions.identity);
  return items.map((item) => parseValue(servicePrincipalSchema, item, 'A service principal'));
}

/** The one of a client id, an object id or a display name. Throws {@link CodedError} when there is none, or more than one. */
export async function servicePrincipalNamed(client: ArmClient, wanted: string): Promise<ServicePrincipal> {
  const found = (await servicePrincipals(client)).filter(({ properties }) =>
    [properties.clientId, properties.objectId, properties.displayName].includes(wanted),
  );
  const [first] = found;
  if (first === undefined)
    throw new CodedError(
      'ResourceNotFound',
      `There is no service principal '${wanted}'. See: sallyport service-principal list`,
    );
  if (found.length > 1)
    throw new CodedError(
      'MalformedInput',
      `There are ${found.length} service principals named '${wanted}'; name one by its client id.`,
    );
  return first;
}
