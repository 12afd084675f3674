/**
 * Connects this machine: key, resource, then the one file that makes it so. A connect that was interrupted is repaired by
 * running it again; one that failed leaves the machine unconnected (T76: the catalog root is pinned here, never learned).
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { messageOf } from '@sallyport/model';
import { AzcmError } from '../cli/azcm-error.ts';
import type { CommandContext } from '../cli/command.ts';
import { ensureDirectory } from '../platform/directory.ts';
import { writeDurably } from '@sallyport/durable-files';
import { agentPaths } from '../platform/paths.ts';
import { connectionFiles, readAgentConfig, writeAgentConfig, type AgentConfig } from './agent-config.ts';
import type { ArmClient, ArmMachine } from './arm-client.ts';
import { azcmOf } from './azcm-of.ts';
import type { ConnectRequest } from './connect-request.ts';
import { ServerRefusal } from './json-answer.ts';
import { createMachineKey, readMachineKey, type MachineKey } from './machine-key.ts';
import { clientFor, readOptionFile, signIn } from './operator.ts';

/** Connects and returns where. Throws the AZCM error of whatever stood against it. */
export async function connect(request: ConnectRequest, context: CommandContext): Promise<AgentConfig> {
  const { environment, voice, signal } = context;
  refuseWhenConnected(environment.root);
  const authorities = request.caFile === undefined ? undefined : authority(request.caFile);
  const pinnedRoot = await checkedCatalogRoot(request, environment.root);
  voice.info(`Endpoint: ${request.endpoint}`);
  progress(context, 20);
  const http = clientFor({ endpoint: request.endpoint, authorities }, environment);
  try {
    const { endpoint, tenantId, credentials, correlationId } = request;
    const arm = await signIn({ http, endpoint, tenantId, credentials, correlationId, environment, voice, signal });
    const key = await machineKey(environment.root);
    voice.info(`Creating resource...                 Correlation ID=${correlationId} Resource=${request.resourceName}`);
    const machine = await createResource(arm, request, key, signal);
    keepFiles(environment.root, authorities, pinnedRoot);
    const config = configOf(request, machine, authorities !== undefined, new Date(environment.now()).toISOString());
    writeAgentConfig(environment.root, config);
    progress(context, 100);
    return config;
  } finally {
    http.close();
  }
}

function refuseWhenConnected(root: string): void {
  const existing = readAgentConfig(root);
  if (existing === undefined) return;
  throw new AzcmError('AZCM0067', `This machine is already connected as ${existing.resourceId}.`, [
    'To connect it elsewhere run first: azcmagent disconnect',
  ]);
}

function authority(path: string): string {
  const text = readOptionFile('ca-file', path).toString('utf8');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new AzcmError('AZCM0023', `--ca-file: ${path} holds no certificate in PEM form.`);
}

/** The root of the catalog to trust, checked: from the option, or brought by the agent's package. Never from the network. */
async function checkedCatalogRoot(request: ConnectRequest, root: string): Promise<Buffer> {
  const installed = agentPaths(root).installedCatalogRoot;
  if (request.catalogRootFile === undefined && !existsSync(installed)) {
    throw new AzcmError('AZCM0016', `--catalog-root is missing, and there is no ${installed}.`, [
      'Give the root.json of the gallery whose packages this machine shall trust; get it on a way you trust.',
    ]);
  }
  const bytes =
    request.catalogRootFile === undefined
      ? readFileSync(installed)
      : readOptionFile('catalog-root', request.catalogRootFile);
  try {
    const { openCatalog } = await import('@sallyport/catalog');
    openCatalog({ directory: agentPaths(root).catalog, pinnedRoot: bytes, fetch: async () => 'missing' as const });
  } catch (error) {
    throw new AzcmError('AZCM0023', `The catalog root cannot be used: ${messageOf(error)}`, [], { cause: error });
  }
  return bytes;
}

interface StoredKey extends MachineKey {
  readonly path: string;
  /** Made by this call. */
  readonly fresh: boolean;
}

/** The key of an interrupted connect is used again, so that the machine comes back as the one it was about to be. */
async function machineKey(root: string): Promise<StoredKey> {
  const path = connectionFiles(root).machineKey;
  try {
    const kept = readMachineKey(path);
    if (kept !== undefined) return { ...kept, path, fresh: false };
    return { ...(await createMachineKey(path)), path, fresh: true };
  } catch (error) {
    throw new AzcmError(
      'AZCM0103',
      `The key of this machine cannot be made or read (${path}): ${messageOf(error)}`,
      [],
      {
        cause: error,
      },
    );
  }
}

async function createResource(
  arm: ArmClient,
  request: ConnectRequest,
  key: StoredKey,
  signal: AbortSignal,
): Promise<ArmMachine> {
  const { location, tags, privateLinkScope } = request;
  try {
    const machine = { location, tags, privateLinkScope, vmId: key.vmId, clientPublicKey: key.clientPublicKey };
    try {
      return await arm.putMachine(request, machine);
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.code !== 'ResourceGroupNotFound') throw error;
    }
    // Only when it is missing: credentials that may only connect machines may neither see nor make groups.
    await arm.makeResourceGroup(request, location);
    return await arm.putMachine(request, machine);
  } catch (error) {
    if (signal.aborted) throw error;
    // A clear no means that no resource knows this key; without an answer it may, and the next connect needs it.
    if (error instanceof ServerRefusal && key.fresh) rmSync(key.path, { force: true });
    throw azcmOf(error, 'AZCM0042');
  }
}

function keepFiles(root: string, authorities: string | undefined, pinnedRoot: Buffer): void {
  const files = connectionFiles(root);
  const paths = agentPaths(root);
  ensureDirectory(paths.certificates, 0o755);
  ensureDirectory(paths.catalog, 0o700);
  if (authorities !== undefined) writeDurably(files.authority, authorities, 0o644);
  writeDurably(files.pinnedRoot, pinnedRoot, 0o644);
}

function configOf(
  request: ConnectRequest,
  machine: ArmMachine,
  ownAuthority: boolean,
  connectedAt: string,
): AgentConfig {
  return {
    format: 1,
    endpoint: request.endpoint,
    catalogUrl: request.catalogUrl,
    tenantId: machine.identity.tenantId,
    subscriptionId: request.subscriptionId,
    resourceGroup: request.resourceGroup,
    resourceName: machine.name,
    resourceId: machine.id,
    location: machine.location,
    vmId: machine.properties.vmId,
    principalId: machine.identity.principalId,
    correlationId: request.correlationId,
    ownAuthority,
    ...(request.privateLinkScope === undefined ? {} : { privateLinkScopeResourceId: request.privateLinkScope }),
    connectedAt,
  };
}

function progress({ voice }: CommandContext, percent: 20 | 100): void {
  const bar = percent === 100 ? '='.repeat(15) : '==>'.padEnd(15);
  voice.line(`${String(percent).padStart(4)}% [${bar}]`);
}
