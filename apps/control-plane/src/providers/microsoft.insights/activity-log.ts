/** `eventtypes/management/values`: the activity log, newest first (arm-api §8.3). */
import { formatResourceId } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { activityLogConditions } from './activity-log-query.ts';
import { logReach } from './log-reach.ts';
import { readLog, type LogQuery } from './read-log.ts';

const readAction = 'Microsoft.Insights/eventtypes/values/read';

/** The rows of the registry. */
export function activityLog(services: Services): readonly ResourceType[] {
  const common = { scopes: ['tenant', 'subscription'], apiVersions: 'any', resource: 'none' } as const;
  const categories = [
    'Administrative',
    'Policy',
    'Security',
    'ServiceHealth',
    'ResourceHealth',
    'Alert',
    'Autoscale',
    'Recommendation',
  ];
  return [
    {
      ...common,
      type: 'Microsoft.Insights/eventtypes/values',
      authorization: { collection: 'handler' },
      collection: { GET: (request) => listEvents(services, request) },
    },
    {
      ...common,
      type: 'Microsoft.Insights/eventcategories',
      authorization: { collection: 'signed-in' },
      collection: {
        GET: () =>
          Promise.resolve({
            status: 200,
            body: { value: categories.map((value) => ({ value, localizedValue: value })) },
          }),
      },
    },
  ];
}

/** A page of the events that fit the filter and that the caller may read. Throws {@link ArmError}. */
export async function listEvents(
  { store, endpoint, pageSize }: Pick<Services, 'store' | 'endpoint' | 'pageSize'>,
  request: Pick<ArmRequest, 'id' | 'path' | 'query' | 'access'>,
): Promise<ArmResponse> {
  const kind = request.id.providers.at(-1)?.names[0]?.toLowerCase();
  if (kind !== 'management')
    throw new ArmError('ResourceNotFound', `There are no events of the kind '${kind ?? ''}'; there is management.`);
  const { access, id } = request;
  // Who may read the log at the whole scope reads it whole; others read of what they may read the log of (T86).
  const scope = formatResourceId({ ...id, providers: [] });
  const reach = logReach(scope, access.scopesOf(readAction));
  if (reach !== 'whole' && reach.length === 0 && !access.touches(scope)) access.require(readAction, scope);
  const wanted = pageRequest(request, pageSize);
  const query: LogQuery = {
    subscriptionId: id.subscriptionId,
    conditions: activityLogConditions(request.query.get('$filter')),
    reach,
    isVisible: (resourceKey) => access.permits(readAction, resourceKey),
  };
  const before = wanted.after === undefined ? undefined : positionOf(wanted.after);
  const rows = await readLog(store.read, query, before, wanted.size + 1);
  const select = selection(request.query.get('$select'));
  const show = (row: { readonly event: string }): unknown => select(JSON.parse(row.event) as Record<string, unknown>);
  return { status: 200, body: page(endpoint.url, request, wanted, rows, (row) => String(row.position), show) };
}

function positionOf(token: string): number {
  if (!/^[0-9]{1,15}$/.test(token))
    throw new ArmError(
      'InvalidParameter',
      'The $skiptoken is malformed. Use the nextLink of the previous page as it is.',
    );
  return Number(token);
}

/** Only the fields named, all without `$select`. Names that are no field of an event are left out, as ARM does. */
function selection(select: string | undefined): (event: Readonly<Record<string, unknown>>) => unknown {
  const names = new Set(
    (select ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  );
  if (names.size === 0) return (event) => event;
  return (event) => Object.fromEntries(Object.entries(event).filter(([name]) => names.has(name.toLowerCase())));
}
