import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collapseLeadingSlashes, targetOf } from './target.ts';

const short = (path: string): unknown => {
  const target = targetOf(path);
  return target === undefined ? undefined : [target.typeKey, target.shape, target.scope];
};

describe('what a path asks for', () => {
  test.each([
    ['/subscriptions', 'microsoft.resources/subscriptions', 'collection', 'tenant'],
    ['/subscriptions/s', 'microsoft.resources/subscriptions', 'item', 'tenant'],
    ['/tenants', 'microsoft.resources/tenants', 'collection', 'tenant'],
    ['/providers', 'microsoft.resources/providers', 'collection', 'tenant'],
    ['/subscriptions/s/providers', 'microsoft.resources/providers', 'collection', 'subscription'],
    ['/subscriptions/s/providers/Microsoft.HybridCompute', 'microsoft.resources/providers', 'item', 'subscription'],
    [
      '/subscriptions/s/providers/Microsoft.HybridCompute/register',
      'microsoft.hybridcompute/register',
      'collection',
      'subscription',
    ],
    ['/subscriptions/s/locations', 'microsoft.resources/locations', 'collection', 'subscription'],
    ['/subscriptions/s/resources', 'microsoft.resources/resources', 'collection', 'subscription'],
    ['/subscriptions/s/resourceGroups/g/resources', 'microsoft.resources/resources', 'collection', 'resourceGroup'],
    [
      '/subscriptions/s/resourcegroups',
      'microsoft.resources/subscriptions/resourcegroups',
      'collection',
      'subscription',
    ],
    ['/subscriptions/s/ResourceGroups/g', 'microsoft.resources/subscriptions/resourcegroups', 'item', 'subscription'],
    [
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines',
      'microsoft.hybridcompute/machines',
      'collection',
      'resourceGroup',
    ],
    [
      '/subscriptions/s/providers/microsoft.hybridcompute/MACHINES',
      'microsoft.hybridcompute/machines',
      'collection',
      'subscription',
    ],
    [
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute//machines/m/Extensions/e',
      'microsoft.hybridcompute/machines/extensions',
      'item',
      'resourceGroup',
    ],
    [
      '/subscriptions/s/providers/Microsoft.Insights/eventtypes/management/values',
      'microsoft.insights/eventtypes/values',
      'collection',
      'subscription',
    ],
    ['/providers/Microsoft.HybridCompute/operations', 'microsoft.hybridcompute/operations', 'collection', 'tenant'],
    // A resource that is called like a collection is still a resource.
    [
      '/subscriptions/s/resourceGroups/resources',
      'microsoft.resources/subscriptions/resourcegroups',
      'item',
      'subscription',
    ],
    [
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines/locations',
      'microsoft.hybridcompute/machines',
      'item',
      'resourceGroup',
    ],
  ])('%s', (path, type, shape, scope) => {
    expect(short(path)).toEqual([type, shape, scope]);
  });

  test.each([
    '/',
    '/nonsense',
    '/resources',
    '/subscriptions/s/tenants',
    '/subscriptions/s/other',
    '/subscriptions/%zz',
    '/a/b/c/d/e',
  ])('%s is no resource', (path) => {
    expect(targetOf(path)).toBeUndefined();
  });

  test('never throws, whatever is sent', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.webPath(),
      fc.string().map((text) => `/subscriptions/${text}`),
    );
    fc.assert(
      fc.property(anything, (path) => {
        expect(() => targetOf(path)).not.toThrow();
      }),
    );
  });

  test('leading slashes become one, others stay', () => {
    expect(['//a//b', '///a', '/a', ''].map(collapseLeadingSlashes)).toEqual(['/a//b', '/a', '/a', '']);
  });
});
