/** Whether a command of an extension has a network: the administrator's word and the publisher's signed declaration (T43). Pure. */
import type { HandlerCommandName } from '@sallyport/handler-contract';
import type { ControlsReading, InstallNetwork } from '@sallyport/local-controls';

/** What the administrator has set; `unreadable` when that cannot be known. */
export type InstallNetworkWord = InstallNetwork | 'unreadable';

export type CommandNetwork =
  | { readonly kind: 'given' }
  | { readonly kind: 'withheld'; readonly because: Exclude<InstallNetworkWord, 'allowed'> };

/**
 * The commands that install. Enable is none of them: what it starts stays, and would have no network for the rest of its life. Disable
 * and uninstall bring nothing in.
 */
const installs: Readonly<Record<HandlerCommandName, boolean>> = {
  install: true,
  update: true,
  enable: false,
  disable: false,
  uninstall: false,
};

/** What cannot be known is decided as the strictest that it may be. */
export function commandNetwork(
  command: HandlerCommandName,
  word: InstallNetworkWord,
  isDeclared: boolean,
): CommandNetwork {
  if (!installs[command] || word === 'allowed' || (word === 'declared' && isDeclared)) return { kind: 'given' };
  return { kind: 'withheld', because: word };
}

/** The word of the controls as they were read. */
export function installNetworkWord(reading: ControlsReading): InstallNetworkWord {
  return reading.kind === 'in-force' ? reading.controls['extensions.agent.installnetwork'] : 'unreadable';
}

const reasons: Readonly<Record<Exclude<InstallNetworkWord, 'allowed'>, (what: string) => string>> = {
  none: () => "extensions.agent.installnetwork is 'none' on this server",
  declared: (what) =>
    `extensions.agent.installnetwork is 'declared' on this server, and the publisher of ${what} has not declared in the catalog that it needs one to install`,
  unreadable: () => 'the local controls of this server cannot be trusted',
};

/** Who decided that a command has no network, as part of a sentence. `what` names the extension with its version. */
export function whyWithheld({ because }: Extract<CommandNetwork, { kind: 'withheld' }>, what: string): string {
  return reasons[because](what);
}

const explanations: Readonly<Record<InstallNetworkWord, string | undefined>> = {
  allowed: undefined,
  // Nothing is installed then, and the rules say why.
  unreadable: undefined,
  declared:
    'Its install and update commands have no network, unless its publisher has declared in the catalog that the version needs one (extensions.agent.installnetwork).',
  none: 'Its install and update commands have no network (extensions.agent.installnetwork).',
};

/** What that means for whatever is installed, as a sentence; undefined when it means nothing. */
export function explainInstallNetwork(word: InstallNetworkWord): string | undefined {
  return explanations[word];
}
