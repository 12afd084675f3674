/** The body of a role definition, checked. */
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import { parseBody } from '../../arm/body.ts';
import type { Role } from '../../rbac/role.ts';
import { readScope } from '../../rbac/scope.ts';

const pattern = z.string().check(z.regex(/^(?:\*|[A-Za-z0-9.*]+(?:\/[A-Za-z0-9._*-]+)*)$/), z.maxLength(300));
const patterns = z._default(z.nullable(z.array(pattern).check(z.maxLength(2000))), null);

const bodySchema = z.object({
  properties: z.object({
    roleName: z.string().check(z.minLength(1), z.maxLength(128), z.regex(/^[^\u0000-\u001f\u007f]+$/)),
    description: z.optional(z.nullable(z.string().check(z.maxLength(2048)))),
    // `az` and the SDKs send it; a role of this route is a custom one whatever it says.
    type: z.optional(z.nullable(z.string())),
    permissions: z
      .array(z.object({ actions: patterns, notActions: patterns, dataActions: patterns, notDataActions: patterns }))
      .check(z.minLength(1), z.maxLength(50)),
    assignableScopes: z.array(z.string()).check(z.minLength(1), z.maxLength(2000)),
  }),
});

/** The custom role that a body describes. Throws {@link ArmError} that names the first thing wrong. */
export function readRole(id: string, body: unknown): Role {
  const { properties } = parseBody(bodySchema, body);
  return {
    id,
    name: properties.roleName,
    kind: 'CustomRole',
    description: properties.description ?? '',
    permissions: properties.permissions.map(({ actions, notActions, dataActions, notDataActions }) => ({
      actions: actions ?? [],
      notActions: notActions ?? [],
      dataActions: dataActions ?? [],
      notDataActions: notDataActions ?? [],
    })),
    assignableScopes: properties.assignableScopes.map((text) => {
      const scope = readScope(text);
      if (scope !== undefined) return scope;
      throw new ArmError(
        'InvalidRequestContent',
        `The request body: 'properties.assignableScopes' holds '${text.slice(0, 200)}', which is not a scope such as '/', '/subscriptions/{id}' or the id of a resource.`,
      );
    }),
  };
}
