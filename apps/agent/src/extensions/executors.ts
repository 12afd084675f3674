/** From each kind of step to what carries it out. A kind without an executor does not compile. */
import { OperationFailure, type OperationState } from '@sallyport/model';
import { fetchPackage } from './download/fetch-step.ts';
import type { OperationContext } from './operation-context.ts';
import { stepLimits } from './plan/step-limits.ts';
import { reachesOut, type Step, type StepKind } from './plan/step.ts';
import { describe } from './report/step-description.ts';
import { awaitStatus } from './run/await-status.ts';
import { configure } from './run/configure-step.ts';
import { awaitAgain, enableAgain, restoreSettings } from './run/coming-back-steps.ts';
import { bringBack, conclude, disableFailed, setAside } from './run/going-back-steps.ts';
import { disable, discard, enable, install, uninstall } from './run/install-steps.ts';
import type { Next } from './run/command-ahead.ts';
import { callAhead } from './run/handler-call.ts';
import { suspend } from './run/suspend-step.ts';
import { takeOff } from './run/take-off-step.ts';
import { requireRecord } from './state/require-record.ts';
import { carryOver, disableBefore, uninstallBefore, update } from './run/upgrade-steps.ts';

type Executors = {
  readonly [K in StepKind]: (step: Extract<Step, { kind: K }>, context: OperationContext) => Promise<void> | void;
};

const executors: Executors = {
  fetch: ({ version }, context) => fetchPackage(version, context),
  configure: ({ version }, context) => configure(version, context),
  'disable-before': disableBefore,
  'carry-over': carryOver,
  update,
  'uninstall-before': uninstallBefore,
  'set-aside': ({ version }, context) => setAside(version, context),
  install,
  enable: ({ version }, context) => enable(version, context),
  'await-status': ({ version }, context) => awaitStatus(version, context),
  disable: ({ version }, context) => disable(version, context),
  'take-off': ({ version }, context) => takeOff(version, context),
  uninstall: ({ version }, context) => uninstall(version, context),
  discard: ({ version }, context) => discard(version, context),
  'disable-failed': ({ version }, context) => disableFailed(version, context),
  'bring-back': ({ version }, context) => bringBack(version, context),
  'restore-settings': ({ version }, context) => restoreSettings(version, context),
  'enable-again': enableAgain,
  'await-again': ({ version }, context) => awaitAgain(version, context),
  suspend: ({ version }, context) => suspend(version, context),
  conclude: ({ version }, context) => conclude(version, context),
};

/** How far the operation is when a step begins, as the centre shows it; steps that say it themselves are left out. */
const states: Readonly<Partial<Record<StepKind, OperationState>>> = {
  install: 'Installing',
  update: 'Installing',
  'disable-before': 'Installing',
  enable: 'Enabling',
  disable: 'Removing',
  'take-off': 'Removing',
  uninstall: 'Removing',
  'disable-failed': 'Removing',
  suspend: 'Removing',
  'enable-again': 'Enabling',
  'await-again': 'Enabling',
};

/** Carries out steps in their order. Before each that downloads or runs something the server is asked again (S4.5). */
export async function carryOut(steps: readonly Step[], context: OperationContext): Promise<void> {
  for (const [index, step] of steps.entries()) {
    context.ahead?.plan(() => commandAfter(step, steps[index + 1], context));
    context.signal.throwIfAborted();
    if (reachesOut[step.kind]) context.requirePermission();
    const state = states[step.kind];
    if (state !== undefined) context.progress(state);
    context.findings.step = step;
    if (stepLimits[step.kind].command) await carryOutOne(step, context);
    else await withinLimit(step, context);
  }
}

/** The command that the next step begins with, where this one changes nothing that it is called with. */
function commandAfter({ kind }: Step, next: Step | undefined, context: OperationContext): Next | undefined {
  if (kind !== 'configure' && kind !== 'install') return undefined;
  if (next?.kind !== 'enable' && !(next?.kind === 'install' && !next.afterUpdate)) return undefined;
  const { uninstallExitCode } = requireRecord(next.version, context);
  return callAhead(next.version, { command: next.kind, uninstallExitCode }, context);
}

/** A step that runs no command ends by its own limit. */
async function withinLimit(step: Step, context: OperationContext): Promise<void> {
  const { word, seconds } = stepLimits[step.kind];
  const left = (context.deadline - context.host.environment.monotonic()) / 1000;
  const limitSeconds = Math.max(1, Math.min(seconds, left));
  context.at({ name: word, message: describe(context), limitSeconds });
  const limit = new AbortController();
  const timer = setTimeout(() => {
    const message = `${describe(context)}: it took longer than the ${Math.round(limitSeconds)} s it may take.`;
    limit.abort(new OperationFailure('OperationTimedOut', message));
  }, limitSeconds * 1000);
  try {
    await carryOutOne(step, { ...context, signal: AbortSignal.any([context.signal, limit.signal]) });
  } catch (error) {
    // Whatever was interrupted says so in its own words; the reason is the limit.
    throw limit.signal.aborted && !context.signal.aborted ? limit.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

async function carryOutOne<K extends StepKind>(
  step: Extract<Step, { kind: K }>,
  context: OperationContext,
): Promise<void> {
  const execute = executors[step.kind];
  await execute(step, context);
}
