/** Every path of the agent, under the environment's root. Names are those of a real machine (arc-agent §5.5, §8.9). */
import { join } from 'node:path';

export interface AgentPaths {
  /** `/var/opt/azcmagent`: configuration, keys, logs. */
  readonly data: string;
  /** The local controls, 0644: anyone may read what is in force (S4.10). */
  readonly localConfig: string;
  /** What of the local configuration is secret, 0600. */
  readonly localSecrets: string;
  /** What `connect` found out: where the machine is connected. 0644, no secrets. */
  readonly agentConfig: string;
  /** `/var/opt/azcmagent/certs`: the machine's key (0600) and the control plane's CA. */
  readonly certificates: string;
  /** `/var/opt/azcmagent/tokens`: challenge files of the local identity endpoint. */
  readonly tokens: string;
  /** Pinned root and trusted metadata of the signed catalog. */
  readonly catalog: string;
  /** Where a package of the agent itself puts the catalog root to trust: `/opt/azcmagent/catalog/root.json`. */
  readonly installedCatalogRoot: string;
  /** `/var/opt/azcmagent/log`. */
  readonly logs: string;
  /** `/var/lib/GuestConfig`: state of the extension manager. */
  readonly guestConfig: string;
  /** Packages on their way, private to root. */
  readonly downloads: string;
  /** `/var/lib/GuestConfig/ext_mgr_logs`. */
  readonly managerLogs: string;
  /** `/var/lib/GuestConfig/extension_logs/<Publisher.Type>-<version>/state.json`. */
  readonly extensionLogs: string;
  /** `/var/lib/waagent`: installed handlers, 0700 (handler contract §1). */
  readonly handlers: string;
  /** `/var/log/azure/<Publisher.Type>`: logs of handlers. */
  readonly handlerLogs: string;
  /** `/run/azcmagent`: locks, sockets, what a reboot may lose. */
  readonly run: string;
}

/** Where clients of the local identity endpoint look for challenge files, within the machine's root. They insist on it. */
export const tokensDirectory = '/var/opt/azcmagent/tokens';

/** The paths under a root. */
export function agentPaths(root: string): AgentPaths {
  const under = (path: string): string => join(root, path);
  return {
    data: under('/var/opt/azcmagent'),
    localConfig: under('/var/opt/azcmagent/localconfig.json'),
    localSecrets: under('/var/opt/azcmagent/localsecrets.json'),
    agentConfig: under('/var/opt/azcmagent/agentconfig.json'),
    certificates: under('/var/opt/azcmagent/certs'),
    tokens: under(tokensDirectory),
    catalog: under('/var/opt/azcmagent/catalog'),
    installedCatalogRoot: under('/opt/azcmagent/catalog/root.json'),
    logs: under('/var/opt/azcmagent/log'),
    guestConfig: under('/var/lib/GuestConfig'),
    downloads: under('/var/lib/GuestConfig/downloads'),
    managerLogs: under('/var/lib/GuestConfig/ext_mgr_logs'),
    extensionLogs: under('/var/lib/GuestConfig/extension_logs'),
    handlers: under('/var/lib/waagent'),
    handlerLogs: under('/var/log/azure'),
    run: under('/run/azcmagent'),
  };
}
