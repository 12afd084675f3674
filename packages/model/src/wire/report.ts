/**
 * `POST /agent/v1/machines/{vmId}/reports`: how operations go. Each report stands alone and may be sent twice.
 * The answer is 204. A refusal is a report like any other and is sent as soon as it is known.
 */
import * as z from 'zod/mini';
import { operationStateSchema } from './operation-state.ts';

export const instanceStatusSchema = z.object({
  code: z.string(),
  level: z.enum(['Information', 'Warning', 'Error']),
  displayStatus: z.string(),
  message: z.string(),
  time: z.string(),
});
export type InstanceStatus = z.infer<typeof instanceStatusSchema>;

/** Why the server let an operation pass or refused it: the words of `azcmagent extension explain`. */
export const explanationSchema = z.object({
  outcome: z.enum(['allow', 'block', 'cannot-run']),
  rule: z.string(),
  message: z.string(),
  entry: z.optional(z.string()),
  file: z.optional(z.string()),
});
export type Explanation = z.infer<typeof explanationSchema>;

export const extensionReportSchema = z.object({
  resourceName: z.string(),
  operationId: z.string(),
  state: operationStateSchema,
  /** When the machine reached that state (ISO 8601, UTC). */
  time: z.string(),
  /** The version on the machine now; '' for none. */
  version: z.string(),
  /** True once protected settings are safely on the machine, so the centre can erase its sealed copy (S1.7). */
  protectedSettingsStored: z.boolean(),
  error: z.optional(z.object({ code: z.string(), message: z.string() })),
  explanation: z.optional(explanationSchema),
  status: z.optional(instanceStatusSchema),
});
export type ExtensionReport = z.infer<typeof extensionReportSchema>;

export const reportRequestSchema = z.object({
  generation: z.int().check(z.minimum(0)),
  extensions: z.array(extensionReportSchema),
});
export type ReportRequest = z.infer<typeof reportRequestSchema>;
