import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatResourceId, machineResourceId, parseResourceId, resourceTypeKey } from './resource-id.ts';

describe('ARM resource ids', () => {
  test('keywords are read in any case, doubled slashes are one, names keep their spelling', () => {
    const id = parseResourceId(
      '//subscriptions/S1/resourcegroups/Group/providers/microsoft.hybridcompute//Machines/M1/Extensions/cs',
    );
    expect(id).toEqual({
      subscriptionId: 's1',
      resourceGroup: 'Group',
      providers: [{ namespace: 'microsoft.hybridcompute', types: ['Machines', 'Extensions'], names: ['M1', 'cs'] }],
    });
    expect(id?.providers.map(resourceTypeKey)).toEqual(['microsoft.hybridcompute/machines/extensions']);
  });

  test('a collection has one name less than types', () => {
    expect(parseResourceId('/subscriptions/s/providers/Microsoft.HybridCompute/machines')?.providers).toEqual([
      { namespace: 'Microsoft.HybridCompute', types: ['machines'], names: [] },
    ]);
    expect(parseResourceId('/subscriptions/s/resourceGroups')?.resourceGroupCollection).toBe(true);
  });

  test('an extension resource has a section for each provider', () => {
    const id = parseResourceId(
      '/subscriptions/s/resourceGroups/g/providers/A.B/c/d/providers/Microsoft.Authorization/roleAssignments/r',
    );
    expect(id?.providers.map(resourceTypeKey)).toEqual(['a.b/c', 'microsoft.authorization/roleassignments']);
  });

  test.each([
    '/elsewhere/x',
    '/subscriptions/s/other',
    '/subscriptions/s/resourceGroups/g/x/y',
    '/subscriptions/%zz',
    '/subscriptions/a%2fb/resourceGroups',
    '/subscriptions/a%00b',
  ])('%s is not one', (path) => {
    expect(parseResourceId(path)).toBeUndefined();
  });

  test('what is written reads back the same', () => {
    const word = fc
      .stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/)
      .filter((text) => text.toLowerCase() !== 'providers');
    fc.assert(
      fc.property(word, word, word, (subscription, group, machine) => {
        const path = machineResourceId(subscription.toLowerCase(), group, machine);
        const id = parseResourceId(path);
        expect(id && formatResourceId(id)).toBe(path);
      }),
    );
    fc.assert(fc.property(fc.string(), (path) => void parseResourceId(path)));
  });
});
