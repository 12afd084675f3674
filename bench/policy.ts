/** Policy: one resource against 66 definitions in 100 assignments, against as many plain comparisons of the same fields. */
import type { AssignedPolicy } from '../apps/control-plane/src/policy/assigned-policy.ts';
import { decideWrite } from '../apps/control-plane/src/policy/decide-write.ts';
import { parseDefinition } from '../apps/control-plane/src/policy/definition.ts';
import type { Json, JsonObject } from '../apps/control-plane/src/policy/json.ts';
import { resolveParameters } from '../apps/control-plane/src/policy/parameters.ts';
import { compare, timed } from './measure.ts';
import { printRows, ratio } from './report.ts';

const definitions = 66;
const assignments = 100;
const writes = 200;
const rounds = 7;
const extensionType = 'Microsoft.HybridCompute/machines/extensions';

/** Shapes of published rules: extensions by publisher and type, tags by parameter, lists of what is allowed. */
const shapes: readonly ((index: number) => Json)[] = [
  (index) => ({
    allOf: [
      { field: 'type', equals: extensionType },
      { field: `${extensionType}/publisher`, equals: `Publisher${index}` },
      { field: `${extensionType}/type`, equals: `Type${index}` },
    ],
  }),
  () => ({ field: "[concat('tags[', parameters('tagName'), ']')]", exists: 'false' }),
  (index) => ({
    allOf: [
      { field: 'location', notIn: ['here', `there${index}`] },
      { field: 'location', notEquals: 'global' },
    ],
  }),
  (index) => ({
    anyOf: [
      { field: 'kind', like: `kind${index}*` },
      { value: "[resourceGroup().tags['team']]", notEquals: 'blue' },
    ],
  }),
];

function policyOf(index: number): AssignedPolicy {
  const shape = shapes[index % shapes.length];
  const properties: JsonObject = {
    mode: 'All',
    parameters: { tagName: { type: 'String' }, effect: { type: 'String', defaultValue: 'Deny' } },
    // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
    policyRule: { if: shape?.(index) ?? null, then: { effect: "[parameters('effect')]" } },
  };
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
    definitionId: `/d${index}`,
    assignmentId: `/a${index}`,
    assignmentName: `a${index}`,
    assignmentDisplayName: '',
    scope: '/',
    parameters: resolveParameters(definition.parameters, { tagName: 'Env' }, `d${index}`),
    enforced: true,
    nonComplianceMessage: '',
  };
}

export async function run(): Promise<void> {
  const distinct = Array.from({ length: definitions }, (_, index) => policyOf(index));
  const policies = Array.from({ length: assignments }, (_, index) => distinct[index % definitions] ?? policyOf(index));
  const resource = {
    id: `/subscriptions/s/resourceGroups/g/providers/${extensionType}/x`,
    name: 'x',
    type: extensionType,
    content: { location: 'here', tags: { env: 'prod' }, properties: { publisher: 'P', type: 'T' } },
  };
  const surroundings = {
    requestContext: { apiVersion: '2024-07-10' },
    subscription: { subscriptionId: 's' },
    resourceGroup: { name: 'g', tags: { team: 'blue' } },
    utcNow: '2026-11-25T00:00:00.000Z',
  };
  let denied = 0;
  let matched = 0;
  const result = await compare(
    rounds,
    () =>
      timed(() => {
        for (let i = 0; i < writes; i += 1) denied += decideWrite(resource, true, policies, surroundings).denied.length;
      }),
    () =>
      timed(() => {
        for (let i = 0; i < writes * assignments; i += 1)
          if (resource.content.properties.publisher.toLowerCase() === `publisher${i % definitions}`) matched += 1;
      }),
  );
  if (denied > 0 || matched > 0) throw new Error('The benchmark decided otherwise than it is made to.');
  const rate = (milliseconds: number): string =>
    `${Math.round((writes * assignments * 1000) / milliseconds).toLocaleString('en')}/s`;
  printRows('Policy', [
    {
      what: `policies evaluated on a write, ${definitions} definitions in ${assignments} assignments`,
      figure: rate(result.ours.median),
      against: `one comparison each: ${rate(result.peer.median)}`,
      ratio: ratio(result.ratio),
    },
  ]);
}
