/** Names and versions that the parts of the provider share. */
import { scopeKey, tenantScope } from '../../rbac/scope.ts';

export const namespace = 'Microsoft.Authorization';

/** Newest first, previews last (arm-api §1, §4.3): what SDKs and `az` send. */
export const apiVersions: readonly string[] = [
  '2022-04-01',
  '2018-07-01',
  '2015-07-01',
  '2022-05-01-preview',
  '2020-10-01-preview',
  '2020-08-01-preview',
  '2020-04-01-preview',
  '2018-09-01-preview',
  '2018-01-01-preview',
];

/** Both types can be asked for at every scope. */
export const everyScope = ['tenant', 'subscription', 'resourceGroup', 'resource'] as const;

export const guidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id of a role definition as seen from a scope: from within a subscription it is prefixed with it (arm-api §8.1). */
export function roleDefinitionId(roleId: string, scope: string): string {
  const subscription = /^\/subscriptions\/[^/]+/.exec(scopeKey(scope))?.[0] ?? '';
  return `${subscription}/providers/${namespace}/roleDefinitions/${roleId}`;
}

/** The id of something of this provider that stands on a scope. */
export function idAtScope(scope: string, type: string, name: string): string {
  return `${scope === tenantScope ? '' : scope}/providers/${namespace}/${type}/${name}`;
}
