import { describe, expect, test } from 'vitest';
import { checkApiVersion } from './api-version.ts';
import { createRegistry, handlerOf } from './registry.ts';
import type { ResourceType } from './resource-type.ts';
import { targetOf, type Target } from './target.ts';

const row: ResourceType = {
  type: 'Microsoft.Test/things',
  scopes: ['resourceGroup'],
  apiVersions: ['2025-01-01', '2024-01-01-preview'],
  resource: 'tracked',
  item: { GET: () => Promise.resolve({ status: 200 }) },
};
const at = (path: string): Target => {
  const target = targetOf(path);
  if (target === undefined) throw new Error(path);
  return target;
};
const thing = at('/subscriptions/s/resourceGroups/g/providers/microsoft.test/THINGS/t');

describe('the registry', () => {
  test('finds a type in any case, at its scopes only', () => {
    const registry = createRegistry([row]);
    expect(registry.typeOf(thing)).toBe(row);
    expect(() => registry.typeOf(at('/subscriptions/s/providers/Microsoft.Test/things/t'))).toThrow(
      "'things' could not be found",
    );
    expect(() => registry.typeOf(at('/subscriptions/s/providers/Microsoft.Test/others'))).toThrow('microsoft.test');
    expect(() => createRegistry([row, { ...row, type: 'microsoft.test/Things' }])).toThrow('registered twice');
  });

  test('a method that is not there is told with those that are', () => {
    expect(() => handlerOf(row, thing, 'DELETE')).toThrow('DELETE is not possible here; there is HEAD, GET');
    expect(() => handlerOf(row, thing, 'toString')).toThrow('toString is not possible');
    expect(handlerOf(row, thing, 'GET')).toBe(row.item?.GET);
  });

  test('HEAD on what can be read is there without a word of its own, on collections it is not', async () => {
    const request = {} as Parameters<ReturnType<typeof handlerOf>>[0];
    expect(await handlerOf(row, thing, 'HEAD')(request)).toEqual({ status: 204 });
    const own: ResourceType = { ...row, item: { ...row.item, HEAD: () => Promise.resolve({ status: 404 }) } };
    expect(await handlerOf(own, thing, 'HEAD')(request)).toEqual({ status: 404 });
    const listed = { ...row, collection: { GET: () => Promise.resolve({ status: 200 } as const) } };
    const things = at('/subscriptions/s/resourceGroups/g/providers/Microsoft.Test/things');
    expect(() => handlerOf(listed, things, 'HEAD')).toThrow('HEAD is not possible here; there is GET.');
    expect(() => handlerOf({ ...row, item: {} }, thing, 'HEAD')).toThrow('HEAD is not possible here.');
  });

  test('api-versions: required, well-formed, and one of the type', () => {
    expect(checkApiVersion('2025-01-01', row)).toBe('2025-01-01');
    expect(checkApiVersion('2001-01-01-beta', { ...row, apiVersions: 'any' })).toBe('2001-01-01-beta');
    expect(() => checkApiVersion(undefined, row)).toThrow('is required for all requests');
    expect(() => checkApiVersion('latest', { ...row, apiVersions: 'any' })).toThrow('is invalid');
    expect(() => checkApiVersion('2020-01-01', row)).toThrow(
      "The supported api-versions are '2025-01-01, 2024-01-01-preview'",
    );
  });
});
