/** Every property of `azcmagent config`, in the order `config list` prints them (arc-agent §1.6, §2). */
import { emptyList } from './extension-list.ts';
import { extensionListKind } from './extension-list-kind.ts';
import { listKind } from './list-kind.ts';
import {
  agentModes,
  connectionTypes,
  installNetworks,
  proxyBypassGroups,
  type LocalControls,
  type PropertyName,
} from './local-controls.ts';
import { proxyUrlKind } from './proxy-url.ts';
import { signersKind } from './signers/signers.ts';
import { booleanKind, integerKind, unsettableKind, wordKind } from './scalar-kinds.ts';
import type { JsonValue, ValueKind } from './value-kind.ts';

export interface Property<V> {
  readonly kind: ValueKind<V>;
  readonly default: V;
  /** Shown as `name (preview)`. */
  readonly preview: boolean;
  readonly description: string;
  /** What `config info` says of supported values. */
  readonly supported: string;
  /**
   * Whether it may be changed in monitor mode: `free`; `refused` always (S4.9: the lists); `governed` by the mode, so that it
   * may only be set to what the mode has in force anyway.
   */
  readonly inMonitor: 'free' | 'refused' | 'governed';
  /**
   * Came after the first files were written, so that one without it is whole and means the default. Only for what neither
   * allows nor blocks anything.
   */
  readonly addedLater?: true;
  /**
   * Came after the first files were written and blocks something: it stands in files from this layout on, and one of those is written
   * while it is not at its default. There it may not be missing, and a program that does not know it reads none of them.
   */
  readonly sinceLayout?: 2 | 3;
  /** Stands in the file only when it is set: what is not set differs from every value. Only for what allows and blocks nothing. */
  readonly absentWhenUnset?: true;
}

type Properties = { readonly [P in PropertyName]: Property<LocalControls[P]> };

const percent = integerKind(1, 100);
const entryForm = 'publisher/type, several separated by commas; case does not count; no wildcards';

