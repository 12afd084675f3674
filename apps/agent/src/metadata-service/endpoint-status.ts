/** Where the local endpoint listens, or why it does not, for `azcmagent show`. Lost with a reboot, and no secret. */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { ensureDirectory } from '../platform/directory.ts';
import { readJsonFile, writeJsonFile } from '../platform/json-file.ts';
import { agentPaths } from '../platform/paths.ts';

const endpointStatusSchema = z.object({
  format: z.literal(1),
  /** `http://127.0.0.1:40342`; '' when it does not listen. */
  url: z.string(),
  /** A sentence; '' when all is well. */
  problem: z.string(),
});
export type EndpointStatus = z.infer<typeof endpointStatusSchema>;

function path(root: string): string {
  return join(agentPaths(root).run, 'metadata-service.json');
}

/** The status; undefined when no agent has run since the machine started, or the file cannot be read. */
export function readEndpointStatus(root: string): EndpointStatus | undefined {
  try {
    return readJsonFile(path(root), endpointStatusSchema);
  } catch {
    // Only shown, never relied on.
    return undefined;
  }
}

/** Tells it. A disk that does not take it is no reason to stop. */
export function writeEndpointStatus(root: string, status: Omit<EndpointStatus, 'format'>): void {
  try {
    ensureDirectory(agentPaths(root).run, 0o755);
    writeJsonFile(path(root), { format: 1, ...status }, 0o644);
  } catch {
    // Only shown; the endpoint itself serves.
  }
}
