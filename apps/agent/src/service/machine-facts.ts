/** What `azcmagent show` shows, in its order. Reads state files only; needs no agent to be running (arc-agent §1.5). */
import type { DatabaseServer } from '@sallyport/model/wire';
import { join } from 'node:path';
import { agentConfigurationOf, strandedBy } from '@sallyport/local-controls';
import { formatExtensionName, messageOf } from '@sallyport/model';
import { describeCatalog } from '../catalog-watch/describe-catalog.ts';
import { readCatalogStatus } from '../catalog-watch/catalog-status.ts';
import { readControls } from '../config/read-controls.ts';
import { readAgentConfig, type AgentConfig } from '../connection/agent-config.ts';
import { agentVersion } from '../connection/agent-version.ts';
import { systemFacts } from '../connection/system-facts.ts';
import { installNetworkWord } from '../extensions/network/command-network.ts';
import { describeIsolation } from '../extensions/network/network-isolation.ts';
import { describeMechanism, groupMechanism } from '../extensions/limits/group-mechanism.ts';
import { readGroupFacts } from '../extensions/limits/read-group-facts.ts';
import { readEndpointStatus } from '../metadata-service/endpoint-status.ts';
import { extensionStore } from '../extensions/state/extension-store.ts';
import { isWorking } from '../extensions/state/installed-extension.ts';
import { administratorOf, type Environment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { lockHolder } from '../platform/process-lock.ts';
import { checkpointFiles, describeKept } from '../statements/kept-checkpoints.ts';
import { readStatementNumber } from '../statements/statement-number.ts';
import { agentLockPath } from './agent-status.ts';
import { connectionStatus, statusOfConnection } from './connection-status.ts';

export interface Fact {
  /** As in the text. */
  readonly name: string;
  /** As in the JSON. */
  readonly key: string;
  /** Undefined for a heading. */
  readonly value: string | undefined;
  readonly indent?: true;
}

export function machineFacts(environment: Environment): readonly Fact[] {
  const { config, problem } = configOf(environment);
  const agent = statusOfConnection(environment, config);
  const system = systemFacts();
  const controls = agentConfigurationOf(readControls(environment));
  const running = lockHolder(agentLockPath(environment.root)) !== undefined;
  const active = (is: boolean): string => (is ? 'active' : 'inactive');
  const runs = (server: DatabaseServer): string => String(system.databaseServers?.includes(server) ?? false);
  return [
    fact('Resource Name', 'resourceName', config?.resourceName),
    fact('Resource Group Name', 'resourceGroup', config?.resourceGroup),
    fact('Resource Namespace', 'resourceNamespace', 'Microsoft.HybridCompute'),
    fact('Resource Id', 'resourceId', config?.resourceId),
    fact('Private Link Scope', 'privateLinkScope', config?.privateLinkScopeResourceId),
    fact('Subscription ID', 'subscriptionId', config?.subscriptionId),
    fact('Tenant ID', 'tenantId', config?.tenantId),
    fact('VM ID', 'vmId', config?.vmId),
    fact('Correlation ID', 'correlationId', config?.correlationId),
    fact('VM UUID', 'vmUuid', system.vmUuid),
    fact('Location', 'location', config?.location),
    fact('Cloud', 'cloud', config?.endpoint),
    fact('Identity Key Store', 'identityKeyStore', 'Default'),
    fact('Machine Key Expires', 'machineKeyExpires', agent?.keyExpires),
    fact('Agent Version', 'agentVersion', agentVersion),
    fact('Agent Logfile', 'agentLogfile', join(agentPaths(environment.root).logs, 'himds.log')),
    fact('Agent Status', 'status', connectionStatus(environment, config, agent)),
    fact('Agent Last Heartbeat', 'lastHeartbeat', agent?.lastHeartbeat),
    fact('Agent Error Code', 'errorCode', problem === undefined ? agent?.errorCode : 'ConfigurationUnreadable'),
    fact('Agent Error Details', 'errorDetails', problem ?? agent?.errorDetails),
    fact('Agent Error Timestamp', 'errorTimestamp', agent?.errorTime),
    fact('Using HTTPS Proxy', 'httpsProxy', controls.proxyUrl),
    fact('Proxy Bypass List', 'proxyBypass', controls.proxyBypass.join(',')),
    fact('Upstream Proxy', 'upstreamProxy', undefined),
    fact('Gateway URL', 'gatewayUrl', undefined),
    fact('Cloud Provider', 'cloudProvider', 'N/A'),
    { name: 'Cloud Metadata', key: 'cloudMetadata', value: undefined },
    fact('Manufacturer', 'manufacturer', system.manufacturer),
    fact('Model', 'model', system.model),
    fact('MSSQL Server Detected', 'mssqlDetected', runs('mssql')),
    fact('MySQL Server Detected', 'mysqlDetected', runs('mysql')),
    fact('PGSQL Server Detected', 'pgsqlDetected', runs('postgresql')),
    { name: 'Dependent Service Status', key: 'dependentServiceStatus', value: undefined },
    { ...fact('Agent Service (himdsd)', 'agentService', active(running)), indent: true },
    { ...fact('Azure Arc Proxy (arcproxyd)', 'arcProxyService', active(false)), indent: true },
    {
      ...fact('Extension Service (extd)', 'extensionService', active(running && controls.extensionsEnabled === 'true')),
      indent: true,
    },
    { ...fact('GC Service (gcad)', 'guestConfigurationService', active(false)), indent: true },
    fact('Portal Page', 'portalPage', undefined),
    fact('Disabled Features', 'disabledFeatures', undefined),
    fact(
      'Signed Catalog',
      'signedCatalog',
      config && describeCatalog(readCatalogStatus(environment.root), environment.now()),
    ),
    fact('Last Signed Statement', 'lastSignedStatement', lastStatement(environment.root)),
    fact('Activity Log Kept', 'activityLogKept', activityLogKept(environment.root)),
    fact('Extension Limits', 'extensionLimits', agent?.extensionLimits ?? limitsHere(environment)),
    fact(
      'Network of Installs',
      'installNetwork',
      `${readInstallNetwork(environment)}; ${describeIsolation(administratorOf(environment), environment.uid)}`,
    ),
    fact('Local Identity Endpoint', 'localIdentityEndpoint', running ? localEndpoint(environment.root) : undefined),
    fact('Stranded Extensions', 'strandedExtensions', strandedExtensions(environment).join(', ')),
    fact('Agent Auto Upgrade Task Status', 'autoUpgradeTaskStatus', 'disabled'),
  ];
}

/** What is set for commands that install (T43). */
function readInstallNetwork(environment: Environment): string {
  return installNetworkWord(readControls(environment));
}

/** What an agent started now would say: the running one has said it, maybe as somebody else than whoever asks. */
function limitsHere(environment: Environment): string {
  return describeMechanism(groupMechanism(readGroupFacts(administratorOf(environment))));
}

/** Its address, and what stands against it: a program that has taken the port may be passing for it (T61). */
function localEndpoint(root: string): string {
  const { url = '', problem = '' } = readEndpointStatus(root) ?? {};
  return [url, problem].filter((text) => text !== '').join(' – ');
}

/** Compared with what is shown centrally: an older one there is not the newest (T16). */
function lastStatement(root: string): string | undefined {
  try {
    const last = readStatementNumber(root);
    return last === undefined ? undefined : `${last.number}, ${last.time}`;
  } catch (error) {
    return messageOf(error);
  }
}

/** Up to where the activity log is vouched for here, and whether the centre has contradicted itself (T15). */
function activityLogKept(root: string): string | undefined {
  const kept = describeKept(root);
  if (kept === undefined) return undefined;
  const { directory } = checkpointFiles(root);
  const upTo = `up to position ${kept.position}, in ${directory}`;
  return kept.contradicted === 0 ? upTo : `${upTo}; CONTRADICTED, see ${directory}.until-*`;
}

/** Those that were installed before a list was set and can neither be reconfigured nor upgraded (S4.6). */
function strandedExtensions(environment: Environment): readonly string[] {
  const reading = readControls(environment);
  const { extensions } = extensionStore(agentPaths(environment.root).extensionLogs).list();
  return extensions
    .filter((extension) => isWorking(extension) && strandedBy(extension.name, reading) !== undefined)
    .map(({ name }) => formatExtensionName(name));
}

function fact(name: string, key: string, value: string | undefined): Fact {
  return { name, key, value: value ?? '' };
}

function configOf(environment: Environment): { readonly config?: AgentConfig; readonly problem?: string } {
  try {
    const config = readAgentConfig(environment.root);
    return config === undefined ? {} : { config };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
