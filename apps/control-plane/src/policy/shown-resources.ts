/** Resources as policy sees them: what a GET shows, found by id, by scope, or by what a policy looks for. */
import { parseResourceId, resourceTypeKey } from '@sallyport/model';
import { ownRead } from '../arm/own-read.ts';
import type { Registry } from '../arm/registry.ts';
import { targetOf } from '../arm/target.ts';
import { resourceIds, type IdPage } from '../resources/resource-ids.ts';
import { covers } from '../rbac/scope.ts';
import type { Services } from '../services.ts';
import { isObject, member, type Json } from './json.ts';
import type { RelatedQuery } from './related-query.ts';
import type { PolicyResource } from './rule/field.ts';

export interface ShownResource extends PolicyResource {
  /** Whether policies of mode Indexed look at it. */
  readonly indexed: boolean;
}

export interface ShownResources {
  /** Undefined when it is not there, or of no type that policy has a say in. */
  show(id: string): Promise<ShownResource | undefined>;
  /** Ids at and beneath a scope, in pages. */
  ids(scope: string, from: string | undefined, limit: number): Promise<IdPage>;
  /** Everything of the type and at the place that a policy looks for. */
  related(query: RelatedQuery): Promise<readonly ShownResource[]>;
}

/** Rows of one page of ids. */
const pageSize = 200;

/** Resources of the registry. */
export function createShownResources({ store }: Pick<Services, 'store'>, registry: Registry): ShownResources {
  async function show(id: string): Promise<ShownResource | undefined> {
    const target = targetOf(id);
    const row = registry.types.find((type) => type.type.toLowerCase() === target?.typeKey);
    if (target === undefined || row?.policy === undefined || target.shape !== 'item') return undefined;
    const content = (await ownRead(row, target.id)) as Json | undefined;
    if (!isObject(content)) return undefined;
    const shownId = member(content, 'id');
    const section = target.id.providers.at(-1);
    const name = section?.names.join('/') ?? target.id.resourceGroup ?? target.id.subscriptionId ?? '';
    return {
      id: typeof shownId === 'string' ? shownId : id,
      name,
      type: row.type,
      content,
      indexed: row.policy === 'indexed',
    };
  }

  async function ofType(scope: string, type: string): Promise<readonly ShownResource[]> {
    const found: ShownResource[] = [];
    let from: string | undefined;
    do {
      const page = await resourceIds(store.read, scope, from, pageSize);
      for (const id of page.ids) {
        if (targetOf(id)?.typeKey !== type) continue;
        const resource = await show(id);
        if (resource !== undefined) found.push(resource);
      }
      from = page.next;
    } while (from !== undefined);
    return found;
  }

  return {
    show,
    ids: (scope, from, limit) => resourceIds(store.read, scope, from, limit),
    related: (query) => {
      const type = query.type.toLowerCase();
      const near = parseResourceId(query.near);
      const section = near?.providers.at(-1);
      const beneath = section !== undefined && type.startsWith(`${resourceTypeKey(section)}/`);
      const standsOn = registry.types.some(
        (row) => row.type.toLowerCase() === type && row.scopes.includes('resource') && section !== undefined,
      );
      return ofType(beneath || standsOn || covers(query.within, '/') ? query.near : query.within, type);
    },
  };
}
