/**
 * A goal state as it was heard. A request in it that says something which this version of the agent does not know, of a newer control plane,
 * is none that could be done, and keeps no other from being done: it is answered by itself.
 */
import { messageOf, parseJson, parseValue } from '@sallyport/model';
import { goalExtensionSchema, type GoalExtension, type GoalState } from '@sallyport/model/wire';
import * as z from 'zod/mini';

/** A request that cannot be read, as far as it has to be to answer it. */
export interface UnknownRequest extends Pick<GoalExtension, 'resourceName' | 'operationId' | 'operationDone'> {
  readonly problem: string;
}

export interface HeardGoal extends GoalState {
  readonly notUnderstood?: readonly UnknownRequest[];
}

const envelopeSchema = z.object({
  machineId: z.string(),
  generation: z.int().check(z.minimum(0)),
  extensions: z.array(z.unknown()),
});
const subjectSchema = z.object({ resourceName: z.string(), operationId: z.string(), operationDone: z.boolean() });

/** Throws when it is no goal state, or holds a request that could not even be answered. */
export function parseGoal(text: string): HeardGoal {
  const what = 'The goal state';
  const { extensions: asked, ...envelope } = parseJson(envelopeSchema, text, what);
  const extensions: GoalExtension[] = [];
  const notUnderstood: UnknownRequest[] = [];
  for (const request of asked) {
    const known = goalExtensionSchema.safeParse(request);
    if (known.success) extensions.push(known.data);
    else notUnderstood.push({ ...parseValue(subjectSchema, request, what), problem: problemOf(request) });
  }
  return { ...envelope, extensions, ...(notUnderstood.length === 0 ? {} : { notUnderstood }) };
}

function problemOf(request: unknown): string {
  try {
    parseValue(goalExtensionSchema, request, 'The request');
    return '';
  } catch (error) {
    return messageOf(error);
  }
}
