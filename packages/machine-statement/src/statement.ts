/** A machine's statement: what it signs, and signing it. */
import type { KeyObject } from 'node:crypto';
import { agentConfigurationSchema } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import { signText } from './signed-text.ts';
import { mostSuccessions } from './succession.ts';

export const statementKind = 'sallyport-machine-statement';

const signedText = z.string().check(z.maxLength(16_384));

const signersSchema = z.object({
  needed: z.int().check(z.minimum(1)),
  signers: z.readonly(z.array(z.object({ name: z.string(), key: z.string() })).check(z.maxLength(64))),
});

export const statementSchema = z.object({
  vmId: z.string().check(z.regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)),
  /** ARM id of the resource that the machine is connected as. */
  resourceId: z.string(),
  /** Grows with each statement of a machine, so that an old one can be told from the newest by asking on the server. */
  number: z.int().check(z.minimum(1)),
  /** ISO 8601, by the machine's clock. */
  time: z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/)),
  /** The local controls in force. */
  agentConfiguration: agentConfigurationSchema,
  /** Who has to sign what the centre asks for, as the machine's administrator named them (T10); absent when nobody does. */
  signers: z.optional(signersSchema),
  /** Base64 of PKCS#1 DER: its hash is the machine's id. */
  firstKey: z.string().check(z.maxLength(4096)),
  /** Each later key, signed by the one before it. */
  successions: z.readonly(z.array(signedText).check(z.maxLength(mostSuccessions))),
  /** The newest checkpoint of the activity log that the machine was shown and keeps; countersigned by standing here. */
  checkpoint: z.optional(signedText),
});
export type Statement = z.infer<typeof statementSchema>;

/** Signs a statement with the key that its successions lead to. */
export function signStatement(statement: Statement, key: KeyObject): string {
  return signText(statementKind, statement, key);
}
