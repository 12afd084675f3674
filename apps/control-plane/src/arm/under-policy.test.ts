/** What is judged is what is written: policy, and what it looks at, may be another between the two. */
import { parseResourceId } from '@sallyport/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Services } from '../services.ts';
import { withGuardedChanges } from '../store/guarded-changes.ts';
import type { Store } from '../store/store.ts';
import { eachStore } from '../testing/each-store.ts';
import { manualEnvironment } from '../testing/manual-environment.ts';
import { testEvent } from '../testing/test-event.ts';
import { testOrigin } from '../testing/test-origin.ts';
import type { ArmRequest, ArmResponse } from './arm-request.ts';
import { createRegistry } from './registry.ts';
import type { ResourceType } from './resource-type.ts';
import { underPolicy } from './under-policy.ts';

const type = 'Microsoft.Test/things';
const path = `/subscriptions/s/resourceGroups/g/providers/${type}/t`;

eachStore('policy between judgement and write', (makeStore) => {
  let store: Store;
  let services: Pick<Services, 'store' | 'environment'>;
  /** What the resource is, and what happens to the world right before it is written. */
  let content: Readonly<Record<string, unknown>>;
  let meanwhile: () => Promise<void>;
  let judged: number;
  const clock = manualEnvironment();

  beforeEach(async () => {
    store = await makeStore().open();
    services = { store: withGuardedChanges(store), environment: clock };
    content = { name: 't', properties: { kind: 'small' } };
    judged = 0;
  });
  afterEach(() => store.close());

  const row: ResourceType = {
    type,
    scopes: ['resourceGroup'],
    apiVersions: ['2026-01-01'],
    resource: 'none',
    policy: 'all',
    item: { GET: () => Promise.resolve({ status: 200, body: content }) },
  };
  const registry = createRegistry([row]);

  async function write(method: 'PUT' | 'PATCH' | 'DELETE', body: unknown): Promise<ArmResponse> {
    const id = parseResourceId(path);
    if (id === undefined) throw new Error(path);
    const origin = { ...testOrigin('o'), resourceId: path };
    const request = { method, id, apiVersion: '2026-01-01', body, origin } as ArmRequest;
    return underPolicy(services, { registry, registryOver: () => registry }, row, request, async (one) => {
      judged += 1;
      const first = meanwhile;
      meanwhile = () => Promise.resolve();
      await first();
      await services.store.change(() => {
        content = { ...content, ...(one.body as object) };
        return Promise.resolve({ value: undefined, events: [testEvent()] });
      });
      return { status: 200, body: content };
    });
  }

  /** A definition, assigned to the group. */
  async function assign(name: string, policyRule: object): Promise<void> {
    const now = clock.now();
    const common = {
      location: null,
      principal_id: null,
      created_at: now,
      created_by: 'c',
      changed_at: now,
      changed_by: 'c',
    };
    const object = (kind: 'policyDefinitions' | 'policyAssignments', scope: string, properties: object) => ({
      ...common,
      kind,
      scope,
      scope_key: scope.toLowerCase(),
      name,
      name_key: name,
      properties: JSON.stringify(properties),
    });
    await store.change(async (writer) => {
      await writer
        .insertInto('policy_objects')
        .values([
          object('policyDefinitions', '/', { mode: 'All', policyRule }),
          object('policyAssignments', '/subscriptions/s/resourceGroups/g', {
            policyDefinitionId: `/providers/Microsoft.Authorization/policyDefinitions/${name}`,
          }),
        ])
        .execute();
      return { value: undefined, events: [testEvent()] };
    });
  }

  // Texts, because an object with a 'then' would pass for a promise.
  const rule = (text: string): object => JSON.parse(text) as object;
  const deny = rule(`{"if":{"field":"type","equals":"${type}"},"then":{"effect":"deny"}}`);

  test('T02 a policy that is assigned in between refuses: there is no last moment before it', async () => {
    meanwhile = () => assign('deny', deny);
    await expect(write('PUT', { tags: { a: 'b' } })).rejects.toMatchObject({ code: 'RequestDisallowedByPolicy' });
    expect([judged, content]).toEqual([1, { name: 't', properties: { kind: 'small' } }]);
  });

  test('T02 a deletion too', async () => {
    const now = clock.now();
    const stored = {
      resource_key: path.toLowerCase(),
      resource_id: path,
      type,
      subscription_id: 's',
      group_key: 'g',
      location: null,
      tags: '{}',
      properties: '{}',
      created_at: now,
      created_by: 'c',
      changed_at: now,
      changed_by: 'c',
    };
    await store.change(async (writer) => {
      await writer.insertInto('plain_resources').values(stored).execute();
      return { value: undefined, events: [testEvent()] };
    });
    meanwhile = () =>
      assign(
        'keep',
        rule(
          `{"if":{"field":"type","equals":"${type}"},"then":{"effect":"denyAction","details":{"actionNames":["delete"]}}}`,
        ),
      );
    await expect(write('DELETE', undefined)).rejects.toMatchObject({ code: 'RequestDisallowedByPolicy' });
    expect(judged).toBe(1);
  });

  test('what is written is what the policy of that moment makes of it', async () => {
    const append = (value: string): object =>
      rule(
        `{"if":{"field":"type","equals":"${type}"},"then":{"effect":"append","details":[{"field":"tags['by']","value":"${value}"}]}}`,
      );
    meanwhile = () => assign('append', append('policy'));
    expect(await write('PUT', { properties: {} })).toMatchObject({ body: { tags: { by: 'policy' } } });
    expect(judged).toBe(2);
  });

  test('two changes that are each allowed and not together: the second is judged on what the first has left', async () => {
    const exists = (name: string): string => `{"field":"${type}/${name}","exists":true}`;
    await assign('not-both', rule(`{"if":{"allOf":[${exists('a')},${exists('b')}]},"then":{"effect":"deny"}}`));
    meanwhile = () => {
      content = { name: 't', properties: { a: 1 } };
      return Promise.resolve();
    };
    await expect(write('PATCH', { properties: { b: 1 } })).rejects.toMatchObject({ code: 'RequestDisallowedByPolicy' });
    expect([judged, content]).toEqual([1, { name: 't', properties: { a: 1 } }]);
  });

  test('where nothing is assigned nothing is judged twice', async () => {
    meanwhile = () => Promise.resolve();
    expect(await write('PUT', { tags: {} })).toMatchObject({ status: 200 });
    expect(judged).toBe(1);
  });
});
