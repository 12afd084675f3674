/**
 * The extension manager: holds what the centre wants against what is there and what the server allows, and works until they
 * agree. One extension at a time has one operation; extensions do not wait for each other, except for handlers' commands, which
 * run one at a time. A refusal waits for nobody.
 */
import {
  extensionKey,
  extensionNameOf,
  messageOf,
  OperationFailure,
  runningDeadlineSeconds,
  type OperationState,
} from '@sallyport/model';
import type { ExtensionReport, GoalExtension, GoalState } from '@sallyport/model/wire';
import { carryOut } from './executors.ts';
import {
  noFindings,
  OperationRefused,
  type ExtensionHost,
  type Findings,
  type OperationContext,
  type Supplies,
} from './operation-context.ts';
import type { Permit } from './plan/permission.ts';
import { plan, resourceKey, type Performance, type Refusal, type Work } from './plan/plan.ts';
import { stepLimits } from './plan/step-limits.ts';
import { withAdvice } from './report/failure-advice.ts';
import { OperationProgress } from './report/operation-progress.ts';
import type { Reporter } from './report/reporter.ts';
import { requirePermission } from './require-permission.ts';
import { addStoredSecrets, forgetProtectedSettings } from './run/protected-settings.ts';
import { isWorking } from './state/installed-extension.ts';
import type { Journal } from './state/journal.ts';
import { sweepLeftovers } from './unpack/staging.ts';

export interface ManagerOptions {
  readonly host: ExtensionHost;
  readonly supplies: Supplies;
  readonly journal: Journal;
  readonly reporter: Reporter;
  readonly permit: Permit;
}

/** Holds the goal state that was heard last and the operations at work. */
export class ExtensionManager {
  readonly #options: ManagerOptions;
  readonly #stop = new AbortController();
  readonly #atWork = new Map<string, AtWork>();
  #goal: GoalState | undefined;

  constructor(options: ManagerOptions) {
    this.#options = options;
  }

