/** Compliance as clients meet it: what changes is looked at, what is missing is told or deployed, and what was there before is remediated (S5.1, S5.3). */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import type { Answer } from './http-client.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { createTestGallery } from './test-gallery.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-compliance-'));
const machineType = 'Microsoft.HybridCompute/machines';
const extensionType = `${machineType}/extensions`;
const policyVersion = 'api-version=2021-06-01';
const patient = { timeout: 120_000, interval: 500 };
const unhurried = { timeout: 300_000 };
let plane: ControlPlaneProcess;
let arm: OperatorClient;
let subscription: string;
let group: string;
const agents: FakeAgent[] = [];

beforeAll(async () => {
  const gallery = await createTestGallery(join(folder, 'gallery'));
  plane = await startControlPlaneProcess(join(folder, 'state'), '--gallery', gallery.directory);
  arm = await signIn(plane.operator);
  subscription = `/subscriptions/${plane.operator.subscriptionId}`;
  group = `${subscription}/resourceGroups/Fleet`;
  await arm.arm('PUT', `${group}?api-version=2021-04-01`, { location: 'here', tags: { Team: 'blue' } });
  await machine('web');
});
afterAll(async () => {
  for (const agent of agents) await agent.stop();
  arm?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

async function machine(name: string): Promise<FakeAgent> {
  const agent = await enrolFakeAgent(() => plane.operator, arm, 'Fleet', name);
  agents.push(agent);
  agent.run(() => ({ state: 'Succeeded' }));
  return agent;
}

async function define(policyRule: unknown, mode = 'Indexed'): Promise<string> {
  const id = `${subscription}/providers/Microsoft.Authorization/policyDefinitions/${randomUUID()}`;
  const answer = await arm.arm('PUT', `${id}?${policyVersion}`, {
    properties: { displayName: 'Test', mode, policyRule },
  });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return id;
}

/** Assigns at the group, with an identity that holds a role there if one is named. */
async function assign(policyDefinitionId: string, role?: string): Promise<string> {
  const id = `${group}/providers/Microsoft.Authorization/policyAssignments/${randomUUID()}`;
  const identity = role === undefined ? {} : { identity: { type: 'SystemAssigned' }, location: 'here' };
  const answer = await arm.arm('PUT', `${id}?${policyVersion}`, { ...identity, properties: { policyDefinitionId } });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  if (role !== undefined && role !== '') {
    const { principalId } = (answer.json() as { readonly identity: { readonly principalId: string } }).identity;
    const given = `${group}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`;
    const roleDefinitionId = `/providers/Microsoft.Authorization/roleDefinitions/${role}`;
    expect((await arm.arm('PUT', given, { properties: { roleDefinitionId, principalId } })).status).toBe(201);
  }
  return id;
}

type State = Readonly<Record<string, unknown>>;

function query(scope: string, more = ''): Promise<Answer> {
  const path = `${scope}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults`;
  return arm.arm('POST', `${path}?api-version=2019-10-01${more}`);
}

/** Resource name and state of everything under an assignment. */
async function states(assignment: string): Promise<Readonly<Record<string, unknown>>> {
  const { value } = (await query(assignment)).json() as { readonly value: readonly State[] };
  return Object.fromEntries(value.map((one) => [String(one['resourceId']).split('/').at(-1), one['complianceState']]));
}

function missing(type: string, effect: string, more: object = {}): unknown {
  return {
    if: {
      allOf: [
        { field: 'type', equals: machineType },
        { field: `${machineType}/osName`, equals: 'linux' },
      ],
    },
    // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
    then: {
      effect,
      details: {
        type: extensionType,
        existenceCondition: {
          allOf: [
            { field: `${extensionType}/type`, equals: type },
            { field: `${extensionType}/provisioningState`, equals: 'Succeeded' },
          ],
        },
        ...more,
      },
    },
  };
}

const resourceAdministrator = 'cd570a14-e51a-42ad-bac8-bafd67325302';

function deploying(type: string, evaluationDelay: string): object {
  return {
    evaluationDelay,
    roleDefinitionIds: [`/providers/Microsoft.Authorization/roleDefinitions/${resourceAdministrator}`],
    deployment: {
      properties: {
        mode: 'incremental',
        parameters: { vmName: { value: "[field('name')]" }, location: { value: "[field('location')]" } },
        template: {
          parameters: { vmName: { type: 'string' }, location: { type: 'string' } },
          variables: { extensionType: type },
          resources: [
            {
              type: extensionType,
              name: "[concat(parameters('vmName'), '/', variables('extensionType'))]",
              apiVersion: '2021-05-20',
              location: "[parameters('location')]",
              properties: { publisher: 'Contoso.Scripts', type: "[variables('extensionType')]" },
            },
          ],
        },
      },
    },
  };
}

test(
  'auditIfNotExists: what is missing is told, until it is there; queries and summaries say so',
  unhurried,
  async () => {
    const assignment = await assign(await define(missing('Other', 'auditIfNotExists')));
    await expect.poll(() => states(assignment), patient).toEqual({ web: 'NonCompliant' });
    const web = `${group}/providers/${machineType}/web`;
    const detailed = (
      await query(
        web,
        `&$filter=${encodeURIComponent("complianceState eq 'NonCompliant'")}&$expand=PolicyEvaluationDetails`,
      )
    ).json();
    expect(detailed).toMatchObject({
      '@odata.count': 1,
      value: [
        {
          resourceType: machineType,
          policyAssignmentScope: group,
          policyDefinitionAction: 'auditifnotexists',
          policyEvaluationDetails: { ifNotExistsDetails: { totalResources: 0 } },
        },
      ],
    });
    const summary = `${group}/providers/Microsoft.PolicyInsights/policyStates/latest/summarize?api-version=2019-10-01`;
    expect((await arm.arm('POST', summary)).json()).toMatchObject({
      value: [{ results: { nonCompliantResources: 1 }, policyAssignments: [{ policyAssignmentId: assignment }] }],
    });
    const put = await arm.arm('PUT', `${web}/extensions/Other?api-version=2024-07-10`, {
      location: 'here',
      properties: { publisher: 'Contoso.Scripts', type: 'Other' },
    });
    expect(put.status).toBe(200);
    await expect.poll(() => states(assignment), patient).toEqual({ web: 'Compliant' });
    await arm.arm('DELETE', `${assignment}?${policyVersion}`);
    await expect
      .poll(async () => ((await query(group)).json() as { readonly value: unknown[] }).value, patient)
      .toEqual([]);
  },
);

test(
  'deployIfNotExists: a machine that is connected gets what it lacks, one that was there before by remediation',
  unhurried,
  async () => {
    const definition = await define(missing('Runner', 'deployIfNotExists', deploying('Runner', 'PT0M')));
    const refused = await arm.arm(
      'PUT',
      `${group}/providers/Microsoft.Authorization/policyAssignments/none?${policyVersion}`,
      { properties: { policyDefinitionId: definition } },
    );
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('ResourceIdentityRequired')]);
    const assignment = await assign(definition, resourceAdministrator);
    await expect.poll(() => states(assignment), patient).toEqual({ web: 'NonCompliant' });
    await machine('fresh');
    await expect.poll(() => states(assignment), patient).toEqual({ web: 'NonCompliant', fresh: 'Compliant' });
    const remediation = `${group}/providers/Microsoft.PolicyInsights/remediations/now?api-version=2021-10-01`;
    const begun = await arm.arm('PUT', remediation, { properties: { policyAssignmentId: assignment } });
    expect([begun.status, begun.text]).toEqual([201, expect.stringContaining('"provisioningState":"Accepted"')]);
    await expect
      .poll(async () => (await arm.arm('GET', remediation)).json(), patient)
      .toMatchObject({
        properties: {
          provisioningState: 'Succeeded',
          deploymentStatus: { totalDeployments: 1, successfulDeployments: 1 },
        },
      });
    await expect.poll(() => states(assignment), patient).toEqual({ web: 'Compliant', fresh: 'Compliant' });
    const listed = await arm.arm('POST', remediation.replace('/now?', '/now/listDeployments?'));
    expect(listed.json()).toMatchObject({
      value: [{ status: 'Succeeded', deploymentId: expect.stringContaining('PolicyDeployment_') as unknown }],
    });
    const log = await arm.arm(
      'GET',
      `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${encodeURIComponent(`resourceUri eq '${group}/providers/${machineType}/web'`)}`,
    );
    expect(log.text).toContain('policies/deployIfNotExists/action');
    await arm.arm('DELETE', `${assignment}?${policyVersion}`);
  },
);

