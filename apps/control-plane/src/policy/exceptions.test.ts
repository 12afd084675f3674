/** Where an assignment does not hold, or holds otherwise: exemptions, selectors, overrides; and what may not be deleted. */
import { describe, expect, test } from 'vitest';
import type { AssignedPolicy } from './assigned-policy.ts';
import { complianceOf } from './compliance.ts';
import { decideDeletion } from './decide-action.ts';
import { decideWrite } from './decide-write.ts';
import { parseExemption } from './exemption.ts';
import type { Json, JsonObject } from './json.ts';
import { parseResourceSelectors, parseSelectors, selectsMember } from './selector.ts';
import {
  assigned,
  extensionOf,
  extensionType,
  groupId,
  machineOf,
  machineType,
  resourceOf,
  ruleOf,
  surroundings,
} from './testing/assigned.ts';

const script = extensionOf('Microsoft.Azure.Extensions', 'CustomScript');
const denied = ruleOf({ field: 'type', equals: extensionType }, 'deny');

function denies(policy: AssignedPolicy, on = script): boolean {
  return decideWrite(on, true, [policy], surroundings).denied.length === 1;
}

function exempt(scope: string, more: JsonObject = {}): AssignedPolicy {
  const properties = { policyAssignmentId: '/a', exemptionCategory: 'waiver', ...more };
  const { exemption } = parseExemption(
    `${scope}/providers/Microsoft.Authorization/policyExemptions/x`,
    scope,
    properties,
  );
  return assigned(denied, {}, { exemptions: [exemption], member: { setDefinitionId: '/s', referenceId: 'Scripts' } });
}

describe('exemptions', () => {
  test.each<[string, AssignedPolicy, boolean]>([
    ['hold at their scope', exempt(script.id), true],
    ['and beneath it', exempt(groupId), true],
    ['not beside it', exempt(`${groupId}x`), false],
    ['until they expire', exempt(groupId, { expiresOn: '2026-11-25T00:00:01Z' }), true],
    ['and no longer', exempt(groupId, { expiresOn: '2026-11-25T00:00:00Z' }), false],
    [
      'for the members that they name, in any case',
      exempt(groupId, { policyDefinitionReferenceIds: ['scripts'] }),
      true,
    ],
    ['for no other member', exempt(groupId, { policyDefinitionReferenceIds: ['other'] }), false],
    [
      'for what their selectors fit',
      exempt(groupId, { resourceSelectors: [{ selectors: [{ kind: 'resourceLocation', in: ['EastUS'] }] }] }),
      true,
    ],
    [
      'for nothing else',
      exempt(groupId, { resourceSelectors: [{ selectors: [{ kind: 'resourceLocation', in: ['west'] }] }] }),
      false,
    ],
  ])('%s', (_title, policy, holds) => {
    expect(denies(policy)).toBe(!holds);
    expect(complianceOf(policy, script, true, surroundings, [])?.state).toBe(holds ? 'Exempt' : 'NonCompliant');
  });

  test.each<[JsonObject, string]>([
    [{ exemptionCategory: 'Waiver' }, 'policyAssignmentId'],
    [{ policyAssignmentId: '/a' }, 'Waiver or Mitigated'],
    [{ policyAssignmentId: '/a', exemptionCategory: 'Mitigated', expiresOn: 'never' }, 'is a time'],
    [{ policyAssignmentId: '/a', exemptionCategory: 'Mitigated', policyDefinitionReferenceIds: 'x' }, 'is a list'],
  ])('%j is refused', (properties, sentence) => {
    expect(() => parseExemption('/x', '/', properties)).toThrow(sentence);
  });
});

describe('selectors', () => {
  const fits = (selectors: Json): boolean =>
    denies(assigned(denied, {}, { resourceSelectors: parseResourceSelectors([{ name: 'x', selectors }]) }));

  test.each<[Json, boolean]>([
    [[{ kind: 'resourceLocation', in: ['eastus'] }], true],
    [[{ kind: 'resourceLocation', notIn: ['eastus'] }], false],
    [[{ kind: 'resourceType', in: [extensionType.toLowerCase()] }], true],
    [[{ kind: 'resourceType', notIn: [extensionType] }], false],
    [[{ kind: 'resourceWithoutLocation', in: ['true'] }], false],
    [
      [
        { kind: 'resourceType', in: [extensionType] },
        { kind: 'resourceLocation', in: ['west'] },
      ],
      false,
    ],
  ])('%j: %s', (selectors, expected) => {
    expect(fits(selectors)).toBe(expected);
  });

  test.each<[Json, string]>([
    [[{ kind: 'resourceColor', in: ['x'] }], 'has the kinds'],
    [[{ kind: 'resourceType' }], "'in' or 'notIn'"],
    [[{ kind: 'resourceType', in: ['a'], notIn: ['b'] }], "'in' or 'notIn'"],
    ['x', 'is a list'],
  ])('%j is refused: what is ignored would select too much', (selectors, sentence) => {
    expect(() => parseSelectors(selectors, 'selectors')).toThrow(sentence);
  });

  test('members of an initiative', () => {
    const selectors = parseSelectors([{ kind: 'policyDefinitionReferenceId', in: ['One'] }], 'selectors');
    expect([selectsMember(selectors, 'one'), selectsMember(selectors, 'two')]).toEqual([true, false]);
  });
});

