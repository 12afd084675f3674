/**
 * The extension manager: holds what the centre wants against what is there and what the server allows, and works until they
 * agree. One extension at a time has one operation; extensions do not wait for each other, except for handlers' commands, which
 * run one at a time. A refusal waits for nobody.
 */
import { join } from 'node:path';
import {
  extensionKey,
  messageOf,
  OperationFailure,
  runningDeadlineSeconds,
  signingDeadlineSeconds,
  unsignedWord,
} from '@sallyport/model';
import type { GoalExtension, GoalState } from '@sallyport/model/wire';
import { agentVersion } from '../connection/agent-version.ts';
import type { HeardGoal } from '../connection/heard-goal.ts';
import { handlerPaths } from './handler-paths.ts';
import { keepUp, tellHeld, tellWhatChanged } from './keep-up.ts';
import { isHosted } from './limits/is-hosted.ts';
import type { ManagerOptions } from './manager-options.ts';
import { noFindings, OperationRefused, type Findings } from './operation-context.ts';
import { perform, refuse } from './perform.ts';
import { resourceKey } from './plan/conclusion.ts';
import { waitSentence } from './plan/dependency-levels.ts';
import type { Held } from './plan/order-of-return.ts';
import { plan, type Performance, type Retreat, type Wait, type Work } from './plan/plan.ts';
import { stepLimits, waitingWord } from './plan/step-limits.ts';
import type { Upkeep } from './plan/upkeep.ts';
import { keyOf, reportOf } from './report-of.ts';
import { retreat } from './retreat.ts';
import { mendHandlerState } from './state/handler-state.ts';
import { isWorking, type InstalledExtension } from './state/installed-extension.ts';
import { RememberedOrder } from './state/remembered-order.ts';
import { sweepLeftovers } from './unpack/staging.ts';

/** Holds the goal state that was heard last and the operations at work. */
export class ExtensionManager {
  readonly #options: ManagerOptions;
  readonly #stop = new AbortController();
  readonly #atWork = new Map<string, AtWork>();
  /** Extensions whose upkeep cannot even be given up; they rest until the next goal state. */
  readonly #resting = new Set<string>();
  /** Operations that the administrator has called off before they had begun. */
  readonly #calledOff = new Set<string>();
  /** What was told last of operations that wait, by id. */
  readonly #waiting = new Map<string, ToldWait>();
  readonly #order: RememberedOrder;
  #goal: GoalState | undefined;

  constructor(options: ManagerOptions) {
    this.#options = options;
    const { paths, log } = options.host;
    this.#order = new RememberedOrder(join(paths.guestConfig, 'order.json'), log);
  }

