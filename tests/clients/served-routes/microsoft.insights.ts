import * as z from 'zod/mini';
import { registration } from './registration.ts';
import type { Places, Routes } from './route.ts';
import { named, optional, tags, text, time } from './shapes.ts';

/** The activity log. */
export function insightsRoutes(at: Places): Routes {
  return {
    'Microsoft.Insights/eventtypes/values': {
      list: `${at.subscription}/providers/Microsoft.Insights/eventtypes/management/values`,
      shape: z.looseObject({
        id: text,
        eventDataId: text,
        correlationId: text,
        operationId: text,
        caller: text,
        level: text,
        eventTimestamp: time,
        submissionTimestamp: time,
        subscriptionId: text,
        tenantId: text,
        authorization: z.looseObject({ action: text, scope: text }),
        claims: tags,
        category: named,
        eventName: named,
        operationName: named,
        resourceProviderName: named,
        resourceType: named,
        status: named,
        subStatus: named,
        properties: optional(tags),
      }),
    },
    'Microsoft.Insights/eventcategories': {
      list: '/providers/Microsoft.Insights/eventcategories',
      shape: named,
    },
    'Microsoft.Insights/register': registration(at, 'Microsoft.Insights'),
  };
}
