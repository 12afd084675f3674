/** What of the activity log a caller may read, by the scopes at which a role lets them, as the store can be asked for it. Pure. */
import { parseResourceId } from '@sallyport/model';
import { covers, scopeKey } from '../../rbac/scope.ts';

/** The events of a subscription, of a group, or of a resource and what stands beneath it. Names and keys in lower case. */
export type LogPart =
  | { readonly of: 'subscription'; readonly subscriptionId: string }
  | { readonly of: 'group'; readonly subscriptionId: string; readonly group: string }
  | { readonly of: 'resource'; readonly key: string };

/** The parts of the log of a scope that these scopes let somebody read; 'whole' where one of them holds for all of it. */
export function logReach(scope: string, scopes: readonly string[]): 'whole' | readonly LogPart[] {
  if (scopes.some((one) => covers(one, scope))) return 'whole';
  const within = [...new Set(scopes.filter((one) => covers(scope, one)).map(scopeKey))];
  return within.filter((one) => !within.some((other) => other !== one && covers(other, one))).map((key) => partOf(key));
}

function partOf(key: string): LogPart {
  const id = parseResourceId(key);
  const subscriptionId = id?.subscriptionId;
  if (id === undefined || subscriptionId === undefined || id.providers.length > 0) return { of: 'resource', key };
  if (id.resourceGroup === undefined) return { of: 'subscription', subscriptionId };
  return { of: 'group', subscriptionId, group: id.resourceGroup };
}
