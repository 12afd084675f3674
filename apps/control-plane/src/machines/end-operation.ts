/** The one way an operation ends: its row, what the goal goes back to, and the event that records it, in the caller's transaction. */
import type { OperationFailureCode } from '@sallyport/model';
import type { Explanation, PassedState } from '@sallyport/model/wire';
import type { Selectable } from 'kysely';
import * as z from 'zod/mini';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import { eventOriginSchema } from '../activity-log/event-origin.ts';
import { endedEvent } from '../activity-log/events-of.ts';
import type { Environment } from '../environment.ts';
import { forgetTags } from '../resources/keep-tags.ts';
import { removePlainAt } from '../resources/plain-resource.ts';
import type { OperationRow } from '../store/schema/extension-rows.ts';
import type { Writer } from '../store/store.ts';
import { readGoal } from './extension-goal.ts';
import { forgetInOrders } from './forget-in-orders.ts';
import { raiseGeneration } from './generation.ts';
import { forgetOrders } from './operation-orders.ts';
import { readSteps, withPassed, withStep } from './operation-steps.ts';
import { settleTakenAlong } from './taken-along.ts';

export interface OperationEnd {
  readonly state: 'Succeeded' | 'Failed' | 'Canceled' | 'TimedOut';
  readonly error?: { readonly code: string; readonly message: string };
  readonly explanation?: Explanation;
  /** When the state was reached, ISO 8601. */
  readonly time: string;
  /** States before it that have not been told. */
  readonly passed?: readonly PassedState[];
  /** The centre gave it up by its own clock, and the machine may still say how it ended: until then it is not settled. */
  readonly presumed?: true;
  /** Nothing of it has reached the machine: what is wanted goes back to what was. */
  readonly neverBegun?: true;
  /** The machine is back at this version: if that is what was wanted before, it is wanted again (T85). */
  readonly rolledBackTo?: string;
}

/**
 * Failures before anything of the new request ran on the machine. The machine is as it was, so the goal goes back to that:
 * a request that failed is over, and is not carried out later when a list is loosened or the machine returns (T13). A code that is not
 * known here, of a newer agent, may be of something that ran: what is wanted stays.
 */
const nothingRan: ReadonlySet<string> = new Set<OperationFailureCode>([
  'ExtensionNotAllowed',
  'LocalControlsUnreadable',
  'ExtensionManagerDisabled',
  'OperationNotSigned',
  'CatalogUnavailable',
  'CatalogSignatureInvalid',
  'CatalogForeign',
  'CatalogMixed',
  'CatalogOversized',
  'CatalogTooSlow',
  'CatalogFrozen',
  'CatalogExpired',
  'CatalogRollback',
  'PackageNotInCatalog',
  'PackageNotForThisMachine',
  'PackageUnavailable',
  'PackageTooSlow',
  'PackageOversized',
  'PackageMismatch',
  'PackageMalformed',
  'ManifestMalformed',
  'SettingsUnreadable',
  'NetworkNotWithheld',
  'RecordUnreadable',
  'RequestNotUnderstood',
  'MachineOffline',
  'DependencyFailed',
  'StorageFull',
]);

/** Ends a running operation. Returns its final event, to be written with the transaction. */
export async function endOperation(
  writer: Writer,
  environment: Environment,
  operation: Selectable<OperationRow>,
  end: OperationEnd,
): Promise<ActivityEvent> {
  const steps = withPassed(readSteps(operation.steps), end.passed);
  await writer
    .updateTable('operations')
    .set({
      state: end.state,
      ended_at: environment.now(),
      progress: null,
      steps: JSON.stringify(withStep(steps, end.state, end.time) ?? steps),
      error_code: end.error?.code ?? null,
      error_message: end.error?.message ?? null,
      explanation: end.explanation === undefined ? null : JSON.stringify(end.explanation),
    })
    .where('operation_id', '=', operation.operation_id)
    .execute();
  await forgetOrders(writer, operation);
  await settleExtension(writer, operation, end);
  const origin = z.parse(eventOriginSchema, JSON.parse(operation.origin));
  return end.state === 'Succeeded'
    ? endedEvent(environment, origin, { status: 'Succeeded', subStatus: 'OK' })
    : endedEvent(environment, origin, {
        status: 'Failed',
        subStatus: end.error?.code ?? end.state,
        error: end.error ?? { code: end.state, message: `The operation ended as ${end.state}.` },
      });
}

/** Whether those that share the handler have the version before, although what was asked for stays wanted. */
function staysWithout({ state, rolledBackTo }: OperationEnd): boolean {
  return state === 'Canceled' || rolledBackTo !== undefined;
}

async function settleExtension(writer: Writer, operation: Selectable<OperationRow>, end: OperationEnd): Promise<void> {
  const extension = await writer
    .selectFrom('extensions')
    .select(['vm_id', 'name_key', 'publisher', 'type', 'operation_id', 'goal', 'lapse_goal'])
    .where('vm_id', '=', operation.vm_id)
    .where('name_key', '=', operation.extension_name_key)
    .executeTakeFirst();
  // An operation that was replaced by a later one has no say any more in what is wanted.
  if (extension?.operation_id !== operation.operation_id) return;
  const resource = <Q extends { where(column: 'vm_id' | 'name_key', is: '=', value: string): Q }>(query: Q): Q =>
    query.where('vm_id', '=', operation.vm_id).where('name_key', '=', operation.extension_name_key);
  // What it would go back to is kept for the machine's own word.
  if (end.presumed === true) return;
  if (end.state === 'Succeeded' && operation.kind === 'delete') {
    await resource(writer.deleteFrom('extensions')).execute();
    await forgetTags(writer, 'extension', `${operation.vm_id}/${operation.extension_name_key}`);
    // An extension of the same name that comes later is another one: roles, exemptions and the like go with this one (T02).
    await removePlainAt(writer, operation.resource_id);
    await forgetInOrders(writer, operation.vm_id, operation.extension_name_key);
    await raiseGeneration(writer, operation.vm_id);
    return;
  }
  const isBack = end.rolledBackTo !== undefined && readGoal(extension.lapse_goal)?.version === end.rolledBackTo;
  if (isBack || end.neverBegun === true || (end.state === 'Failed' && nothingRan.has(end.error?.code ?? ''))) {
    await settleTakenAlong(writer, extension, 'go back');
    await resource(writer.updateTable('extensions').set({ goal: extension.lapse_goal, lapse_goal: null })).execute();
    await raiseGeneration(writer, operation.vm_id);
    return;
  }
  await settleTakenAlong(writer, extension, staysWithout(end) ? 'go back' : 'stay');
  // What a canceled operation would have gone back to is still what a removal that lapses goes back to.
  if (end.state === 'Canceled') return;
  // The goal stands: it is what the machine has now, or tried to have.
  await resource(writer.updateTable('extensions').set({ lapse_goal: null })).execute();
}
