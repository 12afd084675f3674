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

/** What an operation is at while it runs: the step, its deadline, and the end of what the running command has printed. */
export const stepProgressSchema = z.object({
  /** One word: `downloading`, `enabling` … */
  name: z.string(),
  message: z.string(),
  /** Seconds when the report was made. Durations, not times: the clocks of machine and centre differ (T72). */
  elapsedSeconds: z.number().check(z.minimum(0)),
  limitSeconds: z.number().check(z.minimum(0)),
  /** Absent when there is none, or when it may not leave the machine (S1.7). */
  output: z.optional(z.string()),
});
export type StepProgress = z.infer<typeof stepProgressSchema>;

/** Why the server let an operation pass or refused it: the words of `azcmagent extension explain`. */
export const explanationSchema = z.object({
  /** `allow`, `block` or `cannot-run`. It is shown, and nothing is decided by it: another version's word is kept as it is. */
  outcome: z.string(),
  rule: z.string(),
  message: z.string(),
  entry: z.optional(z.string()),
  file: z.optional(z.string()),
});
export type Explanation = z.infer<typeof explanationSchema>;

/** A state that an operation has gone through. */
export const passedStateSchema = z.object({ state: operationStateSchema, time: z.string() });
export type PassedState = z.infer<typeof passedStateSchema>;

export const extensionReportSchema = z.object({
  resourceName: z.string(),
  operationId: z.string(),
  state: operationStateSchema,
  /** When the machine reached that state (ISO 8601, UTC). */
  time: z.string(),
  /** States before that one which have not been told, oldest first: a quick operation is told by its end alone. */
  passed: z.optional(z.readonly(z.array(passedStateSchema))),
  /** The version on the machine now; '' for none. */
  version: z.string(),
  /** True once protected settings are safely on the machine, so the centre can erase its sealed copy (S1.7). */
  protectedSettingsStored: z.boolean(),
  error: z.optional(z.object({ code: z.string(), message: z.string() })),
  explanation: z.optional(explanationSchema),
  status: z.optional(instanceStatusSchema),
  /** An upgrade failed and the machine has gone, or goes, back to this version, with the settings it had (T85). */
  rolledBackTo: z.optional(z.string()),
  /** While the operation runs. */
  step: z.optional(stepProgressSchema),
});
export type ExtensionReport = z.infer<typeof extensionReportSchema>;

export const reportRequestSchema = z.object({
  generation: z.int().check(z.minimum(0)),
  extensions: z.array(extensionReportSchema),
});
export type ReportRequest = z.infer<typeof reportRequestSchema>;
