/** What the machine does on its own: the steps of one piece of upkeep. What cannot be done is recorded and not tried for ever (T85). */
import { messageOf, runningDeadlineSeconds, sameExtension } from '@sallyport/model';
import type { InstanceStatus } from '@sallyport/model/wire';
import { carryOut } from './executors.ts';
import { localEntry } from './local-entry.ts';
import type { ManagerOptions } from './manager-options.ts';
import type { Findings, OperationContext } from './operation-context.ts';
import { resourceKey } from './plan/conclusion.ts';
import { skippedSentence, waitsForSentence } from './plan/dependency-levels.ts';
import type { Hosting } from './plan/hosting.ts';
import type { Held } from './plan/order-of-return.ts';
import { failedVersion, wayBack } from './plan/steps-back.ts';
import { mustComeBack, type Upkeep } from './plan/upkeep.ts';
import { OperationProgress } from './report/operation-progress.ts';
import { reportOf } from './report-of.ts';
import { keptSettings } from './run/kept-settings.ts';
import { asEnabled, type InstalledExtension } from './state/installed-extension.ts';
import { addSecretsOf, addSecretsOfHandler } from './run/protected-settings.ts';
import { putRecord } from './state/put-record.ts';
import { watchedIn } from './watch/handler-condition.ts';

/** The manager was enabled or disabled meanwhile: everything is planned anew. */
class HostingChanged extends Error {
  override readonly name = 'HostingChanged';
  constructor() {
    super('Whether the extension manager may run commands has changed.');
  }
}

/** Whether the work may be done while hosting is so. */
const needed: Readonly<Record<Upkeep['purpose'], Hosting>> = { 'go-back': 'on', resume: 'on', suspend: 'off' };

/** Ends when it is done, interrupted or recorded as impossible; throws when not even that can be recorded. */
export async function keepUp(
  work: Upkeep,
  findings: Findings,
  signal: AbortSignal,
  options: ManagerOptions,
): Promise<void> {
  const { host } = options;
  const { operation } = work.subject;
  const steps = work.steps.map(({ kind }) => kind).join(' ');
  host.log('info', 'upkeep begins', { operation: operation.id, steps });
  try {
    await carryOut(work.steps, await contextOf(work, findings, signal, options));
    if (work.purpose !== 'go-back') tell(work, options);
    host.log('info', 'upkeep ends', { operation: operation.id });
  } catch (error) {
    if (signal.aborted || error instanceof HostingChanged) return;
    host.log('error', 'upkeep failed', { operation: operation.id, error: messageOf(error) });
    giveUp(work, messageOf(error), options);
  }
}

function giveUp(work: Upkeep, why: string, options: ManagerOptions): void {
  const { purpose, name, subject } = work;
  const { host } = options;
  if (purpose === 'suspend') throw new Error(`it cannot be stopped: ${why}`);
  if (purpose === 'resume') {
    // Meant to work and does not: that is told, and it is tried again in the next life of the machine.
    const record = host.store.find(name, subject.version);
    if (record !== undefined)
      putRecord(host, { ...asEnabled(record, host.machineLife), comeback: { kind: 'failed', why } });
    tell(work, options, why);
    return;
  }
  const failed = failedVersion(host.store.list().extensions.filter((one) => sameExtension(one.name, name)));
  if (failed === undefined) return;
  if (failed.failure.stuck !== undefined) throw new Error(`its end cannot be told: ${why}`);
  putRecord(host, { ...failed, failure: { ...failed.failure, stuck: why } });
}

/** The centre learns how the extension is now, beside how its last operation ended; of a shared handler, each resource. */
function tell({ purpose, subject }: Upkeep, options: ManagerOptions, trouble?: string): void {
  const { host } = options;
  const status = statusAfter(purpose, trouble, new Date(host.environment.now()).toISOString());
  for (const one of watchedIn(host.store.find(subject.name, subject.version) ?? subject)) amend(one, status, options);
}

function amend(
  { resourceName, operation }: InstalledExtension,
  status: InstanceStatus,
  { journal, reporter }: Pick<ManagerOptions, 'journal' | 'reporter'>,
): void {
  if (journal.amend(resourceName, operation.id, status)) reporter.flush();
}

