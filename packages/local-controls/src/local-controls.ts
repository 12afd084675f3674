/** The local controls: one value for each property of `azcmagent config`, under the property's own name (arc-agent §2). */
import type { ExtensionList } from './extension-list.ts';
import type { Signers } from './signers/signers.ts';

export const connectionTypes = ['default', 'direct', 'gateway'] as const;
export type ConnectionType = (typeof connectionTypes)[number];

export const proxyBypassGroups = ['AAD', 'ARM', 'Arc', 'AMA', 'ArcData'] as const;
export type ProxyBypassGroup = (typeof proxyBypassGroups)[number];

export const agentModes = ['full', 'monitor'] as const;
export type AgentMode = (typeof agentModes)[number];

/** Which extensions have a network while they are installed: all, those whose publisher has declared it, none (T43). */
export const installNetworks = ['allowed', 'declared', 'none'] as const;
export type InstallNetwork = (typeof installNetworks)[number];

/** What the administrator has set. What of it is in force depends on the mode: see `inForce`. */
export interface LocalControls {
  readonly 'incomingconnections.enabled': boolean;
  readonly 'incomingconnections.ports': readonly number[];
  readonly 'connection.type': ConnectionType;
  /** Without credentials. */
  readonly 'proxy.url': string;
  readonly 'proxy.bypass': readonly ProxyBypassGroup[];
  readonly 'extensions.allowlist': ExtensionList;
  readonly 'extensions.blocklist': ExtensionList;
  readonly 'guestconfiguration.enabled': boolean;
  readonly 'extensions.enabled': boolean;
  readonly 'config.mode': AgentMode;
  /** Per cent of one processor. */
  readonly 'guestconfiguration.agent.cpulimit': number;
  /** For each extension. Unset is another thing than the 5 that is shown for it (arc-agent §0.7). */
  readonly 'extensions.agent.cpulimit': number | 'unset';
  readonly 'automaticupgrade.enabled': boolean;
  /** How many commands of extensions may run side by side. An addition of ours. */
  readonly 'extensions.agent.parallelcommands': number;
  /** Per cent of the machine's memory, for each extension. This and what follows are additions of ours. */
  readonly 'extensions.agent.memorylimit': number;
  /** Processes and threads of each extension. */
  readonly 'extensions.agent.processlimit': number;
  /** MiB of files of each extension. */
  readonly 'extensions.agent.disklimit': number;
  /** Who has to sign what the centre asks for (T10). An addition of ours. */
  readonly 'extensions.signers': Signers;
  /** Whether commands that install have a network (T43). An addition of ours. */
  readonly 'extensions.agent.installnetwork': InstallNetwork;
}

export type PropertyName = keyof LocalControls;
