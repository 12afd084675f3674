/** The resource type `Microsoft.Authorization/locks`: at a subscription, a group, or a resource. */
import { formatResourceId, type ResourceId } from '@sallyport/model';
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { lockType } from '../../locks/stored-locks.ts';
import { readScope, scopeBeneath } from '../../rbac/scope.ts';
import { plainResource } from '../../resources/plain-resource.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { storedGroup } from '../microsoft.hybridcompute/machine-rows.ts';

const text = z.optional(z.nullable(z.string().check(z.maxLength(512))));
const lockSchema = z.object({
  level: z.enum(['CanNotDelete', 'ReadOnly']),
  notes: text,
  owners: z.optional(z.nullable(z.array(z.object({ applicationId: text })))),
});

/** The row of the registry. Who may write one is who may give access: a role with `Microsoft.Authorization/locks/*`. */
export function locks(services: Services): ResourceType {
  return plainResource(services, {
    type: lockType,
    scopes: ['subscription', 'resourceGroup', 'resource'],
    apiVersions: ['2020-05-01', '2017-04-01', '2016-09-01', '2015-01-01'],
    resource: 'none',
    policy: undefined,
    isStateless: true,
    created: 201,
    removed: 200,
    location: 'none',
    nameForm: /^[^<>*%&:\\?+/\u0000-\u001f]{1,260}$/,
    properties: lockSchema,
    parentId: scopeSpelled,
  });
}

async function scopeSpelled(reader: Reader, id: ResourceId): Promise<string> {
  const { subscriptionId = '', resourceGroup } = id;
  const group =
    resourceGroup === undefined ? {} : { resourceGroup: await storedGroup(reader, subscriptionId, resourceGroup) };
  const scope = readScope(scopeBeneath({ ...id, ...group }));
  if (scope === undefined)
    throw new ArmError('InvalidParameter', `'${formatResourceId(id)}' stands on nothing that can be locked.`);
  return scope;
}
