/** What the manager asks of whatever keeps the processes of an extension together and within its limits (T44, T45). */
import type { ExtensionName, HandlerVersion } from '@sallyport/model';
import type { ExtensionLimits } from './extension-limits.ts';
import type { Words } from './launcher.ts';

export interface Member {
  readonly name: ExtensionName;
  readonly version: HandlerVersion;
  /** The handler's directory. */
  readonly directory: string;
}

export interface ExtensionGroups {
  /** Makes the group of a version, or finds the one whose processes are still there, and sets the limits of its extension. */
  open(member: Member, limits: ExtensionLimits): OpenGroup;
  /** How many processes a version has left behind. Undefined where nobody can know. */
  count(member: Member): number | undefined;
  /** Ends every process of a version, however fast it makes new ones. Says which there were. */
  end(member: Member): Promise<readonly Leftover[]>;
  /** Takes away groups that nobody is in. Called at start, at stop, and whenever some may have become empty. */
  sweep(): void;
}

export interface Leftover {
  readonly pid: number;
  readonly name: string;
}

export interface OpenGroup {
  /** What starts a command so that it never runs outside the group. */
  launch(command: Words): Words;
  /** Limits that could not be set, in sentences; the others hold. */
  readonly problems: readonly string[];
  /** What has been refused or ended by the limits since the group was opened, in sentences. */
  reached(): readonly string[];
  /** To be called when the command has ended. What it left behind stays, within its limits. */
  close(): void;
}
