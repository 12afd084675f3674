/** Where an event comes from: one request of one caller. Kept with a long-running operation, so that its last event has it too. */
import * as z from 'zod/mini';

export const eventOriginSchema = z.object({
  tenantId: z.string(),
  subscriptionId: z.string(),
  resourceGroup: z.string(),
  resourceId: z.string(),
  /** As in role definitions: `Microsoft.HybridCompute/machines/extensions/write`. */
  action: z.string(),
  caller: z.string(),
  claims: z.record(z.string(), z.string()),
  correlationId: z.string(),
  /** Shared by all events of one request, and by those of the long-running operation it started. */
  operationId: z.string(),
  clientRequestId: z.string(),
  clientIpAddress: z.string(),
  method: z.string(),
  uri: z.string(),
});

export type EventOrigin = z.infer<typeof eventOriginSchema>;
