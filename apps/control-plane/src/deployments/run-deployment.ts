/**
 * Carries out a deployment: each resource is a request of whoever deploys, through the same door as any, once those that it depends on
 * are there. A resource that fails ends what depends on it and nothing else, as ARM has it.
 */
import { isTerminal, messageOf, type OperationState } from '@sallyport/model';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import { ArmError } from '../arm/arm-error.ts';
import type { ArmResponse } from '../arm/arm-request.ts';
import type { Dispatcher } from '../arm/dispatcher.ts';
import type { Caller } from '../identity/caller.ts';
import { ReferenceNeeded } from '../policy/expression/evaluate.ts';
import type { Json, JsonObject } from '../policy/json.ts';
import { PolicyError } from '../policy/policy-error.ts';
import { findPlain } from '../resources/plain-resource.ts';
import type { Services } from '../services.ts';
import { deploymentType, isOver, type DeployedPart, type Deployment, type DeploymentFailure } from './deployment.ts';
import { deploymentOf, keepDeployment } from './deployment-store.ts';
import type { PlannedResource } from './planned-resource.ts';
import { readAsDeployer, typeOfId } from './read-as-deployer.ts';
import { TemplateError } from './template-error.ts';

/** How often what was begun is looked at, and how often a deployment says that it lives. Milliseconds. */
const lookMilliseconds = 500;
const beatMilliseconds = 15_000;

export interface DeploymentRun {
  readonly key: string;
  readonly caller: Caller;
  readonly origin: EventOrigin;
  readonly begun: Deployment;
  readonly planned: readonly PlannedResource[];
  /** Its outputs, once everything is there. */
  outputs(read: ReadonlyMap<string, Json>): JsonObject;
  /** Set when somebody calls it off. */
  readonly canceled: AbortSignal;
}

/** Resolves when it is over, however it went; the outcome is kept and on record. */
export async function runDeployment(
  services: Services,
  dispatcher: Dispatcher,
  run: DeploymentRun,
): Promise<Deployment> {
  const { environment } = services;
  const now = (): string => new Date(environment.now()).toISOString();
  const read = new Map<string, Json>();
  let deployment: Deployment = { ...run.begun, provisioningState: 'Running' };
  let keeping: Promise<void> = Promise.resolve();
  const keep = (): Promise<void> => {
    const said = deployment;
    keeping = keeping.then(() => keepDeployment(services, run.key, said, run.origin));
    return keeping;
  };
  const mark = async (id: string, state: DeployedPart['state'], error?: DeploymentFailure): Promise<void> => {
    const parts = deployment.parts.map((part) =>
      part.id === id ? { ...part, state, time: now(), ...(error === undefined ? {} : { error }) } : part,
    );
    deployment = { ...deployment, parts };
    await keep();
  };
  const beat = setInterval(() => {
    keep().catch(() => undefined);
  }, beatMilliseconds);

  /** Evaluates, and reads what that needs. */
  async function withReferences<T>(evaluate: () => T): Promise<T> {
    for (;;) {
      try {
        return evaluate();
      } catch (error) {
        if (!(error instanceof ReferenceNeeded) || read.has(error.id.toLowerCase())) throw error;
        read.set(error.id.toLowerCase(), await readAsDeployer(dispatcher, run, error.id));
      }
    }
  }

  async function write(resource: PlannedResource): Promise<void> {
    const body = await withReferences(() => resource.body(read));
    await mark(resource.id, 'Running');
    const answer = await dispatcher.inner({
      caller: run.caller,
      method: 'PUT',
      path: resource.id,
      apiVersion: resource.apiVersion,
      body,
      correlationId: run.origin.correlationId,
    });
    await waitFor(services, resource.id, answer, run.canceled);
    read.delete(resource.id.toLowerCase());
  }

  const outcomes = new Map<string, Promise<boolean>>();
  const outcomeOf = (resource: PlannedResource): Promise<boolean> => {
    const key = resource.id.toLowerCase();
    const known = outcomes.get(key);
    if (known !== undefined) return known;
    const outcome = (async (): Promise<boolean> => {
      const before = run.planned.filter(({ id }) => resource.after.includes(id));
      const there = await Promise.all(before.map(outcomeOf));
      if (there.includes(false) || run.canceled.aborted) return false;
      try {
        await write(resource);
        await mark(resource.id, 'Succeeded');
        return true;
      } catch (error) {
        await mark(resource.id, 'Failed', failureOf(error, resource.id));
        return false;
      }
    })();
    outcomes.set(key, outcome);
    return outcome;
  };

  try {
    await keep();
    const all = await Promise.all(run.planned.map(outcomeOf));
    const failures = deployment.parts.flatMap(({ error }) => (error === undefined ? [] : [error]));
    if (run.canceled.aborted) deployment = { ...deployment, provisioningState: 'Canceled' };
    else if (all.includes(false)) {
      const error = {
        code: 'DeploymentFailed',
        message: 'At least one resource deployment operation failed. Please list deployment operations for details.',
        details: failures,
      };
      deployment = { ...deployment, provisioningState: 'Failed', error };
    } else {
      const outputs = await withReferences(() => run.outputs(read));
      deployment = { ...deployment, provisioningState: 'Succeeded', outputs };
    }
  } catch (error) {
    deployment = { ...deployment, provisioningState: 'Failed', error: failureOf(error, run.key) };
  } finally {
    clearInterval(beat);
  }
  deployment = { ...deployment, endedAt: now() };
  await keep();
  return deployment;
}

