/** Templates: what is read of one, what its expressions give, and the order of what is to be written. */
import { describe, expect, test } from 'vitest';
import { ReferenceNeeded } from '../policy/expression/evaluate.ts';
import type { Json, JsonObject } from '../policy/json.ts';
import { planResources, type PlannedResource } from './planned-resource.ts';
import { parseTemplate } from './template.ts';
import { templateScope, type DeploymentPlace } from './template-values.ts';

const place: DeploymentPlace = {
  subscriptionId: 's',
  resourceGroup: 'g',
  name: 'd',
  subscription: { subscriptionId: 's', id: '/subscriptions/s' },
  group: { name: 'g', location: 'here', id: '/subscriptions/s/resourceGroups/g' },
  tenantId: 't',
  utcNow: '2026-11-25T00:00:00.000Z',
  newGuid: () => 'guid',
};
const root = '/subscriptions/s/resourceGroups/g/providers';
const machines = 'Microsoft.HybridCompute/machines';

function plan(template: JsonObject, parameters: JsonObject = {}, at = place): readonly PlannedResource[] {
  const parsed = parseTemplate(template);
  return planResources(parsed, templateScope(parsed, parameters, at), at);
}

function value(expression: string, more: JsonObject = {}, parameters: JsonObject = {}): Json {
  return templateScope(parseTemplate({ resources: [], ...more }), parameters, place).evaluate(expression);
}

function resource(name: string, more: JsonObject = {}): JsonObject {
  return { type: `${machines}/extensions`, name, apiVersion: '2024-07-10', properties: {}, ...more };
}

describe('values', () => {
  test.each<[string, Json]>([
    [`[resourceId('${machines}/extensions', 'm', 'e')]`, `${root}/${machines}/m/extensions/e`],
    [`[resourceId('other', '${machines}', 'm')]`, `/subscriptions/s/resourceGroups/other/providers/${machines}/m`],
    [`[resourceId('x', 'other', '${machines}', 'm')]`, `/subscriptions/x/resourceGroups/other/providers/${machines}/m`],
    ["[subscriptionResourceId('A.B/c', 'n')]", '/subscriptions/s/providers/A.B/c/n'],
    ["[extensionResourceId('/x/y', 'A.B/c', 'n')]", '/x/y/providers/A.B/c/n'],
    ['[concat(resourceGroup().location, deployment().name, tenant().tenantId)]', 'heredt'],
    ["[variables('a').b[1]]", 2],
    ["[concat(variables('twice'), parameters('p'))]", 'xxdefault'],
    ['[[escaped]', '[escaped]'],
    ["[dateTimeToEpoch('1970-01-01T00:01:00Z')]", 60],
  ])('%s', (text, expected) => {
    const more = {
      variables: { a: { b: [1, 2] }, once: 'x', twice: "[concat(variables('once'), variables('once'))]" },
      parameters: { p: { type: 'string', defaultValue: 'default' } },
    };
    expect(value(text, more)).toEqual(expected);
  });

  test.each<[JsonObject, JsonObject, string]>([
    [{}, { p: { value: 1 } }, "has no parameter 'p'"],
    [{ p: { type: 'string' } }, {}, "needs a value for its parameter 'p'"],
    [{ p: { type: 'string' } }, { p: { value: 1 } }, 'of the type string'],
    [{ p: { type: 'string', allowedValues: ['a'] } }, { p: { value: 'b' } }, 'none of the values'],
    [{ p: { type: 'secureString' } }, { p: { reference: {} } }, 'key vaults are not followed'],
    [{ p: { type: 'thing' } }, {}, 'of no type'],
  ])('parameters %j given %j are refused', (parameters, given, sentence) => {
    expect(() => value('x', { parameters }, given)).toThrow(sentence);
  });

  test('T41 variables that need themselves, functions that do not exist, keys that nobody has', () => {
    expect(() => value("[variables('a')]", { variables: { a: "[variables('b')]", b: "[variables('a')]" } })).toThrow(
      'needs itself',
    );
    expect(() => value('[nothing()]')).toThrow("There is no function 'nothing'");
    expect(() => value("[listKeys('/x', '2020')]")).toThrow('hands out keys');
  });

  test('a reference asks for what it needs, and goes on once that has been read', () => {
    const scope = templateScope(parseTemplate({ resources: [] }), {}, place);
    expect(() => scope.evaluate("[reference('/A').b]")).toThrow(ReferenceNeeded);
    const read = new Map<string, Json>([['/a', { id: '/A', properties: { b: 7 } }]]);
    expect(scope.evaluate("[reference('/A').b]", read)).toBe(7);
    expect(scope.evaluate("[reference('/A', '2020', 'Full').id]", read)).toBe('/A');
  });
});

