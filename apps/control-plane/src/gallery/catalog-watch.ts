/** Tells in the activity log, once for each change, when the catalog is refused or its roles come near their end (T14, T29, S2.2). */
import { randomUUID } from 'node:crypto';
import { messageOf, parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import { endedEvent } from '../activity-log/events-of.ts';
import type { Environment } from '../environment.ts';
import type { Log } from '../http/log.ts';
import type { Store, Writer } from '../store/store.ts';
import { catalogHealth, type CatalogHealth } from './catalog-health.ts';
import type { CatalogSource } from './catalog-source.ts';

export interface CatalogWatchOptions {
  readonly environment: Environment;
  readonly store: Store;
  readonly catalog: CatalogSource;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly log: Log;
}

const betweenLooks = 10 * 60 * 1000;

/** Looks now and every ten minutes; returns what ends it. The start does not wait for the first look. */
export function startCatalogWatch(options: CatalogWatchOptions): () => Promise<void> {
  async function look(): Promise<void> {
    try {
      await options.store.lead('catalog-watch', async () => lookAtCatalog(options));
    } catch (error) {
      options.log.error({ msg: 'the catalog could not be looked at; trying again', reason: messageOf(error) });
    }
  }
  let running = look();
  const timer = setInterval(() => {
    running = running.then(look);
  }, betweenLooks);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** One look. What was told last is in the activity log itself, so a restart or another replica does not tell it again. */
export async function lookAtCatalog(options: CatalogWatchOptions): Promise<void> {
  const { environment, store, catalog, log } = options;
  const look = await catalog.look();
  if (look === undefined) return;
  const health = catalogHealth(look, environment.now());
  if (health.level !== 'Informational')
    log.warn({ msg: 'the signed catalog', code: health.code, reason: health.message });
  await store.observe(async (writer) => {
    const origin = originOf(options);
    const told = (await lastTold(writer, origin.resourceId)) ?? 'Healthy';
    return { value: undefined, events: told === health.word ? [] : [eventOf(environment, origin, health)] };
  });
}

function eventOf(environment: Environment, origin: EventOrigin, health: CatalogHealth): ActivityEvent {
  const { word, level, code, message } = health;
  const outcome =
    level === 'Informational'
      ? ({ status: 'Succeeded', subStatus: word } as const)
      : ({ status: 'Failed', subStatus: word, error: { code, message } } as const);
  const event = endedEvent(environment, origin, outcome);
  return {
    ...event,
    level,
    description: message,
    category: { value: 'ServiceHealth', localizedValue: 'Service Health' },
  };
}

const toldSchema = z.object({ subStatus: z.object({ value: z.string() }) });

async function lastTold(writer: Writer, resourceId: string): Promise<string | undefined> {
  const row = await writer
    .selectFrom('activity_events')
    .select('event')
    .where('resource_key', '=', resourceId.toLowerCase())
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : parseJson(toldSchema, row.event, 'an event').subStatus.value;
}

function originOf({ tenantId, subscriptionId }: CatalogWatchOptions): EventOrigin {
  const id = randomUUID();
  return {
    tenantId,
    subscriptionId,
    resourceGroup: '',
    resourceId: `/subscriptions/${subscriptionId}/providers/Sallyport.Gallery/catalogs/default`,
    action: 'Sallyport.Gallery/catalogs/health/action',
    caller: 'control-plane',
    claims: {},
    correlationId: id,
    operationId: id,
    clientRequestId: '',
    clientIpAddress: '',
    method: '',
    uri: '',
  };
}
