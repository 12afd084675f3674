/** A remediation as it is kept: which resources it is for, and what became of each. */
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import type { PlainResource } from '../../resources/plain-resource.ts';

export const remediationType = 'Microsoft.PolicyInsights/remediations';

const states = ['Accepted', 'Evaluating', 'Running', 'Succeeded', 'Failed', 'Canceled'] as const;

const taskSchema = z.object({
  resourceId: z.string(),
  resourceLocation: z.string(),
  /** '' for what is remediated without a deployment. */
  deploymentId: z.string(),
  status: z.enum(['Waiting', 'Running', 'Succeeded', 'Failed', 'Canceled']),
  createdOn: z.string(),
  lastUpdatedOn: z.string(),
  error: z.optional(z.object({ code: z.string(), message: z.string() })),
});
export type RemediationTask = z.infer<typeof taskSchema>;

export const remediationSchema = z.object({
  policyAssignmentId: z.string(),
  policyDefinitionReferenceId: z.string(),
  resourceDiscoveryMode: z.enum(['ExistingNonCompliant', 'ReEvaluateCompliance']),
  /** Lower case; none is everywhere. */
  locations: z.array(z.string()),
  resourceCount: z.int(),
  parallelDeployments: z.int(),
  /** Part of the tasks that may fail before no more are begun. */
  failureThreshold: z.number(),
  provisioningState: z.enum(states),
  statusMessage: z.string(),
  correlationId: z.string(),
  tasks: z.array(taskSchema),
});
export type Remediation = z.infer<typeof remediationSchema>;

/** The remediation of a row. */
export function remediationOf(row: Pick<PlainResource, 'properties' | 'resource_id'>): Remediation {
  return parseJson(remediationSchema, row.properties, `The remediation '${row.resource_id}'`);
}

/** Whether it has come to its end. */
export function isRemediated({ provisioningState }: Remediation): boolean {
  return ['Succeeded', 'Failed', 'Canceled'].includes(provisioningState);
}