test('an override gives another effect where its selectors fit', () => {
  const over = (location: string): AssignedPolicy =>
    assigned(
      denied,
      {},
      {
        overrides: [
          { effect: 'Audit', selectors: parseSelectors([{ kind: 'resourceLocation', in: [location] }], 'selectors') },
        ],
      },
    );
  expect([denies(over('eastus')), denies(over('west'))]).toEqual([false, true]);
  expect(decideWrite(script, true, [over('eastus')], surroundings).audited).toHaveLength(1);
});

describe('denyAction', () => {
  const kept = (details: Json, more: Partial<AssignedPolicy> = {}): AssignedPolicy =>
    assigned(ruleOf({ field: 'type', equals: machineType }, 'denyAction', details), {}, more);
  const machine = machineOf({});
  const against = (policy: AssignedPolicy, by: 'request' | 'resourceGroup' = 'request'): number =>
    decideDeletion(machine, true, [policy], surroundings, by).length;
  const details = { actionNames: ['delete'] };

  test('stands against a deletion, and not against a write', () => {
    expect(against(kept(details))).toBe(1);
    expect(decideWrite(machine, true, [kept(details)], surroundings).denied).toEqual([]);
    expect(complianceOf(kept(details), machine, true, surroundings, [])?.state).toBe('Protected');
    expect(decideDeletion(script, true, [kept(details)], surroundings, 'request')).toEqual([]);
  });

  test('against a deletion of the group too, unless it says otherwise', () => {
    expect(against(kept(details), 'resourceGroup')).toBe(1);
    expect(against(kept({ ...details, cascadeBehaviors: { resourceGroup: 'allow' } }), 'resourceGroup')).toBe(0);
    expect(against(kept({ ...details, cascadeBehaviors: { resourceGroup: 'allow' } }))).toBe(1);
  });

  test('not where it is exempt from or not enforced; and no other effect does', () => {
    expect(against(kept(details, { enforced: false }))).toBe(0);
    expect(against(kept(details, { exemptions: exempt(groupId).exemptions }))).toBe(0);
    expect(against(assigned(ruleOf({ field: 'type', equals: machineType }, 'deny', details)))).toBe(0);
  });

  test('S5.3 one that cannot be evaluated stands against it', () => {
    const broken = assigned(ruleOf({ value: "[int(field('name'))]", greater: 1 }, 'denyAction', details));
    expect(decideDeletion(machine, true, [broken], surroundings, 'request')[0]?.because).toContain('whole number');
  });
});

describe('compliance', () => {
  test('is not told of resources that a rule cannot be about', () => {
    const rule = ruleOf(
      {
        allOf: [
          { field: 'type', equals: machineType },
          { field: 'location', equals: 'west' },
        ],
      },
      'audit',
    );
    expect(complianceOf(assigned(rule), machineOf({}), true, surroundings, [])?.state).toBe('Compliant');
    expect(complianceOf(assigned(rule), script, true, surroundings, [])).toBeUndefined();
    expect(
      complianceOf(assigned({ ...rule, mode: 'Indexed' }), machineOf({}), false, surroundings, []),
    ).toBeUndefined();
  });

  test('S5.3 a rule that cannot be evaluated is an error and never compliance', () => {
    const broken = assigned(ruleOf({ value: "[int(field('name'))]", greater: 1 }, 'audit'));
    expect(complianceOf(broken, script, true, surroundings, [])).toMatchObject({
      state: 'Error',
      because: expect.stringContaining('whole number') as unknown,
    });
  });

  test('tells which other resource was found, and of how many', () => {
    const rule = ruleOf({ field: 'type', equals: machineType }, 'auditIfNotExists', {
      type: extensionType,
      name: "[concat(field('name'), '/Wanted')]",
    });
    const found = [
      extensionOf('P', 'Other'),
      extensionOf('P', 'T', {}, 'Wanted'),
      resourceOf(extensionType, 'n/Wanted'),
    ];
    const stateOf = (list: typeof found): unknown =>
      complianceOf(assigned(rule), machineOf({}), true, surroundings, list)?.related;
    expect(stateOf(found)).toEqual({ resourceId: found[1]?.id, total: 3 });
    expect(stateOf(found.slice(0, 1))).toEqual({ resourceId: undefined, total: 1 });
  });
});
