/** What a running operation is at: as the machine said it, and when it was heard. */
import { stepProgressSchema, type InstanceStatus, type StepProgress } from '@sallyport/model/wire';
import * as z from 'zod/mini';

const progressSchema = z.object({ step: stepProgressSchema, heardAt: z.number() });

/** The text to store. `now` is the centre's clock. */
export function formatProgress(step: StepProgress, now: number): string {
  return JSON.stringify({ step, heardAt: now });
}

/** The step as it is shown beside the states gone through: what, since when, until when at most, and the end of the output. */
export function progressStatus(text: string | null, now: number): InstanceStatus | undefined {
  if (text === null) return undefined;
  const { step, heardAt } = z.parse(progressSchema, JSON.parse(text));
  const begun = heardAt - step.elapsedSeconds * 1000;
  const elapsed = Math.max(0, Math.round((now - begun) / 1000));
  const deadline = new Date(begun + step.limitSeconds * 1000).toISOString();
  const limit = `for ${elapsed} s; ends by ${deadline} at the latest (${Math.round(step.limitSeconds)} s)`;
  const output = step.output === undefined || step.output === '' ? '' : `\nOutput so far:\n${step.output}`;
  return {
    code: `Sallyport/Step/${step.name}`,
    level: 'Information',
    displayStatus: step.name,
    message: `${step.message}, ${limit}.${output}`,
    time: new Date(heardAt).toISOString(),
  };
}
