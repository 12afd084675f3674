/** What one machine is to have of one extension: the stored half of a goal state. */
import { protectedSettingsSchema } from '@sallyport/model/wire';
import * as z from 'zod/mini';

export const extensionGoalSchema = z.object({
  desired: z.enum(['present', 'absent']),
  /** Its name within a handler that it shares with other resources. */
  extensionName: z.optional(z.string()),
  version: z.string(),
  /** Of the package, lower-case hex; '' when absent is desired. */
  sha256: z.string(),
  operationId: z.string(),
  /** Somebody wants the operation to end where it is. */
  cancel: z.optional(z.boolean()),
  sequence: z.int(),
  settings: z.nullable(z.record(z.string(), z.unknown())),
  protectedSettings: protectedSettingsSchema,
});
export type ExtensionGoal = z.infer<typeof extensionGoalSchema>;

/** Reads the stored text; null stays null. */
export function readGoal(text: string | null): ExtensionGoal | undefined {
  return text === null ? undefined : z.parse(extensionGoalSchema, JSON.parse(text));
}
