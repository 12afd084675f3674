/** The policy language: what rules say of resources, and what a write becomes. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AssignedPolicy } from './assigned-policy.ts';
import { decideWrite } from './decide-write.ts';
import { parseDefinition, parseInitiative } from './definition.ts';
import { evaluateExpression, expressionOf, type ExpressionContext } from './expression/evaluate.ts';
import { pureFunctions } from './expression/functions.ts';
import type { Json, JsonObject } from './json.ts';
import { resolveParameters } from './parameters.ts';
import { operators } from './rule/operators.ts';
import type { PolicyResource } from './rule/field.ts';

const surroundings = {
  requestContext: { apiVersion: '2024-07-10' },
  subscription: { id: '/subscriptions/s', subscriptionId: 's', tags: { cost: '7' } },
  resourceGroup: { id: '/subscriptions/s/resourceGroups/g', name: 'g', location: 'here', tags: { Team: 'blue' } },
  utcNow: '2026-11-25T00:00:00.000Z',
};

const context: ExpressionContext = {
  ...surroundings,
  policy: null,
  parameter: (name) => (name === 'list' ? ['a', 'b'] : name),
  field: (name) => `field ${name}`,
  current: () => 'current',
};

function evaluate(text: string): Json {
  return evaluateExpression(expressionOf(text), context);
}

function resource(type: string, content: JsonObject, name = 'x'): PolicyResource {
  return { id: `/subscriptions/s/resourceGroups/g/providers/${type}/${name}`, name, type, content };
}

const extensionType = 'Microsoft.HybridCompute/machines/extensions';
const script = resource(extensionType, {
  location: 'here',
  tags: { Env: 'Prod' },
  properties: { publisher: 'Microsoft.Azure.Extensions', type: 'CustomScript', list: [{ a: 1 }, { a: 2 }, { a: 3 }] },
});

function assigned(properties: JsonObject, parameters: JsonObject = {}, enforced = true): AssignedPolicy {
  const definition = parseDefinition(properties);
  return {
    definition,
    member: undefined,
    groupNames: [],
    notScopes: [],
    resourceSelectors: [],
    overrides: [],
    exemptions: [],
    assignedAt: 0,
    identity: undefined,
    definitionId: '/d',
    assignmentId: '/a',
    assignmentName: 'a',
    assignmentDisplayName: 'A',
    scope: '/',
    parameters: resolveParameters(definition.parameters, parameters, 'd'),
    enforced,
    nonComplianceMessage: '',
  };
}

function rule(condition: Json, effect: string, details?: Json): JsonObject {
  return {
    mode: 'All',
    // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
    policyRule: { if: condition, then: { effect, ...(details === undefined ? {} : { details }) } },
  };
}

function fulfilled(condition: Json, on = script): boolean {
  return decideWrite(on, true, [assigned(rule(condition, 'deny'))], surroundings).denied.length === 1;
}

describe('expressions', () => {
  test.each<[string, Json]>([
    ["[concat('a', 'it''s', 1, true())]", "ait's1true"],
    ["[concat(createArray('a'), createArray(1))]", ['a', 1]],
    ["[if(equals(1, 1), 'yes', first(1))]", 'yes'],
    ["[resourceGroup().tags['team']]", 'blue'],
    ['[subscription().subscriptionId]', 's'],
    ["[parameters('list')[1]]", 'b'],
    ["[length(intersection(createArray('a', 'b'), createArray('b', 'c')))]", 1],
    ["[intersection(createObject('a', 1, 'b', 2), createObject('a', 1, 'b', 3))]", { a: 1 }],
    ['[union(createArray(1, 2), createArray(2, 3))]', [1, 2, 3]],
    [
      "[union(createObject('a', createObject('b', 1)), createObject('a', createObject('c', 2)))]",
      { a: { b: 1, c: 2 } },
    ],
    ['[empty(null())]', true],
    ["[greaterOrEquals('2024-07-10', '2020-08-15-preview')]", true],
    ["[split('a;b,c', createArray(';', ','))]", ['a', 'b', 'c']],
    ["[padLeft('7', 3, '0')]", '007'],
    ["[addDays('2026-11-25T00:00:00Z', -1)]", '2026-11-24T00:00:00.000Z'],
    ["[ipRangeContains('10.0.0.0/8', '10.1.2.3')]", true],
    ["[ipRangeContains('10.0.0.0/16', '10.0.0.0/8')]", false],
    ["[tryGet(createObject('a', createArray(5)), 'a', 0)]", 5],
    ["[tryGet(createObject('a', 1), 'b', 'c')]", null],
    ["[substring('abcdef', 1, 2)]", 'bc'],
    ["[field('x')]", 'field x'],
    ["[last(split('a/b', '/'))]", 'b'],
    ["[format('{0}-{1}', 'a', 2)]", 'a-2'],
    ['[mod(add(5, mul(2, 3)), 4)]', 3],
    ['[json(\'{"a":[1]}\').a[0]]', 1],
    ["[items(createObject('k', 'v'))]", [{ key: 'k', value: 'v' }]],
  ])('%s', (text, value) => {
    expect(evaluate(text)).toEqual(value);
  });

  test.each([
    ["[nothing('a')]", "There is no function 'nothing'"],
    ["[concat('a')", ''],
    ['[if(true())]', 'does not take 1 arguments'],
    ["[concat('a',)]", "cannot be read at ')'"],
    ["['a' 'b']", 'cannot be read'],
    ['[]', 'cannot be read'],
    [`[${'not('.repeat(200)}true()${')'.repeat(200)}]`, 'cannot be read'],
    ["[concat('a).b]", 'cannot be read'],
  ])('%s is refused', (text, sentence) => {
    if (!text.endsWith(']')) return;
    expect(() => expressionOf(text)).toThrow(sentence);
  });

  test.each([
    "[int('x')]",
    '[div(1, 0)]',
    "[createArray(1)['a']]",
    "[first(createObject('a', 1))]",
    "[json('{')]",
    '[range(0, 99999999)]',
  ])('%s has no value, and says so', (text) => {
    expect(() => evaluate(text)).toThrow(expect.objectContaining({ code: 'PolicyEvaluationFailed' }));
  });

  test('any text is read or refused, and nothing else happens', () => {
    const piece = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      ',',
      '.',
      "'",
      'concat',
      'a',
      '1',
      ' ',
      '-',
      '__proto__',
      'constructor',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          evaluate(`[${pieces.join('')}]`);
        } catch (error) {
          expect(['InvalidPolicyRule', 'PolicyEvaluationFailed']).toContain((error as { readonly code?: string }).code);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('every function is reached by its name in any case, and none by a name that every object has', () => {
    expect(Object.keys(pureFunctions).every((name) => name === name.toLowerCase())).toBe(true);
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(() => expressionOf(`[${name}()]`)).toThrow('There is no function');
  });
});

describe('operators', () => {
  const table: readonly (readonly [string, Json | undefined, Json, boolean])[] = [
    ['equals', 'Prod', 'prod', true],
    ['equals', true, 'true', true],
    ['equals', undefined, '', true],
    ['equals', ['a'], ['A'], true],
    ['equals', 'a', 'b', false],
    ['like', 'Microsoft.X', 'microsoft.*', true],
    ['like', 'ab', 'a*b', true],
    ['like', 'a', 'a*a', false],
    ['like', undefined, 'a*', false],
    ['match', 'a1-', '?#.', true],
    ['match', 'A', 'a', false],
    ['matchinsensitively', 'A', 'a', true],
    ['match', 'ab', '?', false],
    ['contains', 'abc', 'B', true],
    ['contains', ['x', 'Y'], 'y', true],
    ['contains', undefined, 'a', false],
    ['in', 'B', ['a', 'b'], true],
    ['in', undefined, ['a'], false],
    ['containskey', { Env: 1 }, 'env', true],
    ['containskey', undefined, 'env', false],
    ['less', 9, 10, true],
    ['less', '9', 10, true],
    ['less', '2020', '2021', true],
    ['lessorequals', 10, 10, true],
    ['greater', 'b', 'a', true],
    ['greaterorequals', 1, 2, false],
    ['less', undefined, 1, false],
    ['exists', undefined, 'false', true],
    ['exists', null, true, false],
    ['exists', '', 'True', true],
  ];
  test.each(table)('%s of %j and %j: %s', (operator, actual, wanted, expected) => {
    expect(operators[operator]?.(actual, wanted)).toBe(expected);
  });

  test('each has its opposite', () => {
    for (const name of ['equals', 'like', 'match', 'matchinsensitively', 'contains', 'in', 'containskey']) {
      for (const [, actual, wanted, expected] of table.filter(([operator]) => operator === name))
        expect(operators[`not${name}`]?.(actual, wanted), name).toBe(!expected);
    }
  });
});

describe('conditions', () => {
  test.each<[Json, boolean]>([
    [{ field: 'type', equals: extensionType.toLowerCase() }, true],
    [{ field: `${extensionType}/publisher`, like: 'microsoft.azure.*' }, true],
    [{ field: `${extensionType.toUpperCase()}/Type`, notIn: ['CustomScript'] }, false],
    [{ field: 'Microsoft.HybridCompute/machines/osName', exists: 'true' }, false],
    [{ field: "tags['env']", equals: 'prod' }, true],
    [{ field: 'tags[Env]', exists: false }, false],
    [{ field: "[concat('tags[', 'env', ']')]", exists: true }, true],
    [{ not: { field: 'location', equals: 'here' } }, false],
    [
      {
        allOf: [
          { field: 'name', equals: 'x' },
          { value: '[resourceGroup().name]', equals: 'g' },
        ],
      },
      true,
    ],
    [
      {
        anyOf: [
          { field: 'name', equals: 'y' },
          { field: 'kind', exists: 'true' },
        ],
      },
      false,
    ],
    [{ field: `${extensionType}/list[*].a`, greater: 0 }, true],
    [{ field: `${extensionType}/list[*].a`, greater: 1 }, false],
    [{ field: `${extensionType}/none[*].a`, equals: 'anything' }, true],
    [{ count: { field: `${extensionType}/list[*]` }, equals: 3 }, true],
    [
      {
        count: { field: `${extensionType}/list[*]`, where: { field: `${extensionType}/list[*].a`, greater: 1 } },
        equals: 2,
      },
      true,
    ],
    [
      {
        count: {
          value: ['a', 'CustomScript'],
          name: 'n',
          where: { field: `${extensionType}/type`, equals: "[current('n')]" },
        },
        greater: 0,
      },
      true,
    ],
  ])('%j: %s', (condition, expected) => {
    expect(fulfilled(condition)).toBe(expected);
  });

  test.each<[Json, string]>([
    [{}, 'no operator'],
    [{ field: 'type' }, 'no operator'],
    [{ field: 'type', is: 'x' }, "There is no operator 'is'"],
    [{ field: 'type', equals: 'x', like: 'y' }, 'has one operator'],
    [{ field: 'type', value: 'x', equals: 'y' }, 'one of'],
    [{ allOf: [] }, 'needs a list'],
    [{ allOf: [{ field: 'type', equals: 'x' }], field: 'y' }, 'stands alone'],
    [{ equals: 'x' }, 'one of'],
    [{ count: { field: 'tags' }, equals: 1 }, 'alias[*]'],
    [{ field: 'type', equals: '[nothing()]' }, "There is no function 'nothing'"],
    ['text', 'is an object'],
  ])('%j is refused when it is written', (condition, sentence) => {
    expect(() => parseDefinition(rule(condition, 'deny'))).toThrow(sentence);
  });

  test('T41 a rule that is nested without end is refused', () => {
    let condition: Json = { field: 'type', equals: 'x' };
    for (let i = 0; i < 200; i += 1) condition = { not: condition };
    expect(() => parseDefinition(rule(condition, 'deny'))).toThrow('deeper than');
  });
});

describe('S5.1 S5.3 what a write becomes', () => {
  const approved = (values: readonly string[]): AssignedPolicy =>
    assigned(
      {
        ...rule(
          {
            allOf: [
              { field: 'type', equals: extensionType },
              { field: `${extensionType}/type`, notIn: "[parameters('approved')]" },
            ],
          },
          "[parameters('effect')]",
        ),
        parameters: {
          approved: { type: 'Array' },
          effect: { type: 'String', allowedValues: ['Deny', 'Audit', 'Disabled'], defaultValue: 'Deny' },
        },
      },
      { approved: values },
    );

  test('an extension that is not approved is denied, with what was compared', () => {
    const { denied } = decideWrite(script, true, [approved(['AzureMonitorLinuxAgent'])], surroundings);
    expect(denied[0]?.told).toContainEqual(
      expect.objectContaining({
        expression: `${extensionType}/type`,
        expressionValue: 'CustomScript',
        operator: 'notin',
        result: 'True',
      }),
    );
    expect(decideWrite(script, true, [approved(['customscript'])], surroundings).denied).toEqual([]);
  });

  test('audit and DoNotEnforce put on record, disabled does nothing', () => {
    const condition = { field: 'type', equals: extensionType };
    const decide = (effect: string, enforced = true): readonly [number, number] => {
      const { denied, audited } = decideWrite(
        script,
        true,
        [assigned(rule(condition, effect), {}, enforced)],
        surroundings,
      );
      return [denied.length, audited.length];
    };
    expect([decide('deny'), decide('Audit'), decide('deny', false), decide('Disabled')]).toEqual([
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 0],
    ]);
  });

  test('what one policy changes another one judges', () => {
    const add = assigned(
      rule({ field: 'tags.Team', exists: 'false' }, 'modify', {
        operations: [{ operation: 'add', field: "tags['Team']", value: "[resourceGroup().tags['team']]" }],
      }),
    );
    const demand = assigned(rule({ field: 'tags.Team', notEquals: 'blue' }, 'deny'));
    for (const order of [
      [add, demand],
      [demand, add],
    ]) {
      const { content, denied } = decideWrite(script, true, order, surroundings);
      expect([content['tags'], denied]).toEqual([{ Env: 'Prod', Team: 'blue' }, []]);
    }
  });

  test.each<[string, JsonObject, JsonObject]>([
    ['addOrReplace', { operation: 'addOrReplace', field: 'tags[env]', value: 'Test' }, { tags: { Env: 'Test' } }],
    ['add leaves what is there', { operation: 'add', field: 'tags[env]', value: 'Test' }, { tags: { Env: 'Prod' } }],
    ['remove', { operation: 'remove', field: 'tags[ENV]' }, { tags: {} }],
    [
      'of a property',
      { operation: 'addOrReplace', field: `${extensionType}/enableAutomaticUpgrade`, value: true },
      { properties: { enableAutomaticUpgrade: true } },
    ],
    [
      'with a condition that is not fulfilled',
      { operation: 'remove', field: 'tags[env]', condition: "[greater(requestContext().apiVersion, '2030')]" },
      { tags: { Env: 'Prod' } },
    ],
  ])('modify: %s', (_title, operation, expected) => {
    const policy = assigned(rule({ field: 'type', equals: extensionType }, 'modify', { operations: [operation] }));
    expect(decideWrite(script, true, [policy], surroundings).content).toMatchObject(expected);
  });

  test('append adds what is missing and denies what is otherwise', () => {
    const append = (value: string): AssignedPolicy =>
      assigned(rule({ field: 'type', equals: extensionType }, 'append', [{ field: 'tags[env]', value }]));
    expect(decideWrite(script, true, [append('prod')], surroundings).denied).toEqual([]);
    expect(decideWrite(script, true, [append('test')], surroundings).denied[0]?.because).toContain('another value');
    const bare = { ...script, content: { properties: {} } };
    expect(decideWrite(bare, true, [append('test')], surroundings).content).toEqual({
      properties: {},
      tags: { env: 'test' },
    });
  });

  test('S5.3 a rule that cannot be evaluated denies', () => {
    const broken = assigned(rule({ value: "[int(field('name'))]", greater: 1 }, 'audit'));
    const { denied } = decideWrite(script, true, [broken], surroundings);
    expect(denied).toHaveLength(1);
    expect(denied[0]?.because).toContain('A whole number was expected');
  });

  test('an effect that is not carried out here denies rather than seem a control', () => {
    const policy = assigned(rule({ field: 'type', equals: extensionType }, 'manual'));
    expect(decideWrite(script, true, [policy], surroundings).denied[0]?.because).toContain(
      "'manual' is not carried out",
    );
  });

  test('mode Indexed leaves out what has no tags and location of its own', () => {
    const indexed = assigned({ ...rule({ field: 'name', equals: 'x' }, 'deny'), mode: 'Indexed' });
    expect(decideWrite(script, false, [indexed], surroundings).denied).toEqual([]);
    expect(decideWrite(script, true, [indexed], surroundings).denied).toHaveLength(1);
  });
});

describe('parameters', () => {
  const { parameters } = parseDefinition({
    ...rule({ field: 'type', equals: 'x' }, "[parameters('effect')]"),
    parameters: {
      effect: { type: 'String', allowedValues: ['Deny', 'Audit'] },
      many: { type: 'Array', defaultValue: [] },
    },
  });
  test.each<[JsonObject, string]>([
    [{}, "needs a value for its parameter 'effect'"],
    [
      { effect: 'Destroy' },
      "The value 'Destroy' is not allowed for policy parameter 'effect' in policy definition 'd'. The allowed values are 'Deny, Audit'.",
    ],
    [{ effect: 'deny', other: 1 }, "has no parameter 'other'"],
    [{ effect: 'deny', many: 'x' }, 'of the type array'],
  ])('%j: %s', (given, sentence) => {
    expect(() => resolveParameters(parameters, given, 'd')).toThrow(sentence);
  });
  test('a default stands in, and case does not count', () => {
    expect(resolveParameters(parameters, { EFFECT: 'deny' }, 'd')).toEqual({ effect: 'deny', many: [] });
  });
});

test('an initiative names its definitions', () => {
  expect(
    parseInitiative({ policyDefinitions: [{ policyDefinitionId: '/d', parameters: { a: { value: 1 } } }] }).members,
  ).toEqual([{ definitionId: '/d', referenceId: '0', groupNames: [], parameters: { a: 1 } }]);
  expect(() => parseInitiative({ policyDefinitions: [{}] })).toThrow("needs a 'policyDefinitionId'");
});
