/** Whether a command of a version on this machine has a network now, and whether that can be held to (T43). */
import type { HandlerCommandName } from '@sallyport/handler-contract';
import { formatExtensionName, OperationFailure } from '@sallyport/model';
import type { ExtensionHost } from '../operation-context.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { commandNetwork, whyWithheld, type CommandNetwork } from './command-network.ts';

/** As far as it matters for the network. */
export type DeclaredVersion = Pick<InstalledExtension, 'name' | 'version' | 'needsNetworkToInstall'>;

export function networkOfCall(
  command: HandlerCommandName,
  version: DeclaredVersion,
  host: ExtensionHost,
): CommandNetwork {
  return commandNetwork(command, host.installNetwork(), version.needsNetworkToInstall === true);
}

/** The failure where a network is to be withheld and this machine cannot: then nothing is run (fails closed). */
export function cannotWithhold(
  network: CommandNetwork,
  version: DeclaredVersion,
  host: ExtensionHost,
): OperationFailure | undefined {
  if (network.kind === 'given') return undefined;
  const problem = host.networkIsolation.problem();
  if (problem === undefined) return undefined;
  const what = whatOf(version);
  const message = `${what} is to have no network while it is installed, since ${whyWithheld(network, what)}; this machine cannot keep it from the network: ${problem}. It was not run.`;
  return new OperationFailure('NetworkNotWithheld', message);
}

/** What whoever reads the failure of a command without a network has to know: its own words tell of names that do not resolve. */
export function withheldSentence(network: CommandNetwork, version: DeclaredVersion): string | undefined {
  if (network.kind === 'given') return undefined;
  return `The command had no network, since ${whyWithheld(network, whatOf(version))}.`;
}

function whatOf({ name, version }: DeclaredVersion): string {
  return `${formatExtensionName(name)} ${version}`;
}
