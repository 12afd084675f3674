import { messageOf, parseValue } from '@sallyport/model';
import type * as z from 'zod/mini';
import { ArmError } from './arm-error.ts';

/** The body of a write, checked. Throws {@link ArmError} `InvalidRequestContent` that names the first thing wrong. */
export function parseBody<T>(schema: z.ZodMiniType<T>, body: unknown): T {
  try {
    return parseValue(schema, body ?? {}, 'The request body');
  } catch (error) {
    throw new ArmError('InvalidRequestContent', messageOf(error));
  }
}
