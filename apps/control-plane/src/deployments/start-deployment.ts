/** From what somebody wants deployed to a deployment that runs. Whatever can be refused is refused before anything is written. */
import { messageOf, parseResourceId } from '@sallyport/model';
import { requestEvents } from '../activity-log/events-of.ts';
import { ArmError } from '../arm/arm-error.ts';
import type { ArmRequest } from '../arm/arm-request.ts';
import type { Dispatcher } from '../arm/dispatcher.ts';
import { targetOf } from '../arm/target.ts';
import { isObject, member, type Json, type JsonObject, written } from '../policy/json.ts';
import { PolicyError } from '../policy/policy-error.ts';
import { surroundingsOf } from '../policy/surroundings.ts';
import { ReferenceNeeded } from '../policy/expression/evaluate.ts';
import { scopeKey } from '../rbac/scope.ts';
import { findPlain } from '../resources/plain-resource.ts';
import type { Services } from '../services.ts';
import { deploymentType, isOver, type Deployment } from './deployment.ts';
import { deploymentOf } from './deployment-store.ts';
import { planResources, type PlannedResource } from './planned-resource.ts';
import { runDeployment } from './run-deployment.ts';
import { parseTemplate } from './template.ts';
import { TemplateError } from './template-error.ts';
import { predictChanges, type PredictedChange } from './what-if.ts';
import { templateScope, type TemplateScope } from './template-values.ts';
import type { PreparedDeployment, WantedDeployment } from './wanted-deployment.ts';

export interface StartedDeployment {
  readonly deployment: Deployment;
  readonly fresh: boolean;
  /** Resolves when it is over. */
  readonly ended: Promise<Deployment>;
}

/** Deployments that run in this process, by key: to call them off, and to wait for them at the end. */
export interface Deployments {
  prepare(wanted: WantedDeployment): Promise<PreparedDeployment>;
  /** What it would change, told to whoever makes the request. Nothing is written. */
  predict(wanted: WantedDeployment, request: ArmRequest): Promise<readonly PredictedChange[]>;
  start(wanted: WantedDeployment): Promise<StartedDeployment>;
  /** Whether there was one to call off. */
  cancel(id: string): boolean;
  /** Calls off what runs and waits until that is on record. */
  close(): Promise<void>;
}