export const properties: Properties = {
  'incomingconnections.enabled': {
    kind: booleanKind,
    default: true,
    preview: true,
    description: 'Whether remote access (SSH, Windows Admin Center) may reach this machine through the agent.',
    supported: 'true or false',
    inMonitor: 'governed',
  },
  'incomingconnections.ports': {
    kind: listKind(integerKind(1, 65_535), 100),
    default: [],
    preview: true,
    description: 'The local ports that remote access may reach.',
    supported: 'Port numbers from 1 to 65535, several separated by commas',
    inMonitor: 'free',
  },
  'connection.type': {
    kind: wordKind(connectionTypes),
    default: 'default',
    preview: true,
    description: 'How the agent reaches the control plane: as connect decided, directly, or through a gateway.',
    supported: connectionTypes.join(', '),
    inMonitor: 'free',
  },
  'proxy.url': {
    kind: proxyUrlKind,
    default: '',
    preview: false,
    description: 'The proxy the agent uses. It wins over the environment variable HTTPS_PROXY.',
    supported: 'http://host:port or http://user:password@host:port; credentials are kept apart and never shown',
    inMonitor: 'free',
  },
  'proxy.bypass': {
    kind: listKind(wordKind(proxyBypassGroups), 100),
    default: [],
    preview: false,
    description: 'Groups of addresses that are reached without the proxy.',
    supported: `${proxyBypassGroups.join(', ')}; several separated by commas`,
    inMonitor: 'free',
  },
  'extensions.allowlist': {
    kind: extensionListKind('allowlist'),
    default: emptyList,
    preview: false,
    description:
      'When set, only the extensions it names can be installed, updated or upgraded. Deleting is always allowed.',
    supported: `${entryForm}; Allow/None: nothing can be installed`,
    inMonitor: 'refused',
  },
  'extensions.blocklist': {
    kind: extensionListKind('blocklist'),
    default: emptyList,
    preview: false,
    description:
      'The extensions it names cannot be installed, updated or upgraded, even when the allowlist names them too.',
    supported: entryForm,
    inMonitor: 'refused',
  },
  'guestconfiguration.enabled': {
    kind: booleanKind,
    default: true,
    preview: false,
    description: 'Whether guest (machine) configuration policies run on this machine.',
    supported: 'true or false',
    inMonitor: 'governed',
  },
  'extensions.enabled': {
    kind: booleanKind,
    default: true,
    preview: false,
    description: 'Whether the extension manager runs. When false nothing is removed; extensions it hosts stop.',
    supported: 'true or false',
    inMonitor: 'free',
  },
  'config.mode': {
    kind: wordKind(agentModes),
    default: 'full',
    preview: false,
    description:
      'full: your own settings apply. monitor: only a managed list of monitoring and security extensions is allowed, guest configuration and incoming connections are off; your own lists are kept.',
    supported: agentModes.join(', '),
    inMonitor: 'free',
  },
  'guestconfiguration.agent.cpulimit': {
    kind: percent,
    default: 5,
    preview: false,
    description: 'How much of one processor guest configuration may use, in per cent.',
    supported: 'A whole number from 1 to 100',
    inMonitor: 'free',
  },
  'extensions.agent.cpulimit': {
    kind: unsettableKind(percent, 5),
    default: 'unset',
    preview: false,
    description:
      'How much of one processor each extension may use, in per cent. While it is not set, Linux extensions may use 30, and a few documented ones 60.',
    supported: 'A whole number from 1 to 100',
    inMonitor: 'free',
    absentWhenUnset: true,
  },
  'automaticupgrade.enabled': {
    kind: booleanKind,
    default: true,
    preview: false,
    description: 'Whether this machine consents to automatic upgrades of the agent.',
    supported: 'true or false',
    inMonitor: 'free',
  },
  'extensions.agent.parallelcommands': {
    kind: integerKind(1, 16),
    default: 1,
    preview: false,
    description:
      'How many commands of extensions may run side by side. With 1 none waits for a lock that another one holds, such as the package manager.',
    supported: 'A whole number from 1 to 16',
    inMonitor: 'free',
    addedLater: true,
  },
  'extensions.agent.memorylimit': {
    kind: integerKind(1, 100),
    default: 50,
    preview: false,
    description: "How much of the machine's memory the processes of each extension may use, in per cent.",
    supported: 'A whole number from 1 to 100',
    inMonitor: 'free',
    addedLater: true,
  },
  'extensions.agent.processlimit': {
    kind: integerKind(16, 1_000_000),
    default: 1024,
    preview: false,
    description: 'How many processes and threads each extension may have.',
    supported: 'A whole number from 16 to 1000000',
    inMonitor: 'free',
    addedLater: true,
  },
  'extensions.agent.disklimit': {
    kind: integerKind(16, 1_048_576),
    default: 4096,
    preview: false,
    description: 'How large the files of each extension may become, in MiB: each file, and its own folders together.',
    supported: 'A whole number from 16 to 1048576, in MiB',
    inMonitor: 'free',
    addedLater: true,
  },
  'extensions.signers': {
    kind: signersKind,
    default: 'off',
    preview: false,
    description:
      'Who has to sign what the control plane asks for, and how many of them: without their signatures nothing is installed, updated, upgraded or removed from there.',
    supported: "off, or 2 of alice=KEY,bob=KEY,carol=KEY with keys as 'sallyport order key create' prints them",
    inMonitor: 'free',
    sinceLayout: 2,
  },
  'extensions.agent.installnetwork': {
    kind: wordKind(installNetworks),
    default: 'allowed',
    preview: false,
    description:
      'Whether the install and update commands of extensions have a network. declared: only where the publisher has signed into the catalog that the extension needs one to install. Their enable commands, and what runs from then on, always do.',
    supported: installNetworks.join(', '),
    inMonitor: 'free',
    sinceLayout: 3,
  },
};

/** The names in the order of `config list`. */
export const propertyNames = Object.keys(properties) as readonly PropertyName[];

/** The row of a property, with its type. */
export function propertyOf<P extends PropertyName>(name: P): Property<LocalControls[P]> {
  return properties[name];
}

/** The property a text names; case does not count. */
export function findProperty(text: string): PropertyName | undefined {
  const wanted = text.trim().toLowerCase();
  return propertyNames.find((name) => name === wanted);
}

/** `name` or `name (preview)`, as lists show it. */
export function displayName(name: PropertyName): string {
  return propertyOf(name).preview ? `${name} (preview)` : name;
}

/** A property's value as text. */
export function formatValue<P extends PropertyName>(controls: Pick<LocalControls, P>, name: P): string {
  return propertyOf(name).kind.format(controls[name]);
}

/** A property's value as JSON: lists as arrays, numbers and truth values as themselves. */
export function jsonValue<P extends PropertyName>(controls: Pick<LocalControls, P>, name: P): JsonValue {
  return propertyOf(name).kind.toJson(controls[name]);
}

/** A freshly installed machine: everything is allowed (S4.3). */
export const defaultControls: LocalControls = Object.fromEntries(
  propertyNames.map((name) => [name, propertyOf(name).default]),
) as unknown as LocalControls;
