/** Takes a report of a machine into the store. Reports may come twice, late, or for operations that are over: none of it does harm. */
import { isTerminal, runningDeadlineSeconds, signingDeadlineSeconds, unsignedWord } from '@sallyport/model';
import type { ExtensionReport, ReportRequest } from '@sallyport/model/wire';
import type { Selectable } from 'kysely';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import type { Environment } from '../environment.ts';
import type { OperationRow } from '../store/schema/extension-rows.ts';
import type { Store, Writer } from '../store/store.ts';
import { boundedReport } from './bounded-report.ts';
import { endOperation, type OperationEnd } from './end-operation.ts';
import { readGoal } from './extension-goal.ts';
import { eraseSealed } from './operation-orders.ts';
import { currentStep, formatProgress } from './operation-progress.ts';
import { readSteps, withPassed, withStep } from './operation-steps.ts';

/** Applies all of a report in one transaction, with the final events of the operations that it ends. */
export async function applyReport(
  environment: Environment,
  store: Store,
  machine: { readonly vmId: string; readonly name: string },
  report: ReportRequest,
): Promise<void> {
  const erased = await store.observe(async (writer) => {
    const events: ActivityEvent[] = [];
    let some = false;
    for (const sent of report.extensions) {
      const extension = boundedReport(sent, environment.now());
      if (await keepWhatIsThere(writer, machine.vmId, extension)) some = true;
      const event = await moveOperation(environment, writer, machine, extension);
      if (event !== undefined) events.push(event);
    }
    return { value: some, events };
  });
  if (erased) store.eraseTraces();
}

/** Version and status say what is on the machine, whichever operation brought them there. Whether something secret was erased. */
async function keepWhatIsThere(writer: Writer, vmId: string, report: ExtensionReport): Promise<boolean> {
  const key = report.resourceName.toLowerCase();
  const row = await writer
    .selectFrom('extensions')
    .select(['goal', 'status', 'operation_id'])
    .where('vm_id', '=', vmId)
    .where('name_key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return false;
  const current = row.operation_id === report.operationId;
  const goal = readGoal(row.goal);
  const erase = current && report.protectedSettingsStored && goal?.protectedSettings.kind === 'sealed';
  await writer
    .updateTable('extensions')
    .set({
      installed_version: report.version,
      ...(current && report.status !== undefined ? { status: JSON.stringify(report.status) } : {}),
      // S1.7: the machine has them now; the sealed copy here has served its purpose.
      ...(erase ? { goal: JSON.stringify({ ...goal, protectedSettings: { kind: 'delivered' } }) } : {}),
    })
    .where('vm_id', '=', vmId)
    .where('name_key', '=', key)
    .execute();
  if (erase) await eraseSealed(writer, vmId, report.operationId);
  return erase;
}

async function moveOperation(
  environment: Environment,
  writer: Writer,
  machine: { readonly vmId: string; readonly name: string },
  report: ExtensionReport,
): Promise<ActivityEvent | undefined> {
  const operation = await writer
    .selectFrom('operations')
    .selectAll()
    .where('operation_id', '=', report.operationId)
    .where('vm_id', '=', machine.vmId)
    .executeTakeFirst();
  if (operation === undefined) return undefined;
  if (operation.ended_at !== null) return endedLate(environment, writer, operation, endOf(machine.name, report));
  const end = endOf(machine.name, report);
  if (end !== undefined) return endOperation(writer, environment, operation, end);
  // These two are the centre's to say; going back to them would change which deadline counts. What it waits for is told all the same.
  const isNotBegun = report.state === 'Accepted' || report.state === 'Delivered';
  const passed = withPassed(readSteps(operation.steps), report.passed);
  const moved = isNotBegun ? undefined : withStep(passed, report.state, report.time);
  const steps = moved ?? (report.passed === undefined ? undefined : passed);
  const progress = report.step === undefined ? undefined : formatProgress(report.step, environment.now());
  if (steps !== undefined || progress !== undefined) {
    await writer
      .updateTable('operations')
      .set({
        ...(isNotBegun ? {} : { state: report.state }),
        ...(steps === undefined ? {} : { steps: JSON.stringify(steps) }),
        ...(progress === undefined ? {} : { progress }),
        ...deadlineAfter(operation, report, environment.now()),
      })
      .where('operation_id', '=', operation.operation_id)
      .execute();
  }
  return undefined;
}

/** People may take their time to sign (T10); once they have, the operation has the time that any other has. */
function deadlineAfter(
  { created_at, progress, state }: Selectable<OperationRow>,
  report: ExtensionReport,
  now: number,
): { readonly deadline_at?: number } {
  if (report.step?.name === unsignedWord) return { deadline_at: created_at + signingDeadlineSeconds * 1000 };
  const hasWaited = state === 'Delivered' && currentStep(progress, now)?.name === unsignedWord;
  return hasWaited ? { deadline_at: now + runningDeadlineSeconds * 1000 } : {};
}

/**
 * The centre gave the operation up by its own clock, and now the machine says how it really ended: that is what the resource shows
 * from then on. Whoever waited was answered long ago. The same report may come again and changes nothing.
 */
function endedLate(
  environment: Environment,
  writer: Writer,
  operation: Selectable<OperationRow>,
  end: OperationEnd | undefined,
): Promise<ActivityEvent> | undefined {
  if (end === undefined || operation.state !== 'TimedOut' || operation.error_message === end.error?.message)
    return undefined;
  return endOperation(writer, environment, operation, end);
}

/** Undefined for a report of something that goes on. */
function endOf(machineName: string, report: ExtensionReport): OperationEnd | undefined {
  if (!isTerminal(report.state)) return undefined;
  const { rolledBackTo } = report;
  const passed = report.passed === undefined ? {} : { passed: report.passed };
  const explanation = report.explanation === undefined ? {} : { explanation: report.explanation };
  if (report.state === 'Succeeded') return { state: 'Succeeded', time: report.time, ...passed, ...explanation };
  const state = report.state === 'Canceled' || report.state === 'TimedOut' ? report.state : 'Failed';
  const code = report.error?.code ?? 'InternalError';
  const message = report.error?.message ?? 'The machine gave no reason.';
  // Whoever reads the error in the centre must see which server refused (S4.5), whatever the agent's sentence says.
  const named = message.toLowerCase().includes(machineName.toLowerCase())
    ? message
    : `Machine '${machineName}': ${message}`;
  const back = rolledBackTo === undefined ? {} : { rolledBackTo };
  return { state, time: report.time, error: { code, message: named }, ...passed, ...explanation, ...back };
}
