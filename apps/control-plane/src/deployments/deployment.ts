/** A deployment as it is kept and shown: what was asked for without what is secret, and how far it is. */
import * as z from 'zod/mini';

export const deploymentType = 'Microsoft.Resources/deployments';

const errorSchema = z.object({
  code: z.string(),
  message: z.string(),
  target: z.optional(z.string()),
  details: z.optional(z.array(z.object({ code: z.string(), message: z.string(), target: z.optional(z.string()) }))),
});
export type DeploymentFailure = z.infer<typeof errorSchema>;

const states = ['Accepted', 'Running', 'Succeeded', 'Failed', 'Canceled'] as const;

const partSchema = z.object({
  id: z.string(),
  type: z.string(),
  state: z.enum([...states, 'Waiting']),
  time: z.string(),
  error: z.optional(errorSchema),
});
export type DeployedPart = z.infer<typeof partSchema>;

export const deploymentSchema = z.object({
  mode: z.literal('Incremental'),
  provisioningState: z.enum(states),
  correlationId: z.string(),
  /** Of the request that began it, by which it is followed. Those of earlier versions have none. */
  operationId: z.optional(z.string()),
  /** ISO 8601. */
  startedAt: z.string(),
  endedAt: z.optional(z.string()),
  parameters: z.record(z.string(), z.unknown()),
  outputs: z.optional(z.record(z.string(), z.unknown())),
  parts: z.array(partSchema),
  error: z.optional(errorSchema),
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** Whether it has come to its end. */
export function isOver({ provisioningState }: Deployment): boolean {
  return provisioningState !== 'Accepted' && provisioningState !== 'Running';
}
