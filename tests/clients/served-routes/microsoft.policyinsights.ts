import * as z from 'zod/mini';
import { registration } from './registration.ts';
import type { Places, Routes } from './route.ts';
import { anything, nothing, optional, resource, systemData, text } from './shapes.ts';

/** Compliance and remediation. */
export function policyInsightsRoutes(at: Places): Routes {
  const insights = `${at.subscription}/providers/Microsoft.PolicyInsights`;
  return {
    'Microsoft.PolicyInsights/policyStates/queryResults': {
      ask: [`${insights}/policyStates/latest/queryResults`],
      shape: nothing,
      answer: z.strictObject({
        '@odata.context': text,
        '@odata.count': z.number(),
        '@odata.nextLink': optional(z.nullable(text)),
        value: z.array(z.looseObject({ resourceId: text, complianceState: text, policyAssignmentId: text })),
      }),
    },
    'Microsoft.PolicyInsights/policyStates/summarize': {
      ask: [`${insights}/policyStates/latest/summarize`],
      shape: nothing,
      answer: z.looseObject({
        '@odata.context': text,
        value: z.array(z.looseObject({ results: anything, policyAssignments: z.array(anything) })),
      }),
    },
    'Microsoft.PolicyInsights/policyStates/triggerEvaluation': {
      ask: [`${insights}/policyStates/latest/triggerEvaluation`],
      shape: nothing,
      answer: nothing,
    },
    'Microsoft.PolicyInsights/asyncOperationResults': {
      item: `${insights}/asyncOperationResults/any`,
      shape: z.strictObject({}),
    },
    'Microsoft.PolicyInsights/remediations': {
      item: `${insights}/remediations/r`,
      list: `${insights}/remediations`,
      shape: resource(z.looseObject({ policyAssignmentId: text, provisioningState: text }), { systemData }),
    },
    'Microsoft.PolicyInsights/remediations/listDeployments': {
      ask: [`${insights}/remediations/r/listDeployments`],
      shape: nothing,
      answer: z.looseObject({ value: z.array(anything) }),
    },
    'Microsoft.PolicyInsights/remediations/cancel': {
      ask: [`${insights}/remediations/r/cancel`],
      shape: nothing,
      answer: z.looseObject({ id: text, name: text, type: text }),
    },
    'Microsoft.PolicyInsights/register': registration(at, 'Microsoft.PolicyInsights'),
  };
}
