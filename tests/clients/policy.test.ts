/** Central policy as clients meet it: it narrows what may be asked for, and what it does is on record (S5.1, S5.3). */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import type { Answer } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { runScript } from './run-script.ts';
import { createTestGallery } from './test-gallery.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-policy-'));
const version = 'api-version=2024-07-10';
const policyVersion = 'api-version=2021-06-01';
const extensionType = 'Microsoft.HybridCompute/machines/extensions';
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let agent: FakeAgent;
let subscription: string;
let group: string;
const assignments: string[] = [];

beforeAll(async () => {
  const gallery = await createTestGallery(join(folder, 'gallery'));
  plane = await startControlPlaneProcess(join(folder, 'state'), '--gallery', gallery.directory);
  arm = await signIn(plane.operator);
  subscription = `/subscriptions/${plane.operator.subscriptionId}`;
  group = `${subscription}/resourceGroups/Fleet`;
  await arm.arm('PUT', `${group}?api-version=2021-04-01`, { location: 'here', tags: { Team: 'blue' } });
  agent = await enrolFakeAgent(() => plane.operator, arm, 'Fleet', 'web');
  agent.run(() => ({ state: 'Succeeded' }));
});
afterEach(async () => {
  for (const id of assignments.splice(0)) await arm.arm('DELETE', `${id}?${policyVersion}`);
});
afterAll(async () => {
  await agent?.stop();
  arm?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

async function define(policyRule: unknown, parameters: unknown = {}, mode = 'All'): Promise<string> {
  const id = `${subscription}/providers/Microsoft.Authorization/policyDefinitions/${randomUUID()}`;
  const answer = await arm.arm('PUT', `${id}?${policyVersion}`, {
    properties: { displayName: 'Approved extensions', mode, policyRule, parameters },
  });
  expect([answer.status, answer.text]).toEqual([201, expect.stringContaining('"policyType":"Custom"')]);
  return id;
}

async function assign(policyDefinitionId: string, scope: string, more: object = {}): Promise<Answer> {
  const id = `${scope}/providers/Microsoft.Authorization/policyAssignments/${randomUUID()}`;
  const answer = await arm.arm('PUT', `${id}?${policyVersion}`, { properties: { policyDefinitionId, ...more } });
  if (answer.status === 201) assignments.push(id);
  return answer;
}

function install(type: string, method = 'PUT', body: object = {}): Promise<Answer> {
  const id = `${group}/providers/Microsoft.HybridCompute/machines/web/extensions/${type}`;
  const properties = { publisher: 'Contoso.Scripts', type, protectedSettings: { secret: 'canary-in-protected' } };
  return arm.arm(method, `${id}?${version}`, { location: 'here', properties, ...body });
}

function errorOf(answer: Answer): {
  readonly code: string;
  readonly message: string;
  readonly additionalInfo: unknown;
} {
  return (answer.json() as { readonly error: { code: string; message: string; additionalInfo: unknown } }).error;
}

const approvedOnly = {
  if: {
    allOf: [
      { field: 'type', equals: extensionType },
      { field: `${extensionType}/type`, notIn: "[parameters('approved')]" },
    ],
  },
  // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
  then: { effect: "[parameters('effect')]" },
};
const approvedParameters = {
  approved: { type: 'Array' },
  effect: { type: 'String', allowedValues: ['Deny', 'Audit', 'Disabled'], defaultValue: 'Deny' },
};

describe('S5.1 which extensions may be asked for', () => {
  test('one that is not approved is refused as ARM refuses it, nothing is begun, and the refusal is on record', async () => {
    const definition = await define(approvedOnly, approvedParameters);
    const parameters = { approved: { value: ['Other'] } };
    const nonComplianceMessages = [{ message: 'Ask the platform team' }];
    expect(
      (await assign(definition, group, { displayName: 'Only ours', parameters, nonComplianceMessages })).status,
    ).toBe(201);
    const refused = await install('Runner');
    const { code, message, additionalInfo } = errorOf(refused);
    expect([refused.status, code]).toEqual([403, 'RequestDisallowedByPolicy']);
    expect(message).toContain("Resource 'web/Runner' was disallowed by policy. Ask the platform team.");
    expect(message).toContain('"name":"Only ours"');
    expect(additionalInfo).toMatchObject([
      {
        type: 'PolicyViolation',
        info: {
          policyDefinitionDisplayName: 'Approved extensions',
          policyAssignmentScope: group,
          policyAssignmentParameters: { approved: { value: ['Other'] }, effect: { value: 'Deny' } },
          evaluationDetails: {
            evaluatedExpressions: expect.arrayContaining([
              expect.objectContaining({ expressionValue: 'Runner' }),
            ]) as unknown,
          },
        },
      },
    ]);
    expect(refused.text).not.toContain('canary-in-protected');
    const id = `${group}/providers/Microsoft.HybridCompute/machines/web/extensions/Runner`;
    expect((await arm.arm('GET', `${id}?${version}`)).status).toBe(404);
    const filter = encodeURIComponent(`resourceUri eq '${id}' and status eq 'Failed'`);
    const log = await arm.arm(
      'GET',
      `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${filter}`,
    );
    expect(log.text).toContain('RequestDisallowedByPolicy');
    expect((await install('Other')).status).toBe(200);
    // A PATCH is judged by what the resource would become.
    expect(errorOf(await install('Other', 'PATCH', { properties: { type: 'Runner' } })).code).toBe(
      'RequestDisallowedByPolicy',
    );
    expect((await install('Other', 'PATCH', { properties: { forceUpdateTag: 'x' } })).status).not.toBe(403);
  });

  test('T02 lifted with its assignment, left out by notScopes, only looked at by Audit and DoNotEnforce', async () => {
    const definition = await define(approvedOnly, approvedParameters);
    const parameters = { approved: { value: [] } };
    const machine = `${group}/providers/Microsoft.HybridCompute/machines/web`;
    expect((await assign(definition, subscription, { parameters, notScopes: [machine] })).status).toBe(201);
    expect((await install('Refused')).status).toBe(200);
    await assign(definition, machine, { parameters, enforcementMode: 'DoNotEnforce' });
    await assign(definition, machine, { parameters: { ...parameters, effect: { value: 'audit' } } });
    expect((await install('Slow')).status).toBe(200);
    const filter = encodeURIComponent(`resourceUri eq '${machine}/extensions/Slow'`);
    const log = await arm.arm(
      'GET',
      `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${filter}`,
    );
    const events = (log.json() as { readonly value: readonly { readonly category: { readonly value: string } }[] })
      .value;
    expect(events.filter(({ category }) => category.value === 'Policy')).toHaveLength(4);
  });

  test('an initiative passes its parameters on, and both are refused their removal while they are used', async () => {
    const definition = await define(approvedOnly, approvedParameters);
    const set = `${subscription}/providers/Microsoft.Authorization/policySetDefinitions/${randomUUID()}`;
    const made = await arm.arm('PUT', `${set}?${policyVersion}`, {
      properties: {
        parameters: { allowed: { type: 'Array' } },
        policyDefinitions: [
          { policyDefinitionId: definition, parameters: { approved: { value: "[parameters('allowed')]" } } },
        ],
      },
    });
    expect(made.status).toBe(201);
    expect((await assign(set, group, { parameters: { allowed: { value: ['Nothing'] } } })).status).toBe(201);
    expect(errorOf(await install('Runner')).code).toBe('RequestDisallowedByPolicy');
    for (const id of [definition, set])
      expect(errorOf(await arm.arm('DELETE', `${id}?${policyVersion}`)).code).toBe('PolicyDefinitionInUse');
  });
});

test('tags that a policy adds are written, also when the request says nothing of them', async () => {
  const definition = await define(
    {
      if: {
        allOf: [
          { field: 'type', equals: 'Microsoft.HybridCompute/machines' },
          { field: 'tags.Team', exists: 'false' },
        ],
      },
      // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
      then: {
        effect: 'modify',
        details: {
          roleDefinitionIds: [],
          operations: [{ operation: 'add', field: "tags['Team']", value: "[resourceGroup().tags['team']]" }],
        },
      },
    },
    {},
    'Indexed',
  );
  expect((await assign(definition, group)).status).toBe(201);
  const machine = `${group}/providers/Microsoft.HybridCompute/machines/web`;
  const patched = await arm.arm('PATCH', `${machine}?${version}`, { tags: { a: 'b' } });
  expect([patched.status, (patched.json() as { readonly tags: unknown }).tags]).toEqual([
    200,
    { a: 'b', Team: 'blue' },
  ]);
});

describe('what cannot be carried out is not assigned', () => {
  test.each([
    ['deployIfNotExists', 'InvalidPolicyRule', 400],
    ['auditIfNotExists', 'InvalidPolicyRule', 400],
    ['denyAction', 'InvalidPolicyRule', 400],
    ['manual', 'PolicyEffectNotSupported', 400],
  ])('the effect %s', async (effect, code, status) => {
    // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
    const definition = await define({ if: { field: 'type', equals: 'x' }, then: { effect, details: {} } });
    const answer = await assign(definition, group);
    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
  });

  test('wrong rules, parameters, scopes and definitions are refused by name', async () => {
    const definition = await define(approvedOnly, approvedParameters);
    const refusals = [
      await assign(definition, group),
      await assign(definition, group, { parameters: { approved: { value: [] }, effect: { value: 'Destroy' } } }),
      await assign(definition, group, { parameters: { approved: { value: [] } }, notScopes: ['here'] }),
      await assign(definition, group, { parameters: { approved: { value: [] } }, enforcementMode: 'Sometimes' }),
      await assign(`${definition}x`, group),
    ];
    expect(refusals.map((answer) => errorOf(answer).code)).toEqual([
      'InvalidPolicyParameters',
      'PolicyParameterValueNotAllowed',
      'InvalidPolicyParameters',
      'InvalidPolicyParameters',
      'PolicyDefinitionNotFound',
    ]);
    const bad = `${subscription}/providers/Microsoft.Authorization/policyDefinitions/bad?${policyVersion}`;
    // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
    const rule = { if: { field: 'type', is: 'x' }, then: { effect: 'deny' } };
    expect(errorOf(await arm.arm('PUT', bad, { properties: { policyRule: rule } })).code).toBe('InvalidPolicyRule');
  });
});

describe('exceptions', () => {
  test('S5.2 an exemption holds until it is taken away, needs a say at the assignment, and goes with it', async () => {
    const definition = await define(approvedOnly, approvedParameters);
    const name = randomUUID();
    const assignment = `${subscription}/providers/Microsoft.Authorization/policyAssignments/${name}`;
    const properties = { policyDefinitionId: definition, parameters: { approved: { value: [] } } };
    const made = await arm.arm('PUT', `${assignment}?${policyVersion}`, { properties });
    expect(made.status).toBe(201);
    assignments.push(assignment);
    const machine = `${group}/providers/Microsoft.HybridCompute/machines/web`;
    const exemption = `${machine}/providers/Microsoft.Authorization/policyExemptions/later?api-version=2022-07-01-preview`;
    const body = {
      properties: { policyAssignmentId: assignment, exemptionCategory: 'Waiver', displayName: 'Until May' },
    };
    expect(errorOf(await install('Refused')).code).toBe('RequestDisallowedByPolicy');
    const made2 = await arm.arm('PUT', exemption, body);
    expect([made2.status, made2.text]).toEqual([201, expect.stringContaining('"displayName":"Until May"')]);
    expect((await arm.arm('PUT', exemption, body)).status).toBe(200);
    expect((await install('Refused')).status).toBe(200);
    const wrong = { ...body.properties, policyDefinitionReferenceIds: ['none'] };
    expect(errorOf(await arm.arm('PUT', exemption, { properties: wrong })).code).toBe('InvalidPolicyParameters');
    const nowhere = { ...body.properties, policyAssignmentId: `${assignment}x` };
    expect(errorOf(await arm.arm('PUT', exemption, { properties: nowhere })).code).toBe('PolicyAssignmentNotFound');
    await arm.arm('DELETE', `${assignment}?${policyVersion}`);
    expect((await arm.arm('GET', exemption)).status).toBe(404);
  });

  test('denyAction keeps a group from being deleted with what stands in it', async () => {
    const kept = `${subscription}/resourceGroups/Kept`;
    await arm.arm('PUT', `${kept}?api-version=2021-04-01`, { location: 'here' });
    const definition = await define({
      if: { field: 'name', equals: 'Kept' },
      // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
      then: { effect: 'denyAction', details: { actionNames: ['delete'] } },
    });
    expect((await assign(definition, kept)).status).toBe(201);
    const refused = await arm.arm('DELETE', `${kept}?api-version=2021-04-01`);
    expect([refused.status, errorOf(refused).message]).toEqual([403, expect.stringContaining('Deletion of resource')]);
    for (const id of assignments.splice(0)) await arm.arm('DELETE', `${id}?${policyVersion}`);
    expect((await arm.arm('DELETE', `${kept}?api-version=2021-04-01`)).status).toBe(200);
  });
});

test('S5.2 who could lift policy at a scope is shown, with the role that lets them', async () => {
  const path = (scope: string): string => `${scope}/providers/Sallyport.Explain/policyEditors?api-version=2026-11-01`;
  const editors = await arm.arm('GET', path(group));
  expect((editors.json() as { readonly value: unknown[] }).value).toMatchObject([
    { displayName: 'operator', roleName: 'Owner', assignedAt: '/', can: expect.arrayContaining([]) as unknown },
  ]);
  const clientId = randomUUID();
  const made = await arm.arm(
    'PUT',
    `/providers/Sallyport.Identity/servicePrincipals/${clientId}?api-version=2026-11-01`,
    {
      properties: { displayName: 'policy writer' },
    },
  );
  const { objectId } = (made.json() as { readonly properties: { readonly objectId: string } }).properties;
  const roleDefinitionId = '/providers/Microsoft.Authorization/roleDefinitions/36243c78-bf99-498c-9df9-86d9f8d28608';
  const assignment = `${group}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`;
  await arm.arm('PUT', assignment, { properties: { roleDefinitionId, principalId: objectId } });
  const named = async (scope: string): Promise<readonly string[]> =>
    (
      (await arm.arm('GET', path(scope))).json() as {
        readonly value: readonly { readonly displayName: string; readonly roleName: string }[];
      }
    ).value.map(({ displayName, roleName }) => `${displayName}: ${roleName}`);
  expect((await named(group)).toSorted()).toEqual(['operator: Owner', 'policy writer: Resource Policy Contributor']);
  expect(await named(subscription)).toEqual(['operator: Owner']);
});

const published = join(import.meta.dirname, '../published-policies');
describe('published definitions', () => {
  test('load unmodified under their own ids, and are listed with their kind', async () => {
    const names = readdirSync(published).filter((name) => name.endsWith('.json'));
    for (const name of names) {
      const definition = JSON.parse(readFileSync(join(published, name), 'utf8')) as { readonly id: string };
      const answer = await arm.arm('PUT', `${definition.id}?${policyVersion}`, definition);
      expect([name, answer.status]).toEqual([name, 201]);
    }
    const filter = encodeURIComponent("policyType eq 'BuiltIn'");
    const listed = await arm.arm(
      'GET',
      `${subscription}/providers/Microsoft.Authorization/policyDefinitions?${policyVersion}&$filter=${filter}&$top=1000`,
    );
    expect((listed.json() as { readonly value: unknown[] }).value).toHaveLength(names.length);
  });
});

test('S2.1 the stock client writes definitions, initiatives and assignments, changes one, lists and removes them', async () => {
  const found = await runScript<Record<string, unknown>>('policy.ts', plane.operator, 'Fleet', 'web');
  const refused = (code: string): unknown => expect.objectContaining({ code }) as unknown;
  expect(found).toMatchObject({
    made: { name: 'stock', policyType: 'Custom', mode: 'All', displayName: 'Every extension' },
    updated: 'Changed',
    definitions: expect.arrayContaining(['stock']) as unknown,
    builtIn: expect.any(Number) as unknown,
    initiative: { policyType: 'Custom', policyDefinitions: [{ parameters: { effect: { value: 'Deny' } } }] },
    assigned: { name: 'stock', scope: group, enforcementMode: 'Default' },
    again: 'Again',
    changed: {
      displayName: 'Again',
      location: 'here',
      identity: { type: 'SystemAssigned', principalId: expect.any(String) as unknown },
      overrides: [{ kind: 'policyEffect', value: 'Audit' }],
    },
    shown: { displayName: 'Again', overrides: [{ value: 'Audit' }] },
    ofGroup: expect.arrayContaining(['stock']) as unknown,
    ofMachine: expect.arrayContaining(['stock']) as unknown,
    inUse: refused('PolicyDefinitionInUse'),
    wrong: { status: expect.toSatisfy((status: number) => status === 400 || status === 404) as unknown },
    nowhere: refused('PolicyAssignmentNotFound'),
    removed: 'stock',
    gone: refused('PolicyDefinitionNotFound'),
  });
});
