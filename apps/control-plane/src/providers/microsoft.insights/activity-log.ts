/** `eventtypes/management/values`: the activity log, newest first (arm-api §8.3). */
import { formatResourceId } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { activityLogConditions } from './activity-log-query.ts';

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

async function listEvents({ store, endpoint, pageSize }: Services, request: ArmRequest): Promise<ArmResponse> {
  const kind = request.id.providers.at(-1)?.names[0]?.toLowerCase();
  if (kind !== 'management')
    throw new ArmError('ResourceNotFound', `There are no events of the kind '${kind ?? ''}'; there is management.`);
  // Who may read the log at the whole scope reads it whole; others read of what they may read the log of (T86).
  const scope = formatResourceId({ ...request.id, providers: [] });
  const whole = request.access.permits(readAction, scope);
  if (!whole && !request.access.touches(scope)) request.access.require(readAction, scope);
  const visible = (row: { readonly resource_key: string }): boolean =>
    whole || request.access.permits(readAction, row.resource_key);
  const wanted = pageRequest(request, pageSize);
  let query = store.read.selectFrom('activity_events').select(['position', 'event', 'resource_key']);
  if (request.id.subscriptionId !== undefined) query = query.where('subscription_id', '=', request.id.subscriptionId);
  for (const { column, operator, value } of activityLogConditions(request.query.get('$filter'))) {
    query = query.where(column, operator, value);
  }
  if (wanted.after !== undefined) query = query.where('position', '<', positionOf(wanted.after));
  const rows = await query
    .orderBy('position', 'desc')
    .limit(wanted.size + 1)
    .execute();
  const select = selection(request.query.get('$select'));
  const show = (row: { readonly event: string }): unknown => select(JSON.parse(row.event) as Record<string, unknown>);
  return { status: 200, body: page(endpoint.url, request, wanted, rows, (row) => String(row.position), show, visible) };
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
