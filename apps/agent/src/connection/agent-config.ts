/** `agentconfig.json`: where this machine is connected. No secrets; anyone on the machine may read it. */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../platform/json-file.ts';
import { fileStamp } from '../platform/file-stamp.ts';
import { agentPaths } from '../platform/paths.ts';
import { machineKeyFiles } from './machine-keyring.ts';

const agentConfigSchema = z.object({
  format: z.literal(1),
  /** Origin of the control plane: `https://host[:port]`. */
  endpoint: z.string(),
  /** Where the signed catalog is fetched from; ends with a slash. */
  catalogUrl: z.string(),
  tenantId: z.string(),
  subscriptionId: z.string(),
  resourceGroup: z.string(),
  resourceName: z.string(),
  resourceId: z.string(),
  location: z.string(),
  vmId: z.string(),
  /** The machine's principal: what it signs in as. */
  principalId: z.string(),
  correlationId: z.string(),
  /** Whether the control plane's own authority is in `certs/ca.pem`; otherwise the system's are asked. */
  ownAuthority: z.boolean(),
  /** The private link scope it was connected with: then nothing is contacted but the control plane (S1.5). */
  privateLinkScopeResourceId: z.optional(z.string()),
  /** ISO 8601, UTC. */
  connectedAt: z.string(),
});
export type AgentConfig = z.infer<typeof agentConfigSchema>;

/** Where the machine is connected; undefined when it is not. Throws when the file cannot be trusted. */
export function readAgentConfig(root: string): AgentConfig | undefined {
  return readJsonFile(agentPaths(root).agentConfig, agentConfigSchema);
}

/** The same of the moment, for somebody who asks again and again: read when the file is another one. */
export function followAgentConfig(root: string): () => AgentConfig | undefined {
  const { agentConfig } = agentPaths(root);
  let known: { readonly stamp: string; readonly config: AgentConfig | undefined } | undefined;
  return () => {
    const stamp = fileStamp(agentConfig);
    if (known?.stamp !== stamp) known = { stamp, config: readAgentConfig(root) };
    return known.config;
  };
}

/** Makes the connection known to the agent. Written last: with it the machine is connected, without it it is not. */
export function writeAgentConfig(root: string, config: AgentConfig): void {
  writeJsonFile(agentPaths(root).agentConfig, config, 0o644);
}

/** Files that belong to a connection, beside `agentconfig.json`. */
export function connectionFiles(root: string): {
  readonly machineKey: string;
  readonly authority: string;
  readonly pinnedRoot: string;
} {
  const paths = agentPaths(root);
  return {
    machineKey: machineKeyFiles(paths.certificates).current,
    authority: join(paths.certificates, 'ca.pem'),
    pinnedRoot: join(paths.catalog, 'pinned-root.json'),
  };
}
