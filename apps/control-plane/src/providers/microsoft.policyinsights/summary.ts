/** How many resources and policies do not comply, as `policyStates/…/summarize` tells it. Pure. */
import { type Json, type JsonObject, written } from '../../policy/json.ts';
import type { StateRecord } from './state-query.ts';

const words: Readonly<Record<string, string>> = {
  Compliant: 'compliant',
  NonCompliant: 'noncompliant',
  Exempt: 'exempt',
  Protected: 'protected',
  Error: 'error',
};

/** The summary of records; `queryUri` is where they can be asked for one by one. */
export function summarize(records: readonly StateRecord[], queryUri: string): JsonObject {
  return {
    results: results(records, queryUri),
    policyAssignments: groups(records, 'policyAssignmentId').map(([assignmentId, own]) => ({
      policyAssignmentId: assignmentId,
      policySetDefinitionId: written(own[0]?.['policySetDefinitionId'] ?? ''),
      results: results(own, queryUri),
      policyDefinitions: groups(own, 'policyDefinitionReferenceId', 'policyDefinitionId').map(([, of]) => ({
        policyDefinitionId: written(of[0]?.['policyDefinitionId'] ?? ''),
        policyDefinitionReferenceId: written(of[0]?.['policyDefinitionReferenceId'] ?? ''),
        policyDefinitionGroupNames: of[0]?.['policyDefinitionGroupNames'] ?? [],
        effect: written(of[0]?.['policyDefinitionAction'] ?? ''),
        results: results(of, queryUri),
      })),
    })),
  };
}

function results(records: readonly StateRecord[], queryUri: string): JsonObject {
  const wrong = records.filter(
    ({ complianceState }) => complianceState === 'NonCompliant' || complianceState === 'Error',
  );
  const filter = encodeURIComponent('IsCompliant eq false');
  const perResource = groups(records, 'resourceId').map(([, own]) => worst(own));
  const perPolicy = groups(records, 'policyAssignmentId', 'policyDefinitionReferenceId', 'policyDefinitionId').map(
    ([, own]) => worst(own),
  );
  return {
    queryResultsUri: `${queryUri}&$filter=${filter}`,
    nonCompliantResources: groups(wrong, 'resourceId').length,
    nonCompliantPolicies: groups(wrong, 'policyAssignmentId', 'policyDefinitionReferenceId', 'policyDefinitionId')
      .length,
    resourceDetails: counts(perResource),
    policyDetails: counts(perPolicy),
    policyGroupDetails: [],
  };
}

/** The word for several states of one thing. */
function worst(records: readonly StateRecord[]): string {
  const states = records.map(({ complianceState }) => written(complianceState));
  const word = ['Error', 'NonCompliant', 'Compliant', 'Exempt', 'Protected'].find((one) => states.includes(one));
  return words[word ?? ''] ?? 'unknown';
}

function counts(states: readonly string[]): readonly Json[] {
  return [...new Set(states)].sort().map((complianceState) => ({
    complianceState,
    count: states.filter((one) => one === complianceState).length,
  }));
}

function groups(
  records: readonly StateRecord[],
  ...fields: readonly string[]
): readonly (readonly [string, readonly StateRecord[]])[] {
  const found = new Map<string, { readonly name: string; readonly of: StateRecord[] }>();
  for (const record of records) {
    const values = fields.map((field) => written(record[field] ?? ''));
    const key = values.join('\n').toLowerCase();
    const known = found.get(key);
    if (known === undefined) found.set(key, { name: values[0] ?? '', of: [record] });
    else known.of.push(record);
  }
  return [...found.values()].map(({ name, of }) => [name, of] as const);
}
