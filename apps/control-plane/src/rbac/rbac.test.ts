import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accessOf } from './access.ts';
import { matchesAction } from './action-pattern.ts';
import { builtInRoles, onboardingRoleId, ownerRoleId } from './built-in-roles.ts';
import { rolePermits, type Permission, type Role } from './role.ts';
import { covers, readScope, scopeBeneath, scopeOfTarget } from './scope.ts';
import { parseResourceId, type ResourceId } from '@sallyport/model';

const who = { clientId: 'app', objectId: 'obj' };
const role = (...permissions: readonly Partial<Permission>[]): Role => ({
  id: 'r',
  name: 'r',
  kind: 'CustomRole',
  description: '',
  permissions: permissions.map((one) => ({ actions: [], notActions: [], dataActions: [], notDataActions: [], ...one })),
  assignableScopes: ['/'],
});
const named = (name: string): Role => {
  const found = builtInRoles.find((one) => one.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};
const idOf = (path: string): ResourceId => {
  const id = parseResourceId(path);
  if (id === undefined) throw new Error(path);
  return id;
};

describe('patterns of actions', () => {
  test.each([
    ['*', 'Microsoft.X/a/write', true],
    ['*/read', 'Microsoft.X/a/b/read', true],
    ['*/read', 'Microsoft.X/a/b/readall', false],
    ['Microsoft.Authorization/*/Write', 'microsoft.authorization/roleAssignments/write', true],
    ['Microsoft.Authorization/*/Write', 'Microsoft.Authorization/write', false],
    ['Microsoft.X/machines/read', 'Microsoft.X/machines/extensions/read', false],
    ['Microsoft.X/machines/read', 'MicrosoftzX/machines/read', false],
    ['', 'Microsoft.X/machines/read', false],
  ])('%s on %s: %s', (pattern, action, expected) => {
    expect(matchesAction(pattern, action)).toBe(expected);
  });

  test('a star stands for anything, everything else for itself', () => {
    const part = fc.stringMatching(/^[A-Za-z./+(\]$^]{0,12}$/);
    fc.assert(
      fc.property(part, part, part, (before, middle, after) => {
        expect(matchesAction(`${before}*${after}`, `${before}${middle}${after}`)).toBe(true);
        expect(matchesAction(`${before}${after}`, `${before}x${middle}${after}`)).toBe(
          `${before}x${middle}${after}`.toLowerCase() === `${before}${after}`.toLowerCase(),
        );
      }),
    );
  });
});

describe('roles', () => {
  test('what a permission takes back another may give', () => {
    const reader = { actions: ['*/read'] };
    const mostly = { actions: ['*'], notActions: ['Microsoft.X/*'] };
    expect(rolePermits(role(mostly), 'Microsoft.X/a/read')).toBe(false);
    expect(rolePermits(role(mostly, reader), 'Microsoft.X/a/read')).toBe(true);
    expect(rolePermits(role(mostly, reader), 'Microsoft.X/a/write')).toBe(false);
    expect(rolePermits(role(), 'Microsoft.X/a/read')).toBe(false);
  });

  test('an action on data is no action', () => {
    expect(rolePermits(role({ dataActions: ['*'] }), 'Microsoft.X/a/read')).toBe(false);
  });

  test('the built-in ones are each once, and permit what they are for', () => {
    expect(new Set(builtInRoles.map(({ id }) => id)).size).toBe(builtInRoles.length);
    const may = (name: string, action: string): boolean => rolePermits(named(name), action);
    const assign = 'Microsoft.Authorization/roleAssignments/write';
    const install = 'Microsoft.HybridCompute/machines/extensions/write';
    const connect = 'Microsoft.HybridCompute/machines/write';
    expect(builtInRoles.map(({ name }) => [name, may(name, connect), may(name, install), may(name, assign)])).toEqual([
      ['Owner', true, true, true],
      ['Contributor', true, true, false],
      ['Reader', false, false, false],
      ['User Access Administrator', false, false, true],
      ['Role Based Access Control Administrator', false, false, true],
      ['Resource Policy Contributor', false, false, false],
      ['Azure Connected Machine Onboarding', true, false, false],
      ['Azure Connected Machine Resource Administrator', true, true, false],
      ['Azure Connected Machine Resource Manager', true, true, false],
    ]);
    expect(named('Owner').id).toBe(ownerRoleId);
    expect(named('Azure Connected Machine Onboarding').id).toBe(onboardingRoleId);
  });
});

describe('scopes', () => {
  test.each([
    ['/', '/subscriptions/s', true],
    ['/subscriptions/s', '/subscriptions/s', true],
    ['/subscriptions/S', '/subscriptions/s/resourceGroups/g', true],
    ['/subscriptions/s/resourceGroups/g', '/subscriptions/s/resourcegroups/G/providers/A/b/c', true],
    ['/subscriptions/s', '/subscriptions/s2', false],
    ['/subscriptions/s/resourceGroups/g', '/subscriptions/s/resourceGroups/gg', false],
    ['/subscriptions/s/resourceGroups/g', '/subscriptions/s', false],
    ['/subscriptions/s', '/', false],
  ])('%s holds at %s: %s', (granted, asked, expected) => {
    expect(covers(granted, asked)).toBe(expected);
  });

  test.each([
    ['/', '/'],
    ['/subscriptions/S1', '/subscriptions/s1'],
    ['//subscriptions/s/resourcegroups/G', '/subscriptions/s/resourceGroups/G'],
    ['/subscriptions/s/resourceGroups/g/providers/A.B/c/d', '/subscriptions/s/resourceGroups/g/providers/A.B/c/d'],
    ['/subscriptions/s/resourceGroups', undefined],
    ['/subscriptions', undefined],
    ['/subscriptions/s/resourceGroups/g/providers/A.B/c', undefined],
    ['/subscriptions/s/resourceGroups/g/providers/A.B', undefined],
    ['subscriptions/s', undefined],
    ['/else', undefined],
    ['', undefined],
  ])('%s is read as %s', (text, expected) => {
    expect(readScope(text)).toBe(expected);
  });

  test.each([
    ['/subscriptions/s/resourceGroups/g', '/subscriptions/s/resourceGroups/g'],
    ['/subscriptions/s/providers/A.B/machines', '/subscriptions/s'],
    [
      '/subscriptions/s/resourceGroups/g/providers/A.B/machines/m',
      '/subscriptions/s/resourceGroups/g/providers/A.B/machines/m',
    ],
    [
      '/subscriptions/s/resourceGroups/g/providers/A.B/machines/m/extensions',
      '/subscriptions/s/resourceGroups/g/providers/A.B/machines/m',
    ],
    ['/subscriptions/s/resourceGroups/g/providers/A.B/machines', '/subscriptions/s/resourceGroups/g'],
    ['/providers/A.B/roles', '/'],
    [
      '/subscriptions/s/resourceGroups/g/providers/A.B/machines/m/providers/C.D/roles',
      '/subscriptions/s/resourceGroups/g/providers/A.B/machines/m',
    ],
  ])('a request for %s has to be permitted at %s', (path, scope) => {
    expect(scopeOfTarget(idOf(path))).toBe(scope);
  });

  test('an extension resource is about what it stands on', () => {
    expect(scopeBeneath(idOf('/providers/A.B/roles/x'))).toBe('/');
    expect(scopeBeneath(idOf('/subscriptions/s/resourceGroups/g/providers/A.B/m/n/providers/C.D/roles/x'))).toBe(
      '/subscriptions/s/resourceGroups/g/providers/A.B/m/n',
    );
  });
});

describe('access', () => {
  const group = '/subscriptions/s/resourceGroups/g';
  const access = accessOf(
    [
      { role: named('Reader'), scope: '/subscriptions/s' },
      { role: named('Azure Connected Machine Resource Administrator'), scope: group },
    ],
    who,
  );

  test('T02 nothing is permitted that no role permits', () => {
    const none = accessOf([], who);
    expect(none.permits('Microsoft.X/a/read', '/')).toBe(false);
    expect(none.touches('/subscriptions/s')).toBe(false);
    expect(none.permissionsAt('/')).toEqual([]);
  });

  test('roles hold at their scope and below, and not beside or above', () => {
    const install = 'Microsoft.HybridCompute/machines/extensions/write';
    expect(access.permits(install, `${group}/providers/Microsoft.HybridCompute/machines/m/extensions/e`)).toBe(true);
    expect(access.permits(install, '/subscriptions/s/resourceGroups/other')).toBe(false);
    expect(access.permits(install, '/subscriptions/s')).toBe(false);
    expect(access.permits('Microsoft.X/a/read', '/subscriptions/s/resourceGroups/other')).toBe(true);
    expect(access.permits('Microsoft.X/a/read', '/')).toBe(false);
    expect(access.permissionsAt(group)).toHaveLength(2);
  });

  test('whoever holds a role below finds the way there', () => {
    expect(access.touches('/')).toBe(true);
    expect(access.touches('/subscriptions/s/resourceGroups/any')).toBe(true);
    expect(access.touches('/subscriptions/t')).toBe(false);
  });

  test('a refusal is worded as ARM words it', () => {
    expect(() => access.require('Microsoft.X/a/write', group)).toThrow(
      `The client 'app' with object id 'obj' does not have authorization to perform action 'Microsoft.X/a/write' over scope '${group}' or the scope is invalid.`,
    );
    expect(() => access.require('Microsoft.X/a/read', group)).not.toThrow();
  });
});
