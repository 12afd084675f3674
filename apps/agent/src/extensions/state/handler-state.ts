/** `config/HandlerState` and `config/HandlerStatus`: the host's own words, where handlers and people look for them (handler contract §1). */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handlerErrorCodes, type HandlerErrorCode } from '@sallyport/handler-contract';
import { handlerName } from '@sallyport/model';
import type { AgentPaths } from '../../platform/paths.ts';
import { handlerPaths } from '../handler-paths.ts';
import type { InstalledExtension, Phase } from './installed-extension.ts';

type HandlerStateWord = 'NotInstalled' | 'Installed' | 'Enabled';

const words: Readonly<Record<Phase, HandlerStateWord>> = {
  fetching: 'NotInstalled',
  placed: 'NotInstalled',
  updated: 'NotInstalled',
  installed: 'Installed',
  enabled: 'Enabled',
  uninstalled: 'NotInstalled',
  kept: 'NotInstalled',
};

const messages: Readonly<Record<HandlerStateWord, string>> = {
  NotInstalled: '',
  Installed: 'Plugin installed but not enabled',
  Enabled: 'Plugin enabled',
};

/** Something that went wrong, instead of what the state itself says. */
export interface HandlerTrouble {
  readonly code: HandlerErrorCode;
  readonly message: string;
  /** In place of `NotReady`: what a heartbeat says, or that there is none any more. */
  readonly status?: string;
}

/** `name.HandlerState`, of one of several extensions of a handler (handler contract §1). */
export function extensionStateFile(extensionName: string): string {
  return `${extensionName}.HandlerState`;
}

/** Writes both as the record says. They are a mirror: the agent itself goes by its own records. */
export function showHandlerState(paths: AgentPaths, extension: InstalledExtension, trouble?: HandlerTrouble): void {
  const { config } = handlerPaths(paths, extension.name, extension.version);
  if (!existsSync(config)) return;
  const state = words[extension.phase];
  writeFileSync(join(config, 'HandlerState'), state, { mode: 0o600 });
  for (const { extensionName, leaving } of extension.sharing ?? []) {
    if (leaving === true) continue;
    const word = state === 'Enabled' ? 'enabled' : 'disabled';
    writeFileSync(join(config, extensionStateFile(extensionName)), word, { mode: 0o600 });
  }
  const status = {
    name: handlerName(extension.name),
    version: extension.version,
    status: trouble?.status ?? (state === 'Enabled' && trouble === undefined ? 'Ready' : 'NotReady'),
    code: trouble?.code ?? handlerErrorCodes.None,
    message: trouble?.message ?? messages[state],
    supports_multi_config: extension.sharing !== undefined,
    extension_status: null,
  };
  writeFileSync(join(config, 'HandlerStatus'), JSON.stringify(status), { mode: 0o600 });
}
