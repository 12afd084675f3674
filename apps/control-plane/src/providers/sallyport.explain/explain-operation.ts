/** Where an operation stands, and in one sentence why. Pure. */
import { isTerminal, type OperationState } from '@sallyport/model';
import { explanationSchema, type InstanceStatus } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import { currentStep, type CurrentStep } from '../../machines/operation-progress.ts';
import { readSteps } from '../../machines/operation-steps.ts';
import { strandedBy, type ReportedControls } from '../../machines/stranded.ts';
import {
  idOfExtension,
  provisioningStateOf,
  type Extension,
  type Operation,
} from '../microsoft.hybridcompute/extension-view.ts';
import type { Machine } from '../microsoft.hybridcompute/machine-view.ts';

export interface Known {
  readonly machine: Machine;
  readonly extension: Extension;
  /** The last one of the extension. */
  readonly operation: Operation;
  readonly reported: ReportedControls | undefined;
  /** When the machine was last heard of; milliseconds since 1970. */
  readonly heardAt: number | undefined;
  readonly now: number;
}

/** As it is served. What is not known or does not apply is left out. */
export function explainOperation(known: Known): object {
  const { machine, extension, operation, reported, now } = known;
  const step = operation.ended_at === null ? currentStep(operation.progress, now) : undefined;
  const stranded = strandedBy(extension, reported);
  return {
    extension: extension.name,
    extensionId: idOfExtension(machine, extension.name),
    name: `${extension.publisher}/${extension.type}`,
    installed: extension.installed_version,
    operationId: operation.operation_id,
    kind: operation.kind,
    state: operation.state,
    provisioningState: provisioningStateOf(operation),
    message: sentenceOf(known, step),
    startedAt: iso(operation.created_at),
    ...(operation.ended_at === null ? { deadline: iso(operation.deadline_at) } : { endedAt: iso(operation.ended_at) }),
    steps: readSteps(operation.steps),
    ...(step === undefined ? {} : { step: shownStep(step) }),
    ...(operation.error_code === null
      ? {}
      : { error: { code: operation.error_code, message: operation.error_message ?? '' } }),
    ...(operation.explanation === null
      ? {}
      : { explanation: z.parse(explanationSchema, JSON.parse(operation.explanation)) }),
    ...(extension.status === null ? {} : { handlerStatus: JSON.parse(extension.status) as InstanceStatus }),
    ...(stranded === undefined ? {} : { stranded: { message: stranded.message, toldAt: iso(stranded.toldAt) } }),
  };
}

function shownStep({ name, message, startedAt, deadline, elapsedSeconds, limitSeconds, output }: CurrentStep): object {
  return {
    name,
    message,
    startedAt: iso(startedAt),
    deadline: iso(deadline),
    elapsedSeconds,
    limitSeconds,
    ...(output === undefined ? {} : { output }),
  };
}

function sentenceOf({ operation, heardAt }: Known, step: CurrentStep | undefined): string {
  if (operation.error_message !== null) return operation.error_message;
  if (isTerminal(operation.state as OperationState)) return `It ended as ${operation.state}.`;
  const deadline = iso(operation.deadline_at);
  if (operation.state === 'Accepted') {
    const heard = heardAt === undefined ? 'it was never heard of' : `it was last heard of at ${iso(heardAt)}`;
    return `The machine has not come for it yet; ${heard}. Without it the operation ends at ${deadline}.`;
  }
  if (step === undefined) return `The machine is at it (${operation.state}). It ends by ${deadline} at the latest.`;
  return `${step.message}, for ${step.elapsedSeconds} s; ends by ${iso(step.deadline)} at the latest (${step.limitSeconds} s).`;
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
