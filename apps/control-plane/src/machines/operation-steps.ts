/** The steps of an operation, in the order they were gone through: each state with the time it was reached. */
import { isTerminal, type OperationState } from '@sallyport/model';
import { operationStateSchema, type PassedState } from '@sallyport/model/wire';
import * as z from 'zod/mini';

const stepsSchema = z.array(z.object({ state: operationStateSchema, time: z.string() }));
export type OperationStep = z.infer<typeof stepsSchema>[number];

/** Most steps that are kept: an agent that starts over again and again does not grow the row without end (T19). */
export const mostSteps = 64;

/** Reads the stored text. */
export function readSteps(text: string): readonly OperationStep[] {
  return z.parse(stepsSchema, JSON.parse(text));
}

/** The steps with one more, or undefined when that very step is there already: reports may be sent twice. */
export function withStep(
  steps: readonly OperationStep[],
  state: OperationState,
  time: string,
): readonly OperationStep[] | undefined {
  if (steps.some((step) => step.state === state && step.time === time)) return undefined;
  const next = [...steps, { state, time }];
  return next.length > mostSteps ? [...next.slice(0, 2), ...next.slice(next.length - mostSteps + 2)] : next;
}

/** The steps with those that a machine has gone through since it last told of one. How it ends, and what the centre says, is not among them. */
export function withPassed(
  steps: readonly OperationStep[],
  passed: readonly PassedState[] | undefined,
): readonly OperationStep[] {
  return (passed ?? [])
    .filter(({ state }) => !isTerminal(state) && state !== 'Accepted' && state !== 'Delivered')
    .reduce((so, { state, time }) => withStep(so, state, time) ?? so, steps);
}
