/** Where in a list a caller may read anything, by the scopes at which a role lets them. Pure. */
import { parseResourceId } from '@sallyport/model';
import { betweenParts } from '../tag-keys.ts';
import { scopeKey, tenantScope } from '../../rbac/scope.ts';
import { beneath, inOrder, oneResource, wholeList, type Stretch } from './stretch.ts';

/** Beyond so many the whole list is read, and what may not be seen is left out afterwards: each is a question to the store. */
const mostStretches = 200;

/** How a list makes stretches of scopes. */
export interface ListOrder {
  /** Of a group. */
  group(subscriptionId: string, group: string): Stretch;
  /** Of another scope of the subscription, in lower case; none when the list has nothing at it or beneath it. */
  resource(scope: string): readonly Stretch[];
}

/** The stretches of a list, in order, narrowed to a group where one is given. Scopes are the ones at which what it holds may be read. */
export function stretchesWithin(
  order: ListOrder,
  { subscriptionId, group }: { readonly subscriptionId: string; readonly group: string | undefined },
  scopes: readonly string[],
): readonly Stretch[] {
  const whole = group === undefined ? wholeList : order.group(subscriptionId, group);
  const subscription = scopeKey(`/subscriptions/${subscriptionId}`);
  const found: Stretch[] = [];
  for (const scope of scopes.map(scopeKey)) {
    if (scope === tenantScope || scope === subscription) return [whole];
    const id = parseResourceId(scope);
    if (id?.resourceGroup === undefined || !scope.startsWith(`${subscription}/`)) continue;
    if (group !== undefined && id.resourceGroup !== group) continue;
    if (id.providers.length > 0) found.push(...order.resource(scope));
    else found.push(order.group(subscriptionId, id.resourceGroup));
  }
  const stretches = inOrder(found);
  return stretches.length > mostStretches ? [whole] : stretches;
}

/** Machines and what stands under them: keys of a group, a machine, and so on, as many as a key has. */
export function orderByGroup(keyParts: 2 | 3): ListOrder {
  const stretch = (parts: readonly string[]): Stretch => {
    const place = parts.join(betweenParts);
    return parts.length === keyParts ? oneResource(parts, place) : beneath(parts, place, betweenParts);
  };
  return {
    group: (_subscriptionId, group) => stretch([group]),
    resource: (scope) => {
      const [, ...parts] = underMachine.exec(scope) ?? [];
      const named = parts.filter((part) => part !== undefined);
      return named.length < 2 || named.length > keyParts ? [] : [stretch(named)];
    },
  };
}

const underMachine =
  /^\/subscriptions\/[^/]+\/resourcegroups\/([^/]+)\/providers\/microsoft\.hybridcompute\/machines\/([^/]+)(?:\/extensions\/([^/]+))?$/;

/** Lists in the order of whole ids in lower case. They hold resources of `types`, and what stands under one of `parents`. */
export function orderById(types: readonly string[], parents: readonly string[]): ListOrder {
  const among = (list: readonly string[], type: string): boolean => list.some((one) => one.toLowerCase() === type);
  return {
    group: (subscriptionId, group) => {
      const id = scopeKey(`/subscriptions/${subscriptionId}/resourceGroups/${group}`);
      return beneath([id], id, '/');
    },
    resource: (scope) => {
      const [section, ...more] = parseResourceId(scope)?.providers ?? [];
      if (section === undefined || more.length > 0) return [];
      const type = `${section.namespace}/${section.types.join('/')}`;
      return [
        ...(among(types, type) ? [oneResource([scope], scope)] : []),
        ...(among(parents, type) ? [beneath([scope], scope, '/')] : []),
      ];
    },
  };
}