  /** Clears away what an agent that was killed left behind. Call it once, before the first goal state. */
  start(): void {
    sweepLeftovers(this.#options.host.paths);
    this.#options.host.groups.sweep();
  }

  /** Takes a goal state and begins what it asks for. A goal state of another machine is not one (T12). */
  want(goal: GoalState): void {
    const { supplies, reporter, journal, host } = this.#options;
    if (goal.machineId.toLowerCase() !== supplies.machineKey.vmId) {
      host.log('error', 'the goal state is of another machine and is ignored', { machineId: goal.machineId });
      return;
    }
    this.#goal = goal;
    reporter.generation = goal.generation;
    journal.prune(goal);
    this.#callOffWhatIsNotWanted(goal);
    this.reconcile();
  }

  /** Plans anew: the goal, the controls or what is installed may have changed. */
  reconcile(): void {
    const { host, journal, permit } = this.#options;
    if (this.#goal === undefined || this.#stop.signal.aborted) return;
    const { extensions, unreadable } = host.store.list();
    for (const problem of unreadable) host.log('error', 'a record of an extension cannot be read', { problem });
    const works = plan({ goal: this.#goal, installed: extensions, concluded: journal.conclusions(), permit });
    for (const work of works) this.#begin(work);
  }

  /** Resolves when no operation is at work. */
  async idle(): Promise<void> {
    while (this.#atWork.size > 0) await Promise.all([...this.#atWork.values()].map(({ done }) => done));
  }

  /** Interrupts what is at work; it is taken up again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('The agent is stopping.'));
    await this.idle();
    this.#options.host.leftOutputs.close();
    this.#options.host.groups.sweep();
  }

  /** Ends operations where they are, for the server's administrator, and says on which resources. Undefined means all. */
  cancel(wanted: string | undefined): readonly string[] {
    const found = [...this.#atWork.values()].filter(({ entry }) => wanted === undefined || isMeant(entry, wanted));
    for (const { callOff } of found) callOff("It was canceled on the machine, by the machine's administrator");
    return found.map(({ entry }) => entry.resourceName);
  }

  /** What the centre has canceled or replaced ends where it is; nobody waits for its deadline (DESIGN: operations never hang). */
  #callOffWhatIsNotWanted(goal: GoalState): void {
    for (const { entry, callOff } of this.#atWork.values()) {
      const now = goal.extensions.find((one) => resourceKey(one) === resourceKey(entry));
      if (now?.operationId !== entry.operationId) callOff('Another request has taken its place');
      else if (now.cancel === true) callOff('It was canceled from the control plane');
    }
  }

  #begin(work: Work): void {
    const key = laneOf(work);
    // Its operation decides again at every step, and when it is over everything is planned anew.
    if (this.#atWork.has(key)) return;
    if (work.kind === 'refuse') {
      this.#refuse(work);
      return;
    }
    const control = new AbortController();
    const findings = noFindings();
    const callOff = (why: string): void => {
      const at = findings.step === undefined ? '' : `, at the step '${stepLimits[findings.step.kind].word}'`;
      control.abort(new OperationFailure('OperationCanceled', `${why}${at}.`));
    };
    const done = this.#perform(work, findings, control)
      .catch((error: unknown) => {
        this.#options.host.log('error', 'an operation ended in an unknown way', { error: messageOf(error) });
      })
      .finally(() => {
        this.#atWork.delete(key);
        this.reconcile();
      });
    this.#atWork.set(key, { entry: work.entry, callOff, done });
  }

  #refuse({ entry, code, message, explanation, state }: Refusal): void {
    this.#options.host.log('warn', 'refused', { operation: entry.operationId, code, explanation: message });
    this.#options.reporter.report({
      ...this.#reportOf(entry, state ?? 'Failed'),
      error: { code, message },
      ...(explanation === undefined ? {} : { explanation }),
    });
  }

  async #perform(work: Performance, findings: Findings, control: AbortController): Promise<void> {
    const { entry, operation } = work;
    const { host, reporter, supplies } = this.#options;
    const context = this.#contextOf(work, findings, control.signal);
    const late = new OperationFailure('OperationTimedOut', 'The operation did not end within 95 minutes.');
    const timer = setTimeout(() => control.abort(late), runningDeadlineSeconds * 1000);
    host.log('info', 'operation begins', {
      operation: entry.operationId,
      kind: operation,
      resource: entry.resourceName,
      steps: work.steps.map(({ kind }) => kind).join(' '),
    });
    let failure: OperationFailure | undefined;
    try {
      await addStoredSecrets(entry, host.paths, () => supplies.machineKey, findings.secrets);
      await carryOut(work.steps, context);
      if (operation === 'delete') forgetProtectedSettings(entry, host.paths);
    } catch (error) {
      // Stopped, not failed: the next start goes on with it.
      if (this.#stop.signal.aborted) return;
      failure = withAdvice(failureOf(control.signal.aborted ? control.signal.reason : error), context);
      if (failure.code === 'InternalError')
        host.log('error', 'operation failed unexpectedly', { error: stackOf(error) });
    } finally {
      clearTimeout(timer);
    }
    host.log(failure === undefined ? 'info' : 'error', 'operation ends', {
      operation: entry.operationId,
      result: failure?.code ?? 'Succeeded',
      reason: failure?.message,
    });
    reporter.report({
      ...this.#reportOf(entry, failure === undefined ? 'Succeeded' : endState(failure)),
      protectedSettingsStored: findings.protectedSettingsStored,
      ...(findings.status === undefined ? {} : { status: findings.status }),
      ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message } }),
      ...(failure instanceof OperationRefused ? { explanation: failure.explanation } : {}),
    });
  }

  #contextOf(work: Performance, findings: Findings, called: AbortSignal): OperationContext {
    const { host, supplies, reporter, permit } = this.#options;
    const { entry, name, operation } = work;
    const progress = new OperationProgress({
      now: () => host.environment.now(),
      monotonic: () => host.environment.monotonic(),
      tell: (moved) => {
        const { protectedSettingsStored } = findings;
        reporter.report({ ...this.#reportOf(entry, moved.state), protectedSettingsStored, ...moved });
      },
    });
    return {
      host,
      supplies,
      entry,
      name,
      operation,
      findings,
      deadline: host.environment.monotonic() + runningDeadlineSeconds * 1000,
      signal: AbortSignal.any([this.#stop.signal, called]),
      requirePermission: () => requirePermission(permit, operation, name),
      progress: (state, status) => progress.state(state, status),
      at: (step) => progress.at(step),
      printed: (output) => progress.printed(output),
    };
  }

  #reportOf(entry: Refusal['entry'], state: OperationState): ExtensionReport {
    const { store, environment } = this.#options.host;
    const key = keyOf(entry);
    const working = store.list().extensions.find((one) => extensionKey(one.name) === key && isWorking(one));
    return {
      resourceName: entry.resourceName,
      operationId: entry.operationId,
      state,
      time: new Date(environment.now()).toISOString(),
      version: working?.version ?? '',
      protectedSettingsStored: false,
    };
  }
}

interface AtWork {
  readonly entry: GoalExtension;
  /** Ends it where it is; the reason is reported. */
  readonly callOff: (why: string) => void;
  readonly done: Promise<void>;
}

/** An extension has one operation at a time, whichever resource asks for it. */
function laneOf(work: Work): string {
  return keyOf(work.entry);
}

/** By resource name, type or `publisher/type`; case does not count. */
function isMeant({ resourceName, publisher, type }: GoalExtension, wanted: string): boolean {
  const asked = wanted.trim().toLowerCase();
  return [resourceName, type, `${publisher}/${type}`, `${publisher}.${type}`].some(
    (text) => text.toLowerCase() === asked,
  );
}

function keyOf(entry: Refusal['entry']): string {
  const named = extensionNameOf(entry.publisher, entry.type);
  return named.ok ? extensionKey(named.name) : `malformed ${entry.resourceName}`;
}

function failureOf(error: unknown): OperationFailure {
  if (error instanceof OperationFailure) return error;
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
    return new OperationFailure('StorageFull', `The machine has no room left: ${error.message}`, { cause: error });
  }
  return new OperationFailure('InternalError', messageOf(error), { cause: error });
}

function endState(failure: OperationFailure): OperationState {
  if (failure.code === 'OperationTimedOut') return 'TimedOut';
  return failure.code === 'OperationCanceled' ? 'Canceled' : 'Failed';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
