/**
 * `GET /agent/v1/machines/{vmId}/goal-state`: what the centre wants of one machine. A desired state, not a queue: it can be
 * fetched again at any time and losing one costs latency only. It proposes; the agent decides and the catalog proves.
 */
import * as z from 'zod/mini';

/** Protected settings: none, sealed to this machine (JWE, erased centrally once reported as stored), or stored before. */
export const protectedSettingsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('sealed'), jwe: z.string() }),
  z.object({ kind: z.literal('delivered') }),
]);
export type ProtectedSettings = z.infer<typeof protectedSettingsSchema>;

/** One of each signer that a server can name. */
export const mostPresentedOrders = 16;

/** A signed order, for whoever knows the signer's key (`@sallyport/model/orders`). */
export const presentedOrderSchema = z.object({
  /** The signer's public key: Ed25519, base64url. */
  signer: z.string().check(z.maxLength(64)),
  order: z.string().check(z.maxLength(8192)),
  /** The protected settings as the signer sealed them for the machine (JWE). */
  sealed: z.optional(z.string()),
});
export type PresentedOrder = z.infer<typeof presentedOrderSchema>;

const nonNegative = z.int().check(z.minimum(0));

export const goalExtensionSchema = z.object({
  /** The name of the ARM resource, which need not be the extension's. */
  resourceName: z.string(),
  publisher: z.string(),
  type: z.string(),
  /**
   * The extension's name within its handler, when several resources share it (handler contract §5). Names files of the handler,
   * so it is as narrow as file names have to be.
   */
  extensionName: z.optional(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/))),
  desired: z.enum(['present', 'absent']),
  /** Exact version, resolved centrally from the catalog; '' when absent is desired. */
  version: z.string(),
  /** The operation that last changed this entry. Reports carry it back. */
  operationId: z.string(),
  /** Whether that operation is over. An agent still converges on the entry, and reports only what changed. */
  operationDone: z.boolean(),
  /** The operation shall end where it is. It is then reported as canceled and not begun again. */
  cancel: z.optional(z.boolean()),
  /** Extensions of lower levels come first, and go last; one that fails holds up those of higher levels (handler contract §6). */
  dependencyLevel: z.optional(z.int()),
  /** The resources that have to come before this one. Without, all of lower levels; a level that is not lower never counts. */
  dependsOn: z.optional(z.array(z.string())),
  /** Grows with each change of settings or version; the handler's sequence number. */
  sequence: nonNegative,
  settings: z.nullable(z.record(z.string(), z.unknown())),
  protectedSettings: protectedSettingsSchema,
  /** Where the bytes may be had, best first. Hints: hosts change (S1.4) and the catalog decides what is accepted. */
  packageUrls: z.array(z.string()),
  /** What operators signed of the operation while it is not over (T10). Carried, never believed: the agent verifies all of it. */
  orders: z.optional(z.array(presentedOrderSchema).check(z.maxLength(mostPresentedOrders))),
});
export type GoalExtension = z.infer<typeof goalExtensionSchema>;

export const goalStateSchema = z.object({
  machineId: z.string(),
  /** Grows with every change of the machine's goal state. */
  generation: nonNegative,
  extensions: z.array(goalExtensionSchema),
});
export type GoalState = z.infer<typeof goalStateSchema>;

/** Header fields that bind sealed settings to their use (T51); the agent refuses any other combination. */
export interface SealedSettingsBinding {
  readonly machineId: string;
  readonly resourceName: string;
  /** `publisher/type` in lower case: another extension under the same resource name must not get them. */
  readonly extension: string;
  readonly operationId: string;
  readonly sequence: number;
}