/** Follows what a write began until it is over. Every operation has a deadline, so that this ends. Throws {@link ArmError}. */
async function waitFor(services: Services, id: string, answer: ArmResponse, canceled: AbortSignal): Promise<void> {
  const link = answer.headers?.['azure-asyncoperation'];
  if (link === undefined) return;
  const name = new URL(link).pathname.split('/').at(-1) ?? '';
  while (!canceled.aborted) {
    const ended =
      typeOfId(id) === deploymentType.toLowerCase() ? await nested(services, id) : await operation(services, name);
    if (ended) return;
    await new Promise((resolve) => setTimeout(resolve, lookMilliseconds));
  }
  throw new FailedPart({
    code: 'DeploymentCanceled',
    message: 'The deployment was called off while this was under way.',
  });
}

/** Carries the failure of something that was begun. */
class FailedPart extends Error {
  override readonly name = 'FailedPart';
  readonly failure: DeploymentFailure;
  constructor(failure: DeploymentFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

async function operation({ store }: Services, id: string): Promise<boolean> {
  const row = await store.read
    .selectFrom('operations')
    .select(['state', 'error_code', 'error_message'])
    .where('operation_id', '=', id)
    .executeTakeFirst();
  if (row === undefined || row.state === 'Succeeded') return true;
  if (!isTerminal(row.state as OperationState)) return false;
  throw new FailedPart({
    code: row.error_code ?? row.state,
    message: row.error_message ?? `It ended as ${row.state}.`,
  });
}

async function nested({ store }: Services, id: string): Promise<boolean> {
  const row = await findPlain(store.read, id);
  if (row === undefined) return true;
  const deployment = deploymentOf(row);
  if (!isOver(deployment)) return false;
  if (deployment.provisioningState === 'Succeeded') return true;
  throw new FailedPart(deployment.error ?? { code: 'DeploymentFailed', message: 'The nested deployment failed.' });
}

/** Why something could not be deployed, without anything of what was sent: it may be secret (S1.7). */
function failureOf(error: unknown, target: string): DeploymentFailure {
  if (error instanceof FailedPart) return { ...error.failure, target };
  if (error instanceof ArmError) return { code: error.code, message: error.message, target };
  if (error instanceof TemplateError || error instanceof PolicyError)
    return { code: 'InvalidTemplate', message: messageOf(error), target };
  return { code: 'InternalServerError', message: 'The control plane failed in a way it does not know.', target };
}
