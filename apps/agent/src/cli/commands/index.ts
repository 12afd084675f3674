/**
 * Every command of `azcmagent`: one row each, in the order of the help. A row names the file that implements the command; it is
 * loaded only when the command is called.
 */
import type { Command } from '../command.ts';
import { configCommands } from './config-commands.ts';
import { extensionCommands } from './extension-commands.ts';
import { machineCommands } from './machine-commands.ts';

export const commands: readonly Command[] = [
  // The machine: connect, disconnect, show, version, logs, run.
  ...machineCommands,

  // Local controls.
  ...configCommands,

  // Extensions.
  ...extensionCommands,
];
