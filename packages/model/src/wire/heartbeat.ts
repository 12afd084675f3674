/**
 * `POST /agent/v1/machines/{vmId}/heartbeat`: the heartbeat is the doorbell. The request carries the heartbeat up, is held,
 * and is answered early when the goal state's generation is no longer the one the agent has seen.
 */
import * as z from 'zod/mini';
import { agentConfigurationSchema, serviceStatusesSchema } from './agent-configuration.ts';

export type DatabaseServer = 'mssql' | 'mysql' | 'postgresql';

export const systemFactsSchema = z.object({
  computerName: z.string(),
  machineFqdn: z.string(),
  osName: z.string(),
  osVersion: z.string(),
  osSku: z.string(),
  osType: z.enum(['linux', 'windows']),
  vmUuid: z.string(),
  manufacturer: z.string(),
  model: z.string(),
  /** Those that run there (`DatabaseServer`); older agents do not say, and newer ones may know more. */
  databaseServers: z.optional(z.readonly(z.array(z.string().check(z.maxLength(64))))),
});
export type SystemFacts = z.infer<typeof systemFactsSchema>;

export const heartbeatRequestSchema = z.object({
  agentVersion: z.string(),
  /**
   * What the last answer said, repeated; absent for the first of a process. Two agents with one identity cannot both repeat
   * what the other was told, which is how a copied machine is noticed (T73).
   */
  beat: z.optional(z.string().check(z.maxLength(64))),
  /** The generation of the goal state that the agent has last fetched; 0 for none. */
  generation: z.int().check(z.minimum(0)),
  /** How long the agent will wait for the answer, in seconds; 0 asks for an answer at once. The centre may answer sooner. */
  holdSeconds: z.int().check(z.minimum(0), z.maximum(600)),
  agentConfiguration: agentConfigurationSchema,
  serviceStatuses: serviceStatusesSchema,
  system: systemFactsSchema,
});
export type HeartbeatRequest = z.infer<typeof heartbeatRequestSchema>;

/**
 * A heartbeat whose machine has nothing new to say of itself: what it would say is what the centre has called `contentHash` (decision
 * 0245). Answered {@link contentUnknown} when that is not what the centre holds of this machine; it is said whole then.
 */
export const unchangedHeartbeatSchema = z.object({
  beat: heartbeatRequestSchema.shape.beat,
  generation: heartbeatRequestSchema.shape.generation,
  holdSeconds: heartbeatRequestSchema.shape.holdSeconds,
  contentHash: z.string().check(z.minLength(1), z.maxLength(64)),
});
export type UnchangedHeartbeat = z.infer<typeof unchangedHeartbeatSchema>;

/** The code of that answer. */
export const contentUnknown = 'HeartbeatContentUnknown';

export const heartbeatResponseSchema = z.object({
  /** The generation now wanted. Different from the one sent: fetch the goal state. A hint, never authority. */
  generation: z.int().check(z.minimum(0)),
  /** To be repeated in the next heartbeat. */
  beat: z.optional(z.string().check(z.maxLength(64))),
  /** How long the machine's key is good, by the centre's clock, and whether it is time for another. */
  key: z.optional(z.object({ expiresAt: z.string().check(z.maxLength(64)), renew: z.boolean() })),
  /** What the centre calls what this heartbeat said. Older ones, and answers to unchanged heartbeats, do not say. */
  contentHash: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
});
export type HeartbeatResponse = z.infer<typeof heartbeatResponseSchema>;
