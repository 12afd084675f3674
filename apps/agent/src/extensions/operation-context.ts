/** What the steps of one operation work with. */
import type { Catalog } from '@sallyport/catalog';
import type { AgentPaths } from '../platform/paths.ts';
import type { ResourceLimits } from '@sallyport/handler-contract';
import {
  OperationFailure,
  type ExtensionName,
  type OperationFailureCode,
  type OperationKind,
  type OperationState,
} from '@sallyport/model';
import type { Explanation, ExtensionReport, GoalExtension, InstanceStatus } from '@sallyport/model/wire';
import type { HttpClient } from '../connection/http-client.ts';
import type { MachineKey } from '../connection/machine-key.ts';
import type { Environment } from '../platform/environment.ts';
import type { Log } from '../platform/log.ts';
import type { ExtensionGroups } from './limits/extension-groups.ts';
import type { ExtensionLimits } from './limits/extension-limits.ts';
import type { InstallNetworkWord } from './network/command-network.ts';
import type { NetworkIsolation } from './network/network-isolation.ts';
import type { CommandAhead } from './run/command-ahead.ts';
import type { CommandLane } from './run/command-lane.ts';
import type { Step } from './plan/step.ts';
import type { FailedUpgradeEnd } from './report/failed-upgrade.ts';
import type { CurrentStep } from './report/operation-progress.ts';
import { SecretWords } from './run/secret-words.ts';
import type { LeftOutputs } from './run/left-outputs.ts';
import type { ExtensionStore } from './state/extension-store.ts';
import type { Workplaces } from './unpack/workplaces.ts';

/** What every operation on this machine shares. */
export interface ExtensionHost {
  readonly environment: Environment;
  readonly paths: AgentPaths;
  readonly store: ExtensionStore;
  readonly log: Log;
  /** Where handlers' commands wait for their turn. */
  readonly lane: CommandLane;
  /** Keeps the processes of extensions together and within limits. */
  readonly groups: ExtensionGroups;
  /** Outputs that processes of extensions still have open. */
  readonly leftOutputs: LeftOutputs;
  /** What an extension may use at this moment, as far as its publisher asks for no less. */
  limitsOf(name: ExtensionName, asked: ResourceLimits): ExtensionLimits;
  /** What the administrator says of the network of commands that install, at this moment (T43). */
  installNetwork(): InstallNetworkWord;
  /** Keeps a command from the network. */
  readonly networkIsolation: NetworkIsolation;
  /** Tells one start of the machine from another (`machineLife()`). */
  readonly machineLife: string;
  /** Where packages are brought to and opened. */
  readonly workplaces: Workplaces;
}

/** What only an operation needs that brings something onto the machine. */
export interface Supplies {
  readonly http: HttpClient;
  readonly machineKey: MachineKey;
  catalog(): Promise<Catalog>;
  /** The only origin that packages may come from: of a machine that is connected privately (S1.5). */
  readonly only: string | undefined;
  /** Where the package of an entry can be had now; nowhere when the centre wants something else by now, or does not answer. */
  packageUrls(entry: GoalExtension, signal: AbortSignal): Promise<readonly string[]>;
}

export interface OperationContext {
  readonly host: ExtensionHost;
  /** Absent where nothing can be brought onto the machine: local removal works while disconnected. */
  readonly supplies: Supplies | undefined;
  readonly entry: GoalExtension;
  readonly name: ExtensionName;
  readonly operation: OperationKind;
  /** On the environment's monotonic clock, milliseconds: by then the operation has ended one way or another. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Throws `OperationRefused` when the server's controls do not, or no longer, allow this operation. */
  requirePermission(): void;
  /** Tells the centre how far it is. Returns at once. */
  progress(state: OperationState, status?: InstanceStatus): void;
  /** A step begins: what it is, and how long it may take. */
  at(step: CurrentStep): void;
  /** What the running command has printed by now, without secrets. */
  printed(output: string): void;
  /** Tells the centre how an upgrade ended that failed earlier, durably. */
  tellEnd(end: FailedUpgradeEnd): void;
  /** What the operation has found out so far, for its final report. */
  readonly findings: Findings;
  /** Where its next command waits; absent where none is started before its turn. Whoever made it gives it up in the end. */
  readonly ahead?: CommandAhead;
}

/** The server said no, before or in the middle of an operation. */
export class OperationRefused extends OperationFailure {
  readonly explanation: Explanation;
  constructor(code: OperationFailureCode, explanation: Explanation) {
    super(code, explanation.message);
    this.explanation = explanation;
  }
}

export interface Findings {
  status?: ExtensionReport['status'];
  protectedSettingsStored: boolean;
  /** What must not be told of whatever the extension prints or writes (S1.7). */
  readonly secrets: SecretWords;
  /** The end of what the last command printed, without secrets. */
  output?: string;
  /** The step that was begun last, for the message of a failure. */
  step?: Step;
}

/** Nothing found yet. */
export function noFindings(): Findings {
  return { protectedSettingsStored: false, secrets: new SecretWords() };
}
