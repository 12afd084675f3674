/** Makes the events of a request: one that says it began, one that says how it ended (arm-api §8.3). */
import type { Environment } from '../environment.ts';
import type { ActivityEvent, EventStatus, Localizable } from './activity-event.ts';
import { displayOfAction } from './action-display.ts';
import type { EventOrigin } from './event-origin.ts';

/** How a request or an operation ended. `code` is an HTTP status word (`OK`, `Conflict`) or an operation's failure code. */
export interface EventOutcome {
  readonly status: Exclude<EventStatus, 'Started'>;
  readonly subStatus: string;
  /** Set for failures: the code and sentence that the caller got. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Ticks of .NET (100 ns since year 1), as event ids hold them. */
function ticks(milliseconds: number): string {
  return (BigInt(milliseconds) * 10_000n + 621_355_968_000_000_000n).toString();
}

/** What a change is recorded with: at least one. */
export type ActivityEvents = readonly [ActivityEvent, ...ActivityEvent[]];

/**
 * Both events of a request that is over at once, in their order, of one moment; what happened because of it stands between them. Made
 * together, so that no end can bear an earlier time than its beginning.
 */
export function requestEvents(
  environment: Environment,
  origin: EventOrigin,
  outcome: EventOutcome,
): readonly [started: ActivityEvent, ended: ActivityEvent];
export function requestEvents(
  environment: Environment,
  origin: EventOrigin,
  outcome: EventOutcome,
  between: readonly ActivityEvent[],
): ActivityEvents;
export function requestEvents(
  environment: Environment,
  origin: EventOrigin,
  outcome: EventOutcome,
  between: readonly ActivityEvent[] = [],
): ActivityEvents {
  const now = environment.now();
  const begun = Math.min(now, ...between.map(({ eventTimestamp }) => Date.parse(eventTimestamp)));
  const at = (time: number): Environment => ({ ...environment, now: () => time });
  return [startedEvent(at(begun), origin), ...between, endedEvent(at(now), origin, outcome)];
}

/** The `Started` event of a request. */
export function startedEvent(environment: Environment, origin: EventOrigin): ActivityEvent {
  return event(environment, origin, 'BeginRequest', 'Begin request', 'Started', '', undefined);
}

/** The event that ends a request, or, later, the operation that the request started. */
export function endedEvent(environment: Environment, origin: EventOrigin, outcome: EventOutcome): ActivityEvent {
  return event(environment, origin, 'EndRequest', 'End request', outcome.status, outcome.subStatus, outcome.error);
}

function event(
  environment: Environment,
  origin: EventOrigin,
  name: string,
  localizedName: string,
  status: EventStatus,
  subStatus: string,
  error: EventOutcome['error'],
): ActivityEvent {
  const eventDataId = environment.guid();
  const now = environment.now();
  const time = new Date(now).toISOString();
  const [, provider = '', type = ''] = /^([^/]+)\/(.*)\/[^/]+$/.exec(origin.action) ?? [];
  return {
    id: `${origin.resourceId}/events/${eventDataId}/ticks/${ticks(now)}`,
    eventDataId,
    authorization: { action: origin.action, scope: origin.resourceId },
    claims: origin.claims,
    caller: origin.caller,
    channels: 'Operation',
    description: error?.message ?? '',
    correlationId: origin.correlationId,
    operationId: origin.operationId,
    eventName: { value: name, localizedValue: localizedName },
    category: plain('Administrative'),
    httpRequest: {
      clientRequestId: origin.clientRequestId,
      clientIpAddress: origin.clientIpAddress,
      method: origin.method,
      uri: origin.uri,
    },
    level: status === 'Failed' ? 'Error' : 'Informational',
    resourceGroupName: origin.resourceGroup,
    resourceProviderName: plain(provider),
    resourceId: origin.resourceId,
    resourceType: plain(`${provider}/${type}`),
    operationName: { value: origin.action, localizedValue: displayOfAction(origin.action) },
    properties: {
      ...(subStatus === '' ? {} : { statusCode: subStatus }),
      ...(error === undefined ? {} : { statusMessage: JSON.stringify({ error }) }),
      entity: origin.resourceId,
      message: origin.action,
      hierarchy: origin.subscriptionId,
    },
    status: plain(status),
    subStatus: plain(subStatus),
    eventTimestamp: time,
    submissionTimestamp: time,
    subscriptionId: origin.subscriptionId,
    tenantId: origin.tenantId,
  };
}

function plain(value: string): Localizable {
  return { value, localizedValue: value };
}
