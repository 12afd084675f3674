/** What a path asks for: a resource type, one resource or the collection, and the scope it stands in. */
import { parseResourceId, resourceTypeKey, type ResourceId } from '@sallyport/model';
import type { Scope } from './resource-type.ts';

export interface Target {
  readonly id: ResourceId;
  /** Lower case: `microsoft.hybridcompute/machines`. */
  readonly typeKey: string;
  readonly shape: 'item' | 'collection';
  readonly scope: Scope;
}

/** `//subscriptions/x` is what SDKs send for ids that begin with a slash (arm-api §0.2). Collapsed before anything parses it. */
export function collapseLeadingSlashes(path: string): string {
  return path.replace(/^\/{2,}/, '/');
}

const resources = 'microsoft.resources';

/** The target of a path, or undefined when no resource of ARM can have it. Pure; never throws. */
export function targetOf(path: string): Target | undefined {
  const segments = path.split('/').filter((segment) => segment !== '');
  const last = segments.at(-1)?.toLowerCase();
  // Collections of Microsoft.Resources that stand outside of any `providers` section.
  if (last !== undefined && ['resources', 'locations', 'providers', 'tenants'].includes(last)) {
    const parent = parseResourceId(segments.slice(0, -1).join('/'));
    const direct = segments.length === 1 || segments.length === 3 || segments.length === 5;
    if (parent !== undefined && direct && parent.providers.length === 0 && parent.resourceGroupCollection !== true) {
      const scope = scopeOf(parent);
      if ((last === 'tenants') !== (scope === 'tenant') && last !== 'providers') return undefined;
      return { id: parent, typeKey: `${resources}/${last}`, shape: 'collection', scope };
    }
  }
  const id = parseResourceId(path);
  if (id === undefined) return undefined;
  const section = id.providers.at(-1);
  if (section !== undefined) {
    if (section.types.length === 0) return { id, typeKey: `${resources}/providers`, shape: 'item', scope: scopeOf(id) };
    const shape = section.names.length === section.types.length ? 'item' : 'collection';
    return { id, typeKey: resourceTypeKey(section), shape, scope: scopeOf(id) };
  }
  if (id.resourceGroup !== undefined) {
    return { id, typeKey: `${resources}/subscriptions/resourcegroups`, shape: 'item', scope: 'subscription' };
  }
  if (id.resourceGroupCollection === true) {
    return { id, typeKey: `${resources}/subscriptions/resourcegroups`, shape: 'collection', scope: 'subscription' };
  }
  if (id.subscriptionId !== undefined) {
    return { id, typeKey: `${resources}/subscriptions`, shape: 'item', scope: 'tenant' };
  }
  if (last === 'subscriptions')
    return { id, typeKey: `${resources}/subscriptions`, shape: 'collection', scope: 'tenant' };
  return undefined;
}

function scopeOf(id: ResourceId): Scope {
  if (id.providers.length > 1) return 'resource';
  if (id.resourceGroup !== undefined) return 'resourceGroup';
  return id.subscriptionId === undefined ? 'tenant' : 'subscription';
}
