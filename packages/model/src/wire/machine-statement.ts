/**
 * `POST /agent/v1/machines/{vmId}/statements`: a machine brings what it signed of itself, and is shown where the activity log stands.
 * What is inside the statement is of `@sallyport/machine-statement`.
 */
import * as z from 'zod/mini';

export const statementRequestSchema = z.object({ statement: z.string().check(z.minLength(1)) });
export type StatementRequest = z.infer<typeof statementRequestSchema>;

const coordinate = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));
export const checkpointKeySchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
});
/** The public key of checkpoints, as a JWK. */
export type CheckpointKey = z.infer<typeof checkpointKeySchema>;

export const statementAnswerSchema = z.object({
  /** The newest signed checkpoint of the activity log, for the machine to keep (T15, T67); absent while there is none. */
  checkpoint: z.optional(z.string().check(z.maxLength(8192))),
  checkpointKey: z.optional(checkpointKeySchema),
});
export type StatementAnswer = z.infer<typeof statementAnswerSchema>;
