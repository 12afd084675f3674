/** The shape of an event in the activity log, as Azure serves it (arm-api §8.3). Who, what, on which resource, when, with which outcome (S2.2). */

export interface Localizable {
  readonly value: string;
  readonly localizedValue: string;
}

export type EventStatus = 'Started' | 'Accepted' | 'Succeeded' | 'Failed';

export interface ActivityEvent {
  readonly id: string;
  readonly eventDataId: string;
  readonly authorization: { readonly action: string; readonly scope: string };
  readonly claims: Readonly<Record<string, string>>;
  readonly caller: string;
  readonly channels: 'Operation';
  readonly description: string;
  readonly correlationId: string;
  readonly operationId: string;
  readonly eventName: Localizable;
  readonly category: Localizable;
  readonly httpRequest: {
    readonly clientRequestId: string;
    readonly clientIpAddress: string;
    readonly method: string;
    readonly uri: string;
  };
  readonly level: 'Informational' | 'Warning' | 'Error';
  readonly resourceGroupName: string;
  readonly resourceProviderName: Localizable;
  readonly resourceId: string;
  readonly resourceType: Localizable;
  readonly operationName: Localizable;
  readonly properties: Readonly<Record<string, string>>;
  readonly status: Localizable;
  readonly subStatus: Localizable;
  /** ISO 8601, UTC, with milliseconds. */
  readonly eventTimestamp: string;
  readonly submissionTimestamp: string;
  readonly subscriptionId: string;
  readonly tenantId: string;
}
