/** What makes policy look again, when it deploys, and what can be asked about what it found. */
import { describe, expect, test } from 'vitest';
import { applyTo, filterStates, inOrder, selected } from '../../providers/microsoft.policyinsights/state-query.ts';
import { summarize } from '../../providers/microsoft.policyinsights/summary.ts';
import type { JsonObject } from '../json.ts';
import { groupId, machineType } from '../testing/assigned.ts';
import { readDelay, whenToDeploy } from './delay.ts';
import { dueAfter } from './follow-log.ts';

const machine = `${groupId}/providers/${machineType}/m`;

describe('what an event makes due', () => {
  const event = (
    resourceId: string,
    action: string,
    status = 'Succeeded',
    caller = 'somebody',
    category = 'Administrative',
  ) =>
    dueAfter(
      {
        authorization: { action },
        caller,
        category: { value: category },
        status: { value: status },
        resourceId,
        eventTimestamp: '2026-11-25T00:00:00.000Z',
      },
      new Set(['policy']),
    ).map(({ scope, reach, writtenAt }) => [scope, reach, writtenAt !== undefined]);

  test.each<[string, ReturnType<typeof event>, unknown]>([
    ['a write of a machine', event(machine, `${machineType}/write`), [[machine, 'resource', true]]],
    [
      'a write of an extension, and the machine that it is looked for on',
      event(`${machine}/extensions/e`, `${machineType}/extensions/write`, 'Accepted'),
      [
        [`${machine}/extensions/e`, 'resource', true],
        [machine, 'resource', false],
      ],
    ],
    [
      'an operation that failed: the resource is otherwise, and nobody wrote it',
      event(`${machine}/extensions/e`, `${machineType}/extensions/write`, 'Failed'),
      [
        [`${machine}/extensions/e`, 'resource', false],
        [machine, 'resource', false],
      ],
    ],
    [
      'what a policy wrote: looked at, and nothing follows from it',
      event(machine, `${machineType}/write`, 'Succeeded', 'policy'),
      [[machine, 'resource', false]],
    ],
    ['the beginning of a request', event(machine, `${machineType}/write`, 'Started'), []],
    ['what policy has put on record', event(machine, 'x/action', 'Succeeded', 'somebody', 'Policy'), []],
    [
      'a deployment',
      event(`${groupId}/providers/Microsoft.Resources/deployments/d`, 'Microsoft.Resources/deployments/write'),
      [],
    ],
    [
      'a group: what stands in it may inherit its tags',
      event(groupId, 'Microsoft.Resources/subscriptions/resourceGroups/write'),
      [
        [groupId, 'resource', true],
        [groupId, 'beneath', false],
      ],
    ],
    [
      'an assignment: everything beneath it',
      event(
        `${groupId}/providers/Microsoft.Authorization/policyAssignments/a`,
        'Microsoft.Authorization/policyAssignments/write',
      ),
      [[groupId, 'beneath', false]],
    ],
    ['a role assignment', event(`${groupId}/providers/Microsoft.Authorization/roleAssignments/a`, 'x/write'), []],
    [
      'a guest configuration assignment, and the machine that it stands on',
      event(`${machine}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments/g`, 'x/write'),
      [
        [`${machine}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments/g`, 'resource', true],
        [machine, 'resource', false],
      ],
    ],
  ])('%s', (_what, found, expected) => {
    expect(found).toEqual(expected);
  });
});

