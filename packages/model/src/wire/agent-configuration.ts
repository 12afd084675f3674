/** What a machine tells the centre of its local controls: read-only there (arc-agent §2, S4.1, S4.10). */
import * as z from 'zod/mini';

const listEntry = z.object({ publisher: z.string(), type: z.string() });

/** Microsoft's shape, `enabled` words as strings included: it is served as is under `properties.agentConfiguration`. */
export const agentConfigurationSchema = z.object({
  proxyUrl: z.string(),
  incomingConnectionsPorts: z.array(z.string()),
  extensionsAllowList: z.array(listEntry),
  extensionsBlockList: z.array(listEntry),
  proxyBypass: z.array(z.string()),
  extensionsEnabled: z.string(),
  guestConfigurationEnabled: z.string(),
  configMode: z.enum(['full', 'monitor']),
});
export type AgentConfiguration = z.infer<typeof agentConfigurationSchema>;

const serviceStatus = z.object({ status: z.string(), startupType: z.string() });
export const serviceStatusesSchema = z.object({
  extensionService: serviceStatus,
  guestConfigurationService: serviceStatus,
});
export type ServiceStatuses = z.infer<typeof serviceStatusesSchema>;