test(
  'T10 S5.3 an assignment can do no more than the roles of its identity, and none before it has one',
  unhurried,
  async () => {
    const assignment = await assign(await define(missing('Slow', 'deployIfNotExists', deploying('Slow', 'PT0M'))), '');
    await expect.poll(() => states(assignment), patient).toMatchObject({ web: 'NonCompliant' });
    const remediation = `${group}/providers/Microsoft.PolicyInsights/remediations/powerless?api-version=2021-10-01`;
    await arm.arm('PUT', remediation, { properties: { policyAssignmentId: assignment, resourceCount: 1 } });
    await expect
      .poll(async () => (await arm.arm('GET', remediation)).json(), patient)
      .toMatchObject({
        properties: { provisioningState: 'Failed', deploymentStatus: { failedDeployments: 1 } },
      });
    const listed = await arm.arm('POST', remediation.replace('/powerless?', '/powerless/listDeployments?'));
    expect(listed.json()).toMatchObject({ value: [{ status: 'Failed', error: { code: 'AuthorizationFailed' } }] });
    expect((await states(assignment))['web']).toBe('NonCompliant');
    await arm.arm('DELETE', `${assignment}?${policyVersion}`);
  },
);

test('modify is remediated as the identity, with the change and nothing else', unhurried, async () => {
  const file = join(import.meta.dirname, '../published-policies/Tags__InheritTag_Add_Modify.json');
  const published = JSON.parse(readFileSync(file, 'utf8')) as { readonly id: string };
  await arm.arm('PUT', `${published.id}?${policyVersion}`, published);
  const id = `${group}/providers/Microsoft.Authorization/policyAssignments/${randomUUID()}`;
  const made = await arm.arm('PUT', `${id}?${policyVersion}`, {
    identity: { type: 'SystemAssigned' },
    location: 'here',
    properties: { policyDefinitionId: published.id, parameters: { tagName: { value: 'Team' } } },
  });
  const { principalId } = (made.json() as { readonly identity: { readonly principalId: string } }).identity;
  const contributor = '/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c';
  await arm.arm(
    'PUT',
    `${group}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
    {
      properties: { roleDefinitionId: contributor, principalId },
    },
  );
  await expect.poll(async () => (await states(id))['web'], patient).toBe('NonCompliant');
  const remediation = `${group}/providers/Microsoft.PolicyInsights/remediations/tags?api-version=2021-10-01`;
  await arm.arm('PUT', remediation, { properties: { policyAssignmentId: id } });
  await expect
    .poll(async () => (await arm.arm('GET', remediation)).text, patient)
    .toContain('"provisioningState":"Succeeded"');
  const web = (await arm.arm('GET', `${group}/providers/${machineType}/web?api-version=2024-07-10`)).json();
  expect(web).toMatchObject({ tags: { Team: 'blue', made: 'by-test' } });
  await expect.poll(async () => (await states(id))['web'], patient).toBe('Compliant');
  await arm.arm('DELETE', `${id}?${policyVersion}`);
});

test('a scan can be asked for, and an exemption is seen by it', unhurried, async () => {
  const assignment = await assign(
    await define({
      if: {
        allOf: [
          { field: 'type', equals: machineType },
          { field: 'location', equals: 'here' },
        ],
      },
      // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
      then: { effect: 'audit' },
    }),
  );
  await expect.poll(async () => (await states(assignment))['web'], patient).toBe('NonCompliant');
  const web = `${group}/providers/${machineType}/web`;
  const exemption = `${web}/providers/Microsoft.Authorization/policyExemptions/x?api-version=2022-07-01-preview`;
  await arm.arm('PUT', exemption, { properties: { policyAssignmentId: assignment, exemptionCategory: 'Mitigated' } });
  const trigger = `${group}/providers/Microsoft.PolicyInsights/policyStates/latest/triggerEvaluation?api-version=2019-10-01`;
  const asked = await arm.arm('POST', trigger);
  expect(asked.status).toBe(202);
  const location = new URL(String(asked.headers['location']));
  await expect.poll(async () => (await arm.arm('GET', location.pathname + location.search)).status, patient).toBe(200);
  await expect.poll(() => states(assignment), patient).toMatchObject({ web: 'Exempt', fresh: 'NonCompliant' });
});

test('what cannot be remediated is refused by name', unhurried, async () => {
  const remediation = `${group}/providers/Microsoft.PolicyInsights/remediations/refused?api-version=2021-10-01`;
  const code = async (properties: object): Promise<string> =>
    ((await arm.arm('PUT', remediation, { properties })).json() as { readonly error: { readonly code: string } }).error
      .code;
  expect(await code({ policyAssignmentId: '/nothing' })).toBe('PolicyAssignmentNotFound');
  const audit = await assign(await define(missing('Other', 'auditIfNotExists')));
  expect(await code({ policyAssignmentId: audit })).toBe('InvalidParameter');
  expect(await code({})).toBe('InvalidRequestContent');
});
