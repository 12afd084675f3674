/** What a running operation is at: as the machine said it, and when it was heard. */
import { stepProgressSchema, type InstanceStatus, type StepProgress } from '@sallyport/model/wire';
import * as z from 'zod/mini';

const progressSchema = z.object({ step: stepProgressSchema, heardAt: z.number() });

/** The text to store. `now` is the centre's clock. */
export function formatProgress(step: StepProgress, now: number): string {
  return JSON.stringify({ step, heardAt: now });
}

/** A step with times of the centre's clock, milliseconds since 1970. */
export interface CurrentStep {
  readonly name: string;
  readonly message: string;
  readonly heardAt: number;
  readonly startedAt: number;
  /** It ends by then at the latest. */
  readonly deadline: number;
  readonly elapsedSeconds: number;
  readonly limitSeconds: number;
  /** The end of what the running command has printed; undefined when there is none. */
  readonly output: string | undefined;
}

/** What an operation is at; `text` is what was stored of it. Undefined when the machine does not say. */
export function currentStep(text: string | null, now: number): CurrentStep | undefined {
  if (text === null) return undefined;
  const { step, heardAt } = z.parse(progressSchema, JSON.parse(text));
  const startedAt = heardAt - step.elapsedSeconds * 1000;
  return {
    name: step.name,
    message: step.message,
    heardAt,
    startedAt,
    deadline: startedAt + step.limitSeconds * 1000,
    elapsedSeconds: Math.max(0, Math.round((now - startedAt) / 1000)),
    limitSeconds: Math.round(step.limitSeconds),
    output: step.output === '' ? undefined : step.output,
  };
}

/** The step as it is shown beside the states gone through: what, since when, until when at most, and the end of the output. */
export function progressStatus(text: string | null, now: number): InstanceStatus | undefined {
  const step = currentStep(text, now);
  if (step === undefined) return undefined;
  const deadline = new Date(step.deadline).toISOString();
  const limit = `for ${step.elapsedSeconds} s; ends by ${deadline} at the latest (${step.limitSeconds} s)`;
  const output = step.output === undefined ? '' : `\nOutput so far:\n${step.output}`;
  return {
    code: `Sallyport/Step/${step.name}`,
    level: 'Information',
    displayStatus: step.name,
    message: `${step.message}, ${limit}.${output}`,
    time: new Date(step.heardAt).toISOString(),
  };
}