/** The centre learns for whom one waits that is to be enabled again, or why it is not. Nothing happens when it was told. */
export function tellHeld({ subject, for: other, because }: Held, options: ManagerOptions): void {
  const time = new Date(options.host.environment.now()).toISOString();
  for (const one of watchedIn(subject)) {
    const status: InstanceStatus =
      because === 'failed'
        ? {
            code: heldCodes.failed,
            level: 'Error',
            displayStatus: 'NotReady',
            message: `${skippedSentence(one.resourceName, other)}: that could not be enabled again, so this was not either.`,
            time,
          }
        : {
            code: heldCodes.coming,
            level: 'Information',
            displayStatus: 'NotReady',
            message: `${waitsForSentence(other)}. Then it is enabled again.`,
            time,
          };
    amend(one, status, options);
  }
}

/**
 * What was stopped or came back, or could not, and was not told then: the agent was killed in between, or the centre had not heard
 * yet how the operation before it had ended. Nothing happens when it was told (S4.11, T84).
 */
export function tellWhatChanged(options: Pick<ManagerOptions, 'host' | 'hosting' | 'journal' | 'reporter'>): void {
  const { host, journal } = options;
  const comesBack = options.hosting() === 'on';
  const time = new Date(host.environment.now()).toISOString();
  for (const one of host.store.list().extensions.flatMap(watchedIn)) {
    const isStopped = one.suspended === true && one.phase === 'installed';
    const isToldStopped = notWorkingCodes.has(journal.statusOf(one)?.code ?? '');
    const isBack = one.phase === 'enabled' && one.comeback === undefined && !mustComeBack(one, host);
    if (isStopped && !comesBack) amend(one, statusAfter('suspend', undefined, time), options);
    else if (one.comeback?.kind === 'failed') amend(one, statusAfter('resume', one.comeback.why, time), options);
    else if (isToldStopped && isBack) amend(one, statusAfter('resume', undefined, time), options);
  }
}

const stoppedCode = 'ExtensionManagerDisabled';
const heldCodes = { failed: 'DependencyFailed', coming: 'WaitingForDependency' } as const;
const notWorkingCodes: ReadonlySet<string> = new Set([stoppedCode, ...Object.values(heldCodes)]);

function statusAfter(purpose: Upkeep['purpose'], trouble: string | undefined, time: string): InstanceStatus {
  if (trouble !== undefined) {
    const message = `It was to be enabled again and could not be: ${trouble}`;
    return { code: 'HandlerEnableFailed', level: 'Error', displayStatus: 'NotReady', message, time };
  }
  if (purpose === 'resume') {
    return { code: '0', level: 'Information', displayStatus: 'Ready', message: 'It was enabled again.', time };
  }
  const message = 'extensions.enabled is false on its machine, so it was stopped. It comes back when that is true.';
  return { code: stoppedCode, level: 'Warning', displayStatus: 'Stopped', message, time };
}

/** The version whose commands are run with the settings it had. */
function settingsSource({ purpose, subject }: Upkeep, { host }: ManagerOptions): InstalledExtension {
  if (purpose !== 'go-back') return subject;
  const records = host.store.list().extensions.filter((one) => sameExtension(one.name, subject.name));
  return wayBack(subject, records) ?? subject;
}

async function contextOf(
  work: Upkeep,
  findings: Findings,
  signal: AbortSignal,
  options: ManagerOptions,
): Promise<OperationContext> {
  const { host, supplies, journal, reporter } = options;
  const { subject, name } = work;
  const source = settingsSource(work, options);
  const kept = keptSettings(host.paths, source);
  const key = (): typeof supplies.machineKey => supplies.machineKey;
  await addSecretsOfHandler(subject, host.paths, key, findings.secrets);
  if (kept?.protected !== undefined) await addSecretsOf(kept.protected, key, findings.secrets);
  const entry = localEntry(subject, {
    desired: 'present',
    operationId: subject.operation.id,
    sequence: kept?.sequence ?? source.enabledSequence ?? 0,
  });
  const progress = new OperationProgress({
    now: () => host.environment.now(),
    monotonic: () => host.environment.monotonic(),
    tell: (moved) => {
      // What has ended does not move any more.
      if (journal.conclusions().get(resourceKey(entry))?.operationId === entry.operationId) return;
      reporter.report({ ...reportOf(host, entry, moved.state), ...moved });
    },
  });
  return {
    host,
    supplies,
    entry,
    name,
    operation: subject.operation.kind,
    findings,
    deadline: host.environment.monotonic() + runningDeadlineSeconds * 1000,
    signal,
    requirePermission: () => {
      if (options.hosting() !== needed[work.purpose]) throw new HostingChanged();
    },
    progress: (state, status) => progress.state(state, status),
    at: (step) => progress.at(step),
    printed: (output) => progress.printed(output),
    tellEnd: (end) => reporter.report({ ...reportOf(host, entry, end.state), ...end }),
  };
}
