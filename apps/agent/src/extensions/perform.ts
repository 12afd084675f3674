/** One operation, from its first step to its report. An upgrade that ends badly is not told here: the way back comes first (T85). */
import { messageOf, OperationFailure, runningDeadlineSeconds, type OperationState } from '@sallyport/model';
import type { ExtensionReport, GoalExtension } from '@sallyport/model/wire';
import { carryOut } from './executors.ts';
import type { ManagerOptions } from './manager-options.ts';
import { OperationRefused, type ExtensionHost, type Findings, type OperationContext } from './operation-context.ts';
import { notSigned } from './orders/not-signed.ts';
import type { Performance, Refusal } from './plan/plan.ts';
import { withAdvice } from './report/failure-advice.ts';
import { OperationProgress } from './report/operation-progress.ts';
import { reportOf } from './report-of.ts';
import { requirePermission } from './require-permission.ts';
import { retreat } from './retreat.ts';
import { recordsOf } from './state/require-record.ts';
import { CommandAhead } from './run/command-ahead.ts';
import { addSecretsOfHandler, addStoredSecrets, forgetProtectedSettings } from './run/protected-settings.ts';

/** `control` ends it where it is; `stopping` does too, and then it is taken up again after the next start. */
export async function perform(
  work: Performance,
  findings: Findings,
  control: AbortController,
  stopping: AbortSignal,
  options: ManagerOptions,
): Promise<void> {
  const { entry, operation } = work;
  const { host, reporter, supplies } = options;
  const context = contextOf(work, findings, AbortSignal.any([stopping, control.signal]), options);
  const seconds = deadlineSecondsOf(options);
  const inTime = `The operation did not end within ${Math.round(seconds / 60)} minutes.`;
  const late = new OperationFailure('OperationTimedOut', inTime);
  const timer = setTimeout(() => control.abort(late), seconds * 1000);
  host.log('info', 'operation begins', {
    operation: entry.operationId,
    kind: operation,
    resource: entry.resourceName,
    steps: work.steps.map(({ kind }) => kind).join(' '),
  });
  let failure: OperationFailure | undefined;
  try {
    const key = (): typeof supplies.machineKey => supplies.machineKey;
    await addStoredSecrets(entry, host.paths, key, findings.secrets);
    // Whoever shares the handler has told it secrets too.
    for (const record of recordsOf(context).filter(({ sharing }) => sharing !== undefined))
      await addSecretsOfHandler(record, host.paths, key, findings.secrets);
    await options.orders.accept(entry);
    await carryOut(work.steps, context);
    if (operation === 'delete') forgetProtectedSettings(entry, host.paths);
  } catch (error) {
    // Stopped, not failed: the next start goes on with it.
    if (stopping.aborted) return;
    failure = withAdvice(failureOf(control.signal.aborted ? control.signal.reason : error), context);
    spend(entry, options);
    if (failure.code === 'InternalError') host.log('error', 'operation failed unexpectedly', { error: stackOf(error) });
  } finally {
    clearTimeout(timer);
    await context.ahead?.giveUp();
  }
  host.log(failure === undefined ? 'info' : 'error', 'operation ends', {
    operation: entry.operationId,
    result: failure?.code ?? 'Succeeded',
    reason: failure?.message,
  });
  const explained = failure instanceof OperationRefused ? { explanation: failure.explanation } : {};
  if (failure !== undefined) {
    const { code, message } = failure;
    const why = { state: endState(failure), code, message, ...explained };
    if (retreat(host, work.name, entry.operationId, why, findings.step?.kind)) return;
  }
  reporter.report({
    ...reportOf(host, entry, failure === undefined ? 'Succeeded' : endState(failure)),
    protectedSettingsStored: findings.protectedSettingsStored,
    ...(findings.status === undefined ? statusOfEnded(entry, failure, host) : { status: findings.status }),
    ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message } }),
    ...explained,
  });
}

/** A refusal waits for nobody and changes nothing. */
export function refuse({ entry, code, message, explanation, state }: Refusal, options: ManagerOptions): void {
  const { host, reporter } = options;
  host.log('warn', 'refused', { operation: entry.operationId, code, explanation: message });
  reporter.report({
    ...reportOf(host, entry, state ?? 'Failed'),
    ...statusOfEnded(entry, { code, message }, host),
    error: { code, message },
    ...(explanation === undefined ? {} : { explanation }),
  });
}

/** A full disk must not keep the end from being told; the journal has it too. */
function spend(entry: GoalExtension, { host, orders }: ManagerOptions): void {
  try {
    orders.spend(entry);
  } catch (error) {
    host.log('error', 'it cannot be noted that what was signed is used up', {
      operation: entry.operationId,
      error: messageOf(error),
    });
  }
}

/** The centre takes no second end of an operation. What goes wrong after the first is how the extension is now (S2.4). */
function statusOfEnded(
  { operationDone }: GoalExtension,
  failure: { readonly code: string; readonly message: string } | undefined,
  { environment }: ExtensionHost,
): Pick<ExtensionReport, 'status'> {
  if (!operationDone || failure === undefined) return {};
  const { code, message } = failure;
  const time = new Date(environment.now()).toISOString();
  return { status: { code, level: 'Error', displayStatus: 'NotReady', message, time } };
}

function contextOf(
  { entry, name, operation }: Performance,
  findings: Findings,
  signal: AbortSignal,
  options: ManagerOptions,
): OperationContext {
  const { host, supplies, reporter, permit, orders } = options;
  const progress = new OperationProgress({
    now: () => host.environment.now(),
    monotonic: () => host.environment.monotonic(),
    tell: (moved) => {
      const { protectedSettingsStored } = findings;
      reporter.report({ ...reportOf(host, entry, moved.state), protectedSettingsStored, ...moved });
    },
  });
  return {
    host,
    supplies,
    entry,
    name,
    operation,
    findings,
    deadline: host.environment.monotonic() + deadlineSecondsOf(options) * 1000,
    signal,
    requirePermission: () => {
      requirePermission(permit, operation, name);
      const verdict = orders.judge(entry);
      if (verdict.outcome !== 'signed') throw new OperationRefused('OperationNotSigned', notSigned(verdict.message));
    },
    progress: (state, status) => progress.state(state, status),
    at: (step) => progress.at(step),
    printed: (output) => progress.printed(output),
    tellEnd: () => undefined,
    ahead: new CommandAhead(() => host.environment.monotonic()),
  };
}

function deadlineSecondsOf({ deadlineSeconds = runningDeadlineSeconds }: ManagerOptions): number {
  return deadlineSeconds;
}

function failureOf(error: unknown): OperationFailure {
  if (error instanceof OperationFailure) return error;
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
    return new OperationFailure('StorageFull', `The machine has no room left: ${error.message}`, { cause: error });
  }
  return new OperationFailure('InternalError', messageOf(error), { cause: error });
}

function endState(failure: OperationFailure): Extract<OperationState, 'TimedOut' | 'Canceled' | 'Failed'> {
  if (failure.code === 'OperationTimedOut') return 'TimedOut';
  return failure.code === 'OperationCanceled' ? 'Canceled' : 'Failed';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