describe('resources', () => {
  test('have the ids that their types and names give, also nested and on others', () => {
    const planned = plan({
      resources: [
        {
          type: machines,
          name: 'm',
          apiVersion: '2024-07-10',
          resources: [{ type: 'extensions', name: 'e', apiVersion: '2024-07-10' }],
        },
        {
          type: `${machines}/providers/guestConfigurationAssignments`,
          name: 'm/Microsoft.GuestConfiguration/c',
          apiVersion: '2022-01-25',
        },
        { type: 'A.B/c', name: 'n', scope: `[resourceId('${machines}', 'm')]`, apiVersion: '1' },
        { type: 'Microsoft.Resources/deployments', name: 'inner', apiVersion: '1', resourceGroup: 'h' },
      ],
    });
    expect(planned.map(({ id }) => id)).toEqual([
      `${root}/${machines}/m`,
      `${root}/${machines}/m/extensions/e`,
      `${root}/${machines}/m/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments/c`,
      `${root}/${machines}/m/providers/A.B/c/n`,
      '/subscriptions/s/resourceGroups/h/providers/Microsoft.Resources/deployments/inner',
    ]);
  });

  test('are left out by their condition and repeated by copy', () => {
    const planned = plan({
      resources: [
        resource('m/never', { condition: false }),
        resource("[concat('m/e', copyIndex('loop', 1))]", {
          copy: { name: 'loop', count: 3 },
          properties: { settings: { index: "[copyIndex('loop')]" } },
        }),
      ],
    });
    expect(planned.map((one) => [one.id.split('/').at(-1), one.body(new Map())])).toEqual([
      ['e1', { properties: { settings: { index: 0 } } }],
      ['e2', { properties: { settings: { index: 1 } } }],
      ['e3', { properties: { settings: { index: 2 } } }],
    ]);
  });

  test('wait for what they depend on, by id, by name or by the name of a loop', () => {
    const planned = plan({
      resources: [
        resource('m/a', {
          dependsOn: [`[resourceId('${machines}/extensions', 'm', 'b')]`, 'M/C', 'loop', 'elsewhere'],
        }),
        resource('m/b'),
        resource('m/c'),
        resource("[concat('m/l', copyIndex())]", { copy: { name: 'loop', count: 2 } }),
      ],
    });
    expect(planned[0]?.after.map((id) => id.split('/').at(-1))).toEqual(['b', 'c', 'l0', 'l1']);
  });

  test('an inner template is evaluated by itself only where it says so', () => {
    const nested = (scope: string): JsonObject => ({
      type: 'Microsoft.Resources/deployments',
      name: 'inner',
      apiVersion: '1',
      properties: {
        expressionEvaluationOptions: { scope },
        template: { resources: ["[parameters('p')]"] },
        parameters: { q: { value: "[parameters('p')]" } },
      },
    });
    const body = (scope: string): JsonObject | undefined =>
      plan({ parameters: { p: { type: 'string' } }, resources: [nested(scope)] }, { p: { value: 'outer' } })[0]?.body(
        new Map(),
      );
    expect(body('inner')).toMatchObject({
      properties: { template: { resources: ["[parameters('p')]"] }, parameters: { q: { value: 'outer' } } },
    });
    expect(body('outer')).toMatchObject({ properties: { template: { resources: ['outer'] } } });
  });

  test.each<[string, Json, string]>([
    ['in a circle', [resource('m/a', { dependsOn: ['m/b'] }), resource('m/b', { dependsOn: ['m/a'] })], 'in a circle'],
    ['twice', [resource('m/a'), resource('M/A')], 'twice'],
    ['without a name', [{ type: 'A.B/c', apiVersion: '1' }], "needs 'name'"],
    ['with too few names', [resource('m')], 'as many parts'],
    ['too many', [resource("[concat('m/e', copyIndex())]", { copy: { name: 'l', count: 801 } })], 'from 0 to 800'],
  ])('%s are refused', (_what, resources, sentence) => {
    expect(() => plan({ resources })).toThrow(sentence);
  });
});
