/** The life of one extension operation. Every state has a deadline and an exit (DESIGN: operations never hang). */

/** What is done to an extension. `update` is a reconfiguration of the same version; `upgrade` changes the version either way. */
export const operationKinds = ['install', 'update', 'upgrade', 'delete'] as const;
export type OperationKind = (typeof operationKinds)[number];

/** The steps of an operation in order, then the ways it ends. */
export const operationStates = [
  'Accepted',
  'Delivered',
  'Downloading',
  'Verifying',
  'Installing',
  'Enabling',
  'Removing',
  'Succeeded',
  'Failed',
  'Canceled',
  'TimedOut',
] as const;
export type OperationState = (typeof operationStates)[number];

const terminal: ReadonlySet<OperationState> = new Set(['Succeeded', 'Failed', 'Canceled', 'TimedOut']);

/** Whether an operation in this state is over. */
export function isTerminal(state: OperationState): boolean {
  return terminal.has(state);
}

/** How long a machine that is not there keeps its requests: six hours, then they fail with `MachineOffline` (arc-agent §5.2). */
export const offlineDeadlineSeconds = 6 * 60 * 60;

/** The step of an operation that waits for signatures of operators (T10). */
export const unsignedWord = 'awaiting-signatures';

/** How long an operation may wait for signatures before it begins: people have to look at it. Two days, from when it was asked for. */
export const signingDeadlineSeconds = 48 * 60 * 60;

/** How long a delivered operation may take in all: the 90 minutes of Custom Script (arc-agent §6.2), and a margin. */
export const runningDeadlineSeconds = 95 * 60;
