/** What an order says. Every member is held against what the server is about to do; nothing is taken from it. */
import * as z from 'zod/mini';
import type { GoalExtension } from '../wire/goal-state.ts';
import { digestOfJson } from './digest.ts';

const text = z.string().check(z.maxLength(256));
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const time = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/));

/** What is ordered, without how long the order is good. */
const operationSchema = z.strictObject({
  /** The machine's id, lower case: it stands for the machine's key, so a machine that was connected anew is another one (T12). */
  machineId: text,
  resourceName: text,
  publisher: text,
  type: text,
  /** Its name within a handler that resources share. */
  extensionName: z.optional(text),
  /** Whether that means an installation, an update or an upgrade depends on what is there; the version is exact in any case. */
  desired: z.enum(['present', 'absent']),
  /** '' when absent is desired. */
  version: text,
  /** Each request has its own, so that none is carried out twice on one signature (T11). */
  operationId: text,
  /** Grows with each request; an order below one that was carried out is not taken any more (T11, T13). */
  sequence: z.int().check(z.minimum(0)),
  /** SHA-256 of the public settings, as canonical JSON. */
  settings: hash,
});
export type OrderedOperation = z.infer<typeof operationSchema>;

/**
 * Protected settings: none, those that the machine has, or what this signer sealed for the machine, by the SHA-256 of the sealed text. A
 * hash of the settings themselves would let everybody guess them.
 */
const protectedSettingsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('kept') }),
  z.strictObject({ kind: z.literal('sealed'), sealedText: hash }),
]);

export const orderSchema = z.strictObject({
  operation: operationSchema,
  protectedSettings: protectedSettingsSchema,
  /** By the server's clock. */
  notBefore: time,
  notAfter: time,
});
export type Order = z.infer<typeof orderSchema>;

/** What an entry of a goal state comes to, in the words of an order. */
export function orderedOperation(machineId: string, entry: GoalExtension): OrderedOperation {
  const { resourceName, publisher, type, extensionName, desired, version, operationId, sequence, settings } = entry;
  return {
    machineId: machineId.toLowerCase(),
    resourceName,
    publisher,
    type,
    ...(extensionName === undefined ? {} : { extensionName }),
    desired,
    version,
    operationId,
    sequence,
    settings: digestOfJson(settings),
  };
}
