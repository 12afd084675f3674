/** `config/HandlerState` and `config/HandlerStatus`: the host's own words, where handlers and people look for them (handler contract §1). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeForNow } from '@sallyport/durable-files';
import { handlerErrorCodes, type HandlerErrorCode } from '@sallyport/handler-contract';
import { handlerName } from '@sallyport/model';
import * as z from 'zod/mini';
import type { AgentPaths } from '../../platform/paths.ts';
import { readFileStart } from '../../platform/read-file-start.ts';
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

const statusName = 'HandlerStatus';

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

/**
 * Writes both as the record says. They are a mirror: the agent itself goes by its own records. So each is replaced in one step and
 * no disk is waited for; what a loss of power leaves of them is put right by {@link mendHandlerState} (T84).
 */
export function showHandlerState(paths: AgentPaths, extension: InstalledExtension, trouble?: HandlerTrouble): void {
  const { config } = handlerPaths(paths, extension.name, extension.version);
  if (!existsSync(config)) return;
  for (const [file, word] of wordsOf(extension)) writeForNow(join(config, file), word, 0o600);
  const state = words[extension.phase];
  const status = {
    name: handlerName(extension.name),
    version: extension.version,
    status: trouble?.status ?? (state === 'Enabled' && trouble === undefined ? 'Ready' : 'NotReady'),
    code: trouble?.code ?? handlerErrorCodes.None,
    message: trouble?.message ?? messages[state],
    supports_multi_config: extension.sharing !== undefined,
    extension_status: null,
  };
  writeForNow(join(config, statusName), JSON.stringify(status), 0o600);
}

/** Shows what a kill or a loss of power left at another word than the record's, or at half of one (T84). What went wrong before stays told. */
export function mendHandlerState(paths: AgentPaths, extension: InstalledExtension): void {
  const { config } = handlerPaths(paths, extension.name, extension.version);
  if (!existsSync(config)) return;
  const isShown = wordsOf(extension).every(([file, word]) => textIn(join(config, file)) === word);
  if (!isShown || !mayStandWith(words[extension.phase], textIn(join(config, statusName)))) {
    showHandlerState(paths, extension);
  }
}

/** Each file of states with its word: the handler's, and of a shared one also those of its extensions. */
function wordsOf({ phase, sharing = [] }: InstalledExtension): readonly (readonly [file: string, word: string])[] {
  const state = words[phase];
  const word = state === 'Enabled' ? 'enabled' : 'disabled';
  const staying = sharing.filter(({ leaving }) => leaving !== true);
  return [
    ['HandlerState', state],
    ...staying.map(({ extensionName }) => [extensionStateFile(extensionName), word] as const),
  ];
}

/** More than either holds. Bytes. */
const readLimit = 64 * 1024;

/** '' for what is not there, or is no file. */
function textIn(path: string): string {
  try {
    return readFileStart(path, readLimit)?.text ?? '';
  } catch {
    // Something else lies there: it is replaced, or that fails and says why.
    return '';
  }
}

const statusSchema = z.object({ message: z.string() });

/** Whether a `HandlerStatus` is whole and does not say what another state would. */
function mayStandWith(state: HandlerStateWord, text: string): boolean {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return false;
  }
  const said = z.safeParse(statusSchema, content);
  if (!said.success) return false;
  const { message } = said.data;
  return message === messages[state] || !Object.values(messages).includes(message);
}
