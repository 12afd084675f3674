/** Disconnects this machine: the resource centrally, then what the machine knows of it. Extensions stay installed. */
import { readFileSync, rmSync } from 'node:fs';
import { AzcmError } from '../cli/azcm-error.ts';
import type { CommandContext } from '../cli/command.ts';
import { removeDurably } from '@sallyport/durable-files';
import { agentPaths } from '../platform/paths.ts';
import { checkpointFiles } from '../statements/kept-checkpoints.ts';
import { statementNumberFile } from '../statements/statement-number.ts';
import { connectionFiles, readAgentConfig, type AgentConfig } from './agent-config.ts';
import { azcmOf } from './azcm-of.ts';
import { silentWayFile } from './channel/silent-way.ts';
import { machineKeyFiles } from './machine-keyring.ts';
import { clientFor, signIn, type OperatorCredentials } from './operator.ts';

/** The connection there was. Throws AZCM0063 when there is none. */
export function connectionToEnd(root: string): AgentConfig {
  const config = readAgentConfig(root);
  if (config !== undefined) return config;
  throw new AzcmError('AZCM0063', 'This machine is not connected.');
}

/** Deletes the machine resource. Throws AZCM0041, AZCM0043 or AZCM0026; the machine stays connected then. */
export async function deleteResource(
  config: AgentConfig,
  credentials: OperatorCredentials,
  tenantId: string,
  context: CommandContext,
): Promise<void> {
  const { environment, voice, signal } = context;
  const authorities = config.ownAuthority
    ? readFileSync(connectionFiles(environment.root).authority, 'utf8')
    : undefined;
  const { endpoint } = config;
  const http = clientFor({ endpoint, authorities }, environment);
  try {
    const correlationId = environment.guid();
    const arm = await signIn({ http, endpoint, tenantId, credentials, correlationId, environment, voice, signal });
    voice.info(`Deleting resource...                 Correlation ID=${correlationId} Resource ID=${config.resourceId}`);
    await arm.deleteMachine(config.resourceId);
  } catch (error) {
    if (signal.aborted) throw error;
    throw azcmOf(error, 'AZCM0043');
  } finally {
    http.close();
  }
}

/**
 * Forgets the connection. The file that makes the machine connected goes first, so a crash leaves it unconnected. The key goes
 * too: the next connect makes another machine. The catalog's version floors stay, so that nobody can offer less than was seen.
 */
export function forgetConnection(root: string): void {
  const files = connectionFiles(root);
  const paths = agentPaths(root);
  removeDurably(paths.agentConfig);
  for (const key of Object.values(machineKeyFiles(paths.certificates))) rmSync(key, { force: true });
  rmSync(files.authority, { force: true });
  rmSync(files.pinnedRoot, { force: true });
  rmSync(statementNumberFile(root), { force: true });
  rmSync(silentWayFile(root), { force: true });
  // Of the control plane that this machine is connected to no more; what contradicted it stays.
  rmSync(checkpointFiles(root).directory, { recursive: true, force: true });
}