  /** Clears away what an agent that was killed left behind, and begins what needs no goal state. Call it once, before the first. */
  start(): void {
    sweepLeftovers(this.#options.host.paths);
    this.#options.host.groups.sweep();
    this.#mendHandlerStates();
    tellWhatChanged(this.#options);
    this.reconcile();
  }

  /** The local controls are others now. What may not go on is answered at once; what was stopped comes back (S4.11). */
  controlsChanged(): void {
    const { permit, hosting } = this.#options;
    this.#resting.clear();
    for (const { work, control, findings, callOff } of this.#atWork.values()) {
      if (isAwaited(work, findings) && hosting() !== 'on') callOff('Whether extensions may run has changed');
      if (work.kind !== 'perform') continue;
      const permission = permit(work.operation, work.name);
      // What a list forbids ends at its next step; here not even the step that runs may go on.
      if (permission.allowed || permission.code !== 'ExtensionManagerDisabled') continue;
      control.abort(new OperationRefused(permission.code, permission.explanation));
    }
    this.reconcile();
  }

  /** Takes a goal state and begins what it asks for. A goal state of another machine is not one (T12). */
  want(goal: HeardGoal): void {
    const { supplies, reporter, journal, host } = this.#options;
    if (goal.machineId.toLowerCase() !== supplies.machineKey.vmId) {
      host.log('error', 'the goal state is of another machine and is ignored', { machineId: goal.machineId });
      return;
    }
    this.#goal = goal;
    this.#rememberOrder(goal);
    reporter.generation = goal.generation;
    journal.prune(goal);
    this.#resting.clear();
    const wanted = new Set(goal.extensions.map(({ operationId }) => operationId));
    for (const told of [this.#waiting, this.#calledOff])
      for (const id of told.keys()) if (!wanted.has(id)) told.delete(id);
    this.#callOffWhatIsNotWanted(goal);
    this.#refuseWhatIsNotUnderstood(goal);
    tellWhatChanged(this.#options);
    this.reconcile();
  }

  /** Plans anew: the goal, the controls or what is installed may have changed. */
  reconcile(): void {
    const { host, journal, permit, orders, hosting } = this.#options;
    if (this.#stop.signal.aborted) return;
    const { extensions, unreadable } = host.store.list();
    for (const { problem } of unreadable) host.log('error', 'a record of an extension cannot be read', { problem });
    const works = plan({
      goal: this.#goal,
      installed: extensions,
      unreadable,
      concluded: journal.conclusions(),
      permit,
      judge: (entry) => orders.judge(entry),
      hosting: hosting(),
      machineLife: host.machineLife,
      isHosted: ({ name, version }) =>
        isHosted(host.groups, { name, version, directory: handlerPaths(host.paths, name, version).directory }),
      calledOff: this.#calledOff,
      order: this.#order.order,
    });
    for (const work of works) this.#begin(work);
  }

  isAtWork(): boolean {
    return this.#atWork.size > 0;
  }

  /** Resolves when no operation is at work. */
  async idle(): Promise<void> {
    while (this.#atWork.size > 0) await Promise.all([...this.#atWork.values()].map(({ done }) => done));
  }

  /** Interrupts what is at work; it is taken up again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('The agent is stopping.'));
    await this.idle();
    this.#options.host.workplaces.close();
    this.#options.host.leftOutputs.close();
    this.#options.host.groups.sweep();
  }

  /** Ends operations where they are, for the server's administrator, and says on which resources. Undefined means all. */
  cancel(wanted: string | undefined): readonly string[] {
    const isAsked = (entry: GoalExtension): boolean => wanted === undefined || isMeant(entry, wanted);
    const ending = [...this.#atWork.values()].flatMap(({ work, callOff }) => {
      if (work.kind !== 'perform' || !isAsked(work.entry)) return [];
      callOff("It was canceled on the machine, by the machine's administrator");
      return [work.entry];
    });
    const waiting = this.#notBegun().filter(isAsked);
    for (const { operationId } of waiting) this.#calledOff.add(operationId);
    if (waiting.length > 0) this.reconcile();
    return [...ending, ...waiting].map(({ resourceName }) => resourceName);
  }

  /** What is asked for and waits for another extension, or for another resource of its handler. */
  #notBegun(): readonly GoalExtension[] {
    const ended = this.#options.journal.conclusions();
    const atWork = new Set(
      [...this.#atWork.values()].flatMap(({ work }) => (work.kind === 'upkeep' ? [] : [work.entry.operationId])),
    );
    return (this.#goal?.extensions ?? []).filter(
      (entry) =>
        !entry.operationDone &&
        !atWork.has(entry.operationId) &&
        ended.get(resourceKey(entry))?.operationId !== entry.operationId,
    );
  }

  /** What the centre has canceled or replaced ends where it is; nobody waits for its deadline (DESIGN: operations never hang). */
  #callOffWhatIsNotWanted(goal: HeardGoal): void {
    for (const { work, findings, callOff } of this.#atWork.values()) {
      const subject = work.kind === 'upkeep' ? work.subject : work.entry;
      const now = goal.extensions.find((one) => resourceKey(one) === resourceKey(subject));
      if (work.kind === 'upkeep') {
        // A way back ends for a removal only: whatever else is wanted begins once it is over.
        if (now?.desired === 'absent') callOff('The extension is being removed');
        else if (now?.operationDone === false && isAwaited(work, findings)) callOff('It is changed anew');
      } else if (goal.notUnderstood?.some(({ operationId }) => operationId === work.entry.operationId) === true)
        continue;
      else if (now?.operationId !== work.entry.operationId) callOff('Another request has taken its place');
      else if (now.cancel === true) callOff('It was canceled from the control plane');
    }
  }

  /** Each is answered once, and what is there of it stays as it is. */
  #refuseWhatIsNotUnderstood({ notUnderstood = [] }: HeardGoal): void {
    const { host, journal, reporter } = this.#options;
    const ended = journal.conclusions();
    const atWork = new Set(
      [...this.#atWork.values()].flatMap(({ work }) => ('entry' in work ? [work.entry.operationId] : [])),
    );
    for (const { resourceName, operationId, operationDone, problem } of notUnderstood) {
      const isEnded = ended.get(resourceKey({ resourceName }))?.operationId === operationId;
      if (operationDone || isEnded || atWork.has(operationId)) continue;
      const code = 'RequestNotUnderstood';
      const message = `This version of the agent (${agentVersion}) does not understand what is asked for '${resourceName}', so nothing was done. ${problem}. Upgrade the agent of the machine, then ask again.`;
      host.log('warn', 'refused', { operation: operationId, code, explanation: message });
      const there = host.store.list().extensions.find((one) => isWorking(one) && standsFor(one, resourceName));
      reporter.report({
        resourceName,
        operationId,
        state: 'Failed',
        time: new Date(host.environment.now()).toISOString(),
        version: there?.version ?? '',
        protectedSettingsStored: false,
        error: { code, message },
      });
    }
  }

  /** Only what comes back goes by it: a full disk must not keep anything else from being done. */
  #rememberOrder(goal: GoalState): void {
    try {
      this.#order.keep(goal);
    } catch (error) {
      this.#options.host.log('warn', 'the order of extensions cannot be kept', { error: messageOf(error) });
    }
  }

  #mendHandlerStates(): void {
    const { host } = this.#options;
    for (const extension of host.store.list().extensions) {
      try {
        mendHandlerState(host.paths, extension);
      } catch (error) {
        // Only shown: nobody goes by it, and a full disk must not keep the manager from starting.
        host.log('warn', 'the state of a handler cannot be shown', { error: messageOf(error) });
      }
    }
  }

  #begin(work: Work): void {
    if (work.kind === 'wait') {
      this.#tellWaiting(work);
      return;
    }
    if (work.kind === 'unsigned') {
      this.#tellUnsigned(work.entry, work.message);
      return;
    }
    if (work.kind === 'held') {
      this.#tellHeld(work);
      return;
    }
    const key = work.kind === 'upkeep' ? extensionKey(work.name) : keyOf(work.entry);
    const atWork = this.#atWork.get(key)?.work;
    // What is refused to one of several resources that share a handler does not wait for the others.
    if (work.kind === 'refuse' && atWork?.kind === 'perform' && resourceKey(atWork.entry) !== resourceKey(work.entry)) {
      refuse(work, this.#options);
      return;
    }
    // Its operation decides again at every step, and when it is over everything is planned anew.
    if (atWork !== undefined || (work.kind === 'upkeep' && this.#resting.has(key))) return;
    if (work.kind === 'refuse') {
      refuse(work, this.#options);
      return;
    }
    const control = new AbortController();
    const findings = noFindings();
    const callOff = (why: string): void => {
      const at = findings.step === undefined ? '' : `, at the step '${stepLimits[findings.step.kind].word}'`;
      control.abort(new OperationFailure('OperationCanceled', `${why}${at}.`));
    };
    const run = async (): Promise<void> => {
      if (work.kind === 'perform') await perform(work, findings, control, this.#stop.signal, this.#options);
      else if (work.kind === 'upkeep')
        await keepUp(work, findings, AbortSignal.any([this.#stop.signal, control.signal]), this.#options);
      else this.#retreat(work);
    };
    const done = run()
      .catch((error: unknown) => {
        this.#options.host.log('error', 'an operation ended in an unknown way', { error: messageOf(error) });
        if (work.kind === 'upkeep') this.#resting.add(key);
      })
      .finally(() => {
        this.#atWork.delete(key);
        this.reconcile();
        if (this.#atWork.size === 0) this.#options.host.workplaces.rest();
      });
    this.#atWork.set(key, { work, control, findings, callOff, done });
  }

  /** Whenever it waits for something else. Its deadline is that of the operation, as the centre has it. */
  #tellWaiting(work: Wait): void {
    const { host, reporter } = this.#options;
    const { entry } = work;
    const message = waitSentence(work);
    if (entry.operationDone) return;
    if (work.isUnsigned) {
      this.#tellUnsigned(entry, message);
      return;
    }
    if (this.#waiting.get(entry.operationId)?.message === message) return;
    this.#waiting.set(entry.operationId, { message });
    const step = { name: waitingWord, message, elapsedSeconds: 0 };
    reporter.report({
      ...reportOf(host, entry, 'Delivered'),
      step: { ...step, limitSeconds: runningDeadlineSeconds },
    });
  }

  /** Whenever who has signed, or what is to be signed first, is something else. */
  #tellUnsigned(entry: GoalExtension, message: string): void {
    const { host, reporter } = this.#options;
    const told = this.#waiting.get(entry.operationId);
    if (told?.message === message) return;
    const now = host.environment.monotonic();
    const unsignedSince = told?.unsignedSince ?? now;
    this.#waiting.set(entry.operationId, { message, unsignedSince });
    host.log('info', 'waits for signatures', { operation: entry.operationId, explanation: message });
    reporter.report({
      ...reportOf(host, entry, 'Delivered'),
      step: {
        name: unsignedWord,
        message: `${message} See it and sign it with sallyport order list`,
        elapsedSeconds: (now - unsignedSince) / 1000,
        limitSeconds: signingDeadlineSeconds,
      },
    });
  }

  /** Its operation, if one is at work, has more to tell. */
  #tellHeld(work: Held): void {
    if (this.#atWork.has(extensionKey(work.name))) return;
    try {
      tellHeld(work, this.#options);
    } catch (error) {
      this.#options.host.log('warn', 'it cannot be told who waits', { error: messageOf(error) });
    }
  }

  #retreat({ entry, name, because }: Retreat): void {
    const { code, message, explanation, state } = because;
    const why = {
      state: state ?? ('Failed' as const),
      code,
      message,
      ...(explanation === undefined ? {} : { explanation }),
    };
    if (!retreat(this.#options.host, name, entry.operationId, why, undefined)) refuse(because, this.#options);
  }
}

interface ToldWait {
  readonly message: string;
  /** When it began to wait for signatures (`monotonic`), if it does. */
  readonly unsignedSince?: number;
}

interface AtWork {
  readonly work: Performance | Retreat | Upkeep;
  readonly control: AbortController;
  readonly findings: Findings;
  /** Ends it where it is; the reason is reported. */
  readonly callOff: (why: string) => void;
  readonly done: Promise<void>;
}

/** Whether it was installed for that resource, or is shared by it. */
function standsFor(record: InstalledExtension, resourceName: string): boolean {
  return [record, ...(record.sharing ?? [])].some((one) => resourceKey(one) === resourceKey({ resourceName }));
}

/** It is enabled again, and nothing but its status is waited for. */
function isAwaited({ kind }: AtWork['work'], { step }: Findings): boolean {
  return kind === 'upkeep' && step?.kind === 'await-again';
}

/** By resource name, type or `publisher/type`; case does not count. */
function isMeant({ resourceName, publisher, type }: GoalExtension, wanted: string): boolean {
  const asked = wanted.trim().toLowerCase();
  return [resourceName, type, `${publisher}/${type}`, `${publisher}.${type}`].some(
    (text) => text.toLowerCase() === asked,
  );
}