export function createDeployments(services: Services, dispatcher: Dispatcher): Deployments {
  const { store, environment, endpoint } = services;
  const running = new Map<string, { readonly off: AbortController; readonly ended: Promise<Deployment> }>();

  async function prepare(wanted: WantedDeployment): Promise<PreparedDeployment> {
    const id = parseResourceId(wanted.id);
    const { mode, template: text, templateLink, parameters } = wanted.properties;
    if (written(mode ?? 'Incremental').toLowerCase() !== 'incremental')
      throw new ArmError(
        'InvalidDeployment',
        'Deployments are of the mode Incremental: nothing is removed by what a template does not name.',
        'properties.mode',
      );
    if (templateLink !== undefined || wanted.properties['parametersLink'] !== undefined)
      throw new ArmError(
        'InvalidDeployment',
        'Templates and parameters are sent with the deployment; links are not followed.',
        'properties.templateLink',
      );
    const around = await surroundingsOf(services, id ?? { providers: [] }, '');
    try {
      const template = parseTemplate(text);
      const given = parameters ?? {};
      if (!isObject(given)) throw new TemplateError("'properties.parameters' is an object.");
      const place = {
        subscriptionId: id?.subscriptionId ?? '',
        resourceGroup: id?.resourceGroup,
        name: id?.providers.at(-1)?.names.at(-1) ?? '',
        subscription: around.subscription,
        group: around.resourceGroup,
        tenantId: endpoint.tenantId,
        utcNow: around.utcNow,
        newGuid: () => environment.guid(),
      };
      const scope = templateScope(template, given, place);
      const planned = planResources(template, scope, place);
      for (const resource of planned) checkType(dispatcher, resource);
      const outputs = (read: ReadonlyMap<string, Json>): JsonObject =>
        Object.fromEntries(
          Object.entries(template.outputs).flatMap(([name, one]) => {
            if (!isObject(one) || member(one, 'value') === undefined) return [];
            const type = written(one['type'] ?? 'String');
            // A secret that is put out is kept by nobody.
            if (type.toLowerCase().startsWith('secure')) return [];
            return [[name, { type, value: scope.evaluate(one['value'] ?? null, read) }]];
          }),
        );
      return { planned, scope, outputs };
    } catch (error) {
      if (error instanceof TemplateError || error instanceof PolicyError || error instanceof ReferenceNeeded)
        throw new ArmError(
          'InvalidTemplate',
          `Deployment template validation failed: '${messageOf(error)}'`,
          'properties.template',
        );
      throw error;
    }
  }

  async function start(wanted: WantedDeployment): Promise<StartedDeployment> {
    const { planned, scope, outputs } = await prepare(wanted);
    const key = scopeKey(wanted.id);
    const now = environment.now();
    const time = new Date(now).toISOString();
    const begun: Deployment = {
      mode: 'Incremental',
      provisioningState: 'Accepted',
      correlationId: wanted.origin.correlationId,
      operationId: wanted.origin.operationId,
      startedAt: time,
      parameters: shownParameters(scope),
      parts: planned.map(({ id, type }) => ({ id, type, state: 'Waiting', time })),
    };
    const fresh = await store.change(async (writer) => {
      const before = await findPlain(writer, wanted.id);
      if (before !== undefined && !isOver(deploymentOf(before)))
        throw new ArmError(
          'DeploymentActive',
          `The deployment '${wanted.id}' is under way. Wait for it, or cancel it.`,
        );
      const said = {
        location: wanted.location ?? null,
        tags: JSON.stringify(wanted.tags),
        properties: JSON.stringify(begun),
        changed_at: now,
        changed_by: wanted.caller.clientId,
      };
      await writer
        .insertInto('plain_resources')
        .values({
          ...said,
          resource_key: key,
          resource_id: wanted.id,
          type: deploymentType,
          subscription_id: wanted.origin.subscriptionId,
          group_key: wanted.origin.resourceGroup.toLowerCase(),
          created_at: now,
          created_by: wanted.caller.clientId,
        })
        .onConflict((conflict) => conflict.column('resource_key').doUpdateSet(said))
        .execute();
      const origin = { ...wanted.origin, resourceId: wanted.id };
      return {
        value: before === undefined,
        events: requestEvents(environment, origin, { status: 'Accepted', subStatus: 'Created' }),
      };
    });
    const off = new AbortController();
    const ended = runDeployment(services, dispatcher, {
      key,
      caller: wanted.caller,
      origin: { ...wanted.origin, resourceId: wanted.id },
      begun,
      planned,
      outputs,
      canceled: off.signal,
    }).finally(() => running.delete(key));
    running.set(key, { off, ended });
    // Whoever does not wait for it finds its outcome in the store; one that could not be kept counts as interrupted.
    ended.catch(() => undefined);
    return { deployment: begun, fresh, ended };
  }

  return {
    prepare,
    predict: async (wanted, request) => predictChanges(services, dispatcher, wanted, await prepare(wanted), request),
    start,
    cancel: (id) => {
      const found = running.get(scopeKey(id));
      found?.off.abort();
      return found !== undefined;
    },
    close: async () => {
      const all = [...running.values()];
      for (const { off } of all) off.abort();
      await Promise.allSettled(all.map(({ ended }) => ended));
    },
  };
}

/** A type that is not served cannot be deployed: better said before anything is written. Throws {@link ArmError}. */
function checkType({ registry }: Dispatcher, { id, type, apiVersion }: PlannedResource): void {
  const target = targetOf(id);
  if (target === undefined) throw new TemplateError(`'${id}' is not the id of a resource.`);
  const row = registry.typeOf(target);
  if (row.item?.PUT === undefined) throw new TemplateError(`Resources of the type '${type}' cannot be written.`);
  if (row.apiVersions !== 'any' && !row.apiVersions.includes(apiVersion))
    throw new ArmError(
      'NoRegisteredProviderFound',
      `The api-version '${apiVersion}' of '${type}' is not served. The supported api-versions are '${row.apiVersions.join(', ')}'.`,
    );
}

/** Parameters as they are shown and kept: secret ones by name and type only (S1.7). */
function shownParameters({ parameters, secure }: TemplateScope): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) =>
      secure.has(name.toLowerCase()) ? [name, { type: 'SecureString' }] : [name, { type: typeName(value), value }],
    ),
  );
}

function typeName(value: Json): string {
  if (Array.isArray(value)) return 'Array';
  if (typeof value === 'number') return 'Int';
  if (typeof value === 'boolean') return 'Bool';
  return typeof value === 'string' ? 'String' : 'Object';
}
