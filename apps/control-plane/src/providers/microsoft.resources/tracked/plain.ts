import { parseResourceId } from '@sallyport/model';
import { sql, type Expression, type SqlBool } from 'kysely';
import { readTags } from '../../../arm/tags.ts';
import { taggedPlain } from '../../../resources/tag-keys.ts';
import { licenseProfileType, licenseType } from '../../microsoft.hybridcompute/licenses.ts';
import { privateLinkScopeType } from '../../microsoft.hybridcompute/private-link-scopes.ts';
import { machineType } from '../../microsoft.hybridcompute/provider.ts';
import { orderById } from '../../../resources/reach/reach.ts';
import { sameText, type Placed, type Source, type SourceQuery } from './source.ts';

const types: readonly string[] = [licenseType, licenseProfileType, privateLinkScopeType];

/** Licenses and the like, in the order of their ids. */
export const plain: Source = {
  types,
  kind: 'plain',
  order: orderById(types, [machineType]),
  read: async (query, { first, end }, after, limit) => {
    let rows = select(query).where('subscription_id', '=', query.narrowing.subscriptionId);
    rows = after === undefined ? rows.where('resource_key', '>=', first) : rows.where('resource_key', '>', after);
    if (end !== undefined) rows = rows.where('resource_key', '<', end);
    return (await rows.orderBy('resource_key').limit(limit).execute()).map(shown);
  },
  find: async (query, keys) => (await select(query).where('resource_key', 'in', keys).execute()).map(shown),
};

function select({ reader, narrowing: { type, name, location } }: SourceQuery) {
  return reader
    .selectFrom('plain_resources')
    .select(['resource_key', 'subscription_id', 'resource_id', 'type', 'location', 'tags', 'created_at', 'changed_at'])
    .where('type', 'in', type === undefined ? types : types.filter((own) => own.toLowerCase() === type))
    .where(endsWith('resource_key', name))
    .where(sameText('location', location));
}

/** A key ends with the last part of the name, which is in lower case as it is. */
function endsWith(column: string, name: string | undefined): Expression<SqlBool> {
  if (name === undefined) return sql<SqlBool>`1 = 1`;
  const last = (name.split('/').at(-1) ?? '').replaceAll(/[%_\\]/g, '_');
  return sql<SqlBool>`${sql.ref(column)} LIKE ${`%/${last}`}`;
}

type PlainOfList = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function shown(row: PlainOfList): Placed {
  const id = parseResourceId(row.resource_id);
  return {
    place: taggedPlain(row).place,
    resource: {
      id: row.resource_id,
      name: id?.providers.at(-1)?.names.join('/') ?? '',
      type: row.type,
      location: row.location ?? '',
      tags: readTags(row.tags),
      group: id?.resourceGroup ?? '',
      times: row,
    },
  };
}
