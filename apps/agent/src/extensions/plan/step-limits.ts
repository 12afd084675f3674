/**
 * How long each step may take, and its word in progress reports. No step is without an end: one that hangs is given up at its
 * limit, all of them together at the operation's deadline. A command's limit counts from its turn, and is the contract's.
 */
import { handlerCommandSeconds } from '@sallyport/handler-contract';
import { runningDeadlineSeconds } from '@sallyport/model';
import type { StepKind } from './step.ts';

export interface StepLimit {
  /** As centre and log show it: `Sallyport/Step/<word>`. */
  readonly word: string;
  readonly doing: string;
  readonly seconds: number;
  /** Whether it is the command's own process that is ended at the limit; otherwise the step is. */
  readonly command: boolean;
}

const short = 120;

export const stepLimits: Readonly<Record<StepKind, StepLimit>> = {
  fetch: { word: 'downloading', doing: 'Brings and verifies the package', seconds: 3600, command: false },
  configure: { word: 'configuring', doing: 'Writes environment and settings', seconds: short, command: false },
  'disable-before': ofCommand('disabling-previous', 'Runs the disable command for the change', 'disable'),
  'carry-over': { word: 'carrying-over', doing: 'Carries sequence and status over', seconds: short, command: false },
  update: ofCommand('updating', 'Runs the update command', 'update'),
  'uninstall-before': ofCommand('uninstalling-previous', 'Runs the uninstall command for the change', 'uninstall'),
  'set-aside': {
    word: 'setting-aside',
    doing: 'Keeps the files until the new version has proven itself',
    seconds: short,
    command: false,
  },
  install: ofCommand('installing', 'Runs the install command', 'install'),
  enable: ofCommand('enabling', 'Runs the enable command', 'enable'),
  'await-status': {
    word: 'awaiting-status',
    doing: 'Waits for the status',
    seconds: runningDeadlineSeconds,
    command: false,
  },
  disable: ofCommand('disabling', 'Runs the disable command', 'disable'),
  'take-off': ofCommand('taking-off', 'Runs the disable command for one of several extensions', 'disable'),
  uninstall: ofCommand('uninstalling', 'Runs the uninstall command', 'uninstall'),
  discard: { word: 'discarding', doing: 'Removes the files', seconds: short, command: false },
  'disable-failed': ofCommand('disabling-failed', 'Runs the disable command, as the upgrade has failed,', 'disable'),
  'bring-back': { word: 'bringing-back', doing: 'Puts the files in their place again', seconds: short, command: false },
  'restore-settings': {
    word: 'restoring-settings',
    doing: 'Writes environment and settings as they were',
    seconds: short,
    command: false,
  },
  'enable-again': ofCommand('enabling-again', 'Runs the enable command with the settings as they were', 'enable'),
  'await-again': {
    word: 'awaiting-status-again',
    doing: 'Waits for the status after it was enabled again',
    seconds: runningDeadlineSeconds,
    command: false,
  },
  suspend: ofCommand('suspending', 'Runs the disable command, as the manager is disabled,', 'disable'),
  conclude: { word: 'concluding', doing: 'Tells how the upgrade ended', seconds: short, command: false },
};

/** What is shown while a command waits for its turn; it ends with the operation at the latest. */
export const waitingWord = 'waiting';

function ofCommand(word: string, doing: string, name: keyof typeof handlerCommandSeconds): StepLimit {
  return { word, doing, seconds: handlerCommandSeconds[name], command: true };
}