describe('when a policy deploys after a write', () => {
  test.each<[string | undefined, string, number, number, ReturnType<typeof whenToDeploy>]>([
    ['PT0M', 'Succeeded', -1, 0, 'now'],
    ['PT0M', 'Succeeded', 0, 5, 'no'],
    ['PT5M', 'Succeeded', -1, 0, 300_000],
    ['PT5M', 'Succeeded', 0, 300_000, 'now'],
    [undefined, 'Succeeded', -1, 0, 600_000],
    ['nonsense', 'Succeeded', -1, 0, 600_000],
    ['PT99H', 'Succeeded', -1, 0, 6 * 3_600_000],
    ['AfterProvisioning', 'Creating', -1, 0, 'no'],
    ['AfterProvisioning', 'Failed', -1, 0, 'now'],
    ['AfterProvisioningSuccess', 'Failed', -1, 0, 'no'],
    ['AfterProvisioningSuccess', 'Succeeded', -1, 0, 'now'],
    ['AfterProvisioningSuccess', 'Succeeded', 0, 9, 'no'],
    ['AfterProvisioningFailure', 'Failed', -1, 0, 'now'],
  ])('delay %s, state %s, done until %i, now %i: %s', (text, state, doneUntil, now, expected) => {
    expect(whenToDeploy(readDelay(text), state, 0, doneUntil, now)).toBe(expected);
  });
});

describe('queries', () => {
  const record = (resourceId: string, complianceState: string, policyAssignmentId = '/a'): JsonObject => ({
    resourceId,
    complianceState,
    policyAssignmentId,
    policyDefinitionId: '/d',
    policyDefinitionReferenceId: '',
    policyDefinitionAction: 'audit',
    isCompliant: complianceState === 'Compliant',
  });
  const records = [
    record('/x/1', 'NonCompliant'),
    record('/x/1', 'Compliant', '/b'),
    record('/x/2', 'Compliant'),
    record('/x/3', 'Error'),
    record('/x/4', 'Exempt'),
  ];
  const ids = (list: readonly JsonObject[]): unknown => list.map(({ resourceId }) => resourceId);

  test.each<[string, unknown]>([
    ["complianceState eq 'noncompliant'", ['/x/1']],
    ['IsCompliant eq false', ['/x/1', '/x/3', '/x/4']],
    ["complianceState eq 'Error' or (complianceState eq 'Exempt')", ['/x/3', '/x/4']],
    ["resourceId eq '/X/1' and policyAssignmentId ne '/a'", ['/x/1']],
    ["resourceId eq ' or '", []],
    ['', ['/x/1', '/x/1', '/x/2', '/x/3', '/x/4']],
  ])('$filter %s', (text, expected) => {
    expect(ids(filterStates(records, text))).toEqual(expected);
  });

  test('a field that there is not and a filter that cannot be read are refused', () => {
    expect(() => filterStates(records, "color eq 'red'")).toThrow("no field 'color'");
    expect(() => filterStates(records, 'startswith(resourceId)')).toThrow('cannot be read');
    expect(() => applyTo(records, 'topcount(3)')).toThrow('not possible here');
  });

  test('$apply, $orderby and $select', () => {
    expect(applyTo(records, 'groupby((complianceState),aggregate($count as n))')).toContainEqual({
      complianceState: 'Compliant',
      n: 2,
    });
    expect(applyTo(records, "filter(complianceState eq 'Compliant')/groupby((policyAssignmentId))")).toEqual([
      { policyAssignmentId: '/b' },
      { policyAssignmentId: '/a' },
    ]);
    expect(applyTo(records, 'aggregate($count as n)')).toEqual([{ n: 5 }]);
    expect(ids(inOrder(records, 'complianceState desc, resourceId'))).toEqual(['/x/1', '/x/4', '/x/3', '/x/1', '/x/2']);
    expect(selected(records[0] ?? {}, 'resourceId, complianceState')).toEqual({
      resourceId: '/x/1',
      complianceState: 'NonCompliant',
    });
  });

  test('a summary counts resources and policies, by their worst state', () => {
    expect(summarize(records, 'https://x?y')).toMatchObject({
      results: {
        nonCompliantResources: 2,
        nonCompliantPolicies: 1,
        resourceDetails: [
          { complianceState: 'compliant', count: 1 },
          { complianceState: 'error', count: 1 },
          { complianceState: 'exempt', count: 1 },
          { complianceState: 'noncompliant', count: 1 },
        ],
        policyDetails: [
          { complianceState: 'compliant', count: 1 },
          { complianceState: 'error', count: 1 },
        ],
      },
      policyAssignments: [
        { policyAssignmentId: '/a' },
        { policyAssignmentId: '/b', results: { nonCompliantResources: 0 } },
      ],
    });
  });
});
