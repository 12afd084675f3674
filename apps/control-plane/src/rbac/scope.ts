/** Scopes: the tenant (`/`), a subscription, a resource group, a resource. Written as ids, compared in lower case. */
import { formatResourceId, parseResourceId, type ResourceId } from '@sallyport/model';

/** The scope that stands above everything. */
export const tenantScope = '/';

/** The form scopes are compared in. */
export function scopeKey(scope: string): string {
  return scope.toLowerCase();
}

/** Whether what is granted at `granted` holds at `asked`: it is the same scope or one above it. */
export function covers(granted: string, asked: string): boolean {
  if (granted === tenantScope) return true;
  const above = scopeKey(granted);
  const below = scopeKey(asked);
  return below === above || below.startsWith(`${above}/`);
}

/** The scope of a text in its canonical spelling, or undefined when it names none: a collection is not a scope. Never throws. */
export function readScope(text: string): string | undefined {
  if (!text.startsWith('/')) return undefined;
  if (text === tenantScope) return tenantScope;
  const id = parseResourceId(text);
  if (id === undefined || id.resourceGroupCollection === true) return undefined;
  if (id.subscriptionId === undefined && id.providers.length === 0) return undefined;
  const whole = id.providers.every(({ types, names }) => types.length > 0 && types.length === names.length);
  return whole ? formatResourceId(id) : undefined;
}

/** What an extension resource (`…/providers/Microsoft.Authorization/roleAssignments/x`) is about: its id without that section. */
export function scopeBeneath(id: ResourceId): string {
  return formatResourceId({ ...id, providers: id.providers.slice(0, -1) });
}

/** Where a request has to be permitted: on the resource, or, for a collection and for an action, on what it belongs to. */
export function scopeOfTarget(id: ResourceId): string {
  const section = id.providers.at(-1);
  if (section === undefined || section.types.length === section.names.length) return formatResourceId(id);
  const { names } = section;
  const providers = id.providers.slice(0, -1);
  const parent =
    names.length === 0 ? providers : [...providers, { ...section, types: section.types.slice(0, names.length) }];
  return formatResourceId({ ...id, providers: parent });
}
