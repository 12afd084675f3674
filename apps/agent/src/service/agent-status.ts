/** What the running agent tells other processes of this machine, for `azcmagent show`. Lost with a reboot, and no secret. */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { ensureDirectory } from '../platform/directory.ts';
import { readJsonFile, showJsonFile } from '../platform/json-file.ts';
import { agentPaths } from '../platform/paths.ts';

const agentStatusSchema = z.object({
  format: z.literal(1),
  vmId: z.string(),
  /** ISO 8601, UTC; '' for none yet. */
  lastHeartbeat: z.string(),
  errorCode: z.string(),
  errorDetails: z.string(),
  errorTime: z.string(),
  /** Until when the machine's key is good, as the centre last said. ISO 8601. */
  keyExpires: z.optional(z.string()),
  /** With what extensions are kept within limits, in the words of `azcmagent show`. */
  extensionLimits: z.optional(z.string()),
});
export type AgentStatus = z.infer<typeof agentStatusSchema>;

function path(root: string): string {
  return join(agentPaths(root).run, 'status.json');
}

/** The status; undefined when no agent has run since the machine started, or the file cannot be read. */
export function readAgentStatus(root: string): AgentStatus | undefined {
  try {
    return readJsonFile(path(root), agentStatusSchema);
  } catch {
    // Only shown, never relied on.
    return undefined;
  }
}

export function writeAgentStatus(root: string, status: AgentStatus): void {
  ensureDirectory(agentPaths(root).run, 0o755);
  showJsonFile(path(root), status, 0o644);
}

/** Held by the one process that runs the agent of a root. */
export function agentLockPath(root: string): string {
  return join(agentPaths(root).run, 'agent.lock');
}

/** Held by the process of the extension manager, which may outlive the agent that started it by a moment. */
export function extensionLockPath(root: string): string {
  return join(agentPaths(root).run, 'extensions.lock');
}
