/** Where one extension on one machine stands in the rollout of a version, from what is known of both. No I/O. */
import { formatExtensionName, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import type { AgentConfiguration } from '@sallyport/model/wire';
import { blockedByLists } from '../machines/blocked-by-lists.ts';
import type { Situation } from './plan-rollout.ts';
import { isBeyond } from './target-version.ts';
import { isOpen, opensAt, type UpgradeWindow } from './upgrade-window.ts';

/** How an automatic upgrade of it to this very version went. */
export interface Attempt {
  readonly outcome: 'running' | 'succeeded' | 'failed' | 'refused';
  /** When it began, and from the end on when it ended. Milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
}

export interface MemberFacts {
  readonly extension: ExtensionName;
  readonly target: HandlerVersion;
  readonly installed: string;
  readonly attempt: Attempt | undefined;
  /** An operation runs, or what the machine is to have has not reached it. */
  readonly busy: boolean;
  /** The last status that its handler told. */
  readonly status: { readonly level: string; readonly message: string } | undefined;
  readonly connected: boolean;
  /** When the machine was last heard; undefined for never. */
  readonly heardAt: number | undefined;
  /** The local controls in force, as the machine told them. */
  readonly controls: AgentConfiguration | undefined;
  readonly pin: HandlerVersion | undefined;
  readonly windows: readonly UpgradeWindow[];
  readonly timeZone: string;
}

/** What was refused is asked again after so long: lists change, machines come back. Milliseconds. */
export const refusedForMilliseconds = 24 * 60 * 60 * 1000;

/** Total. `soakMilliseconds` is how long a machine is watched after its upgrade. */
export function situationOf(facts: MemberFacts, soakMilliseconds: number, now: number): Situation {
  const { attempt } = facts;
  if (attempt?.outcome === 'running') return { kind: 'upgrading' };
  if (attempt?.outcome === 'failed') return { kind: 'failed', at: attempt.at, reason: attempt.reason };
  if (attempt?.outcome === 'succeeded') return afterwards(facts, attempt, soakMilliseconds);
  if (attempt?.outcome === 'refused' && now < attempt.at + refusedForMilliseconds)
    return { kind: 'refused', reason: attempt.reason };
  const reason = heldBecause(facts);
  if (reason !== undefined) return { kind: 'held', reason };
  if (isOpen(facts.windows, facts.timeZone, now)) return { kind: 'ready' };
  return { kind: 'outside-window', opensAt: opensAt(facts.windows, facts.timeZone, now) };
}

/** It arrived. Whether it is well: its handler says so, and the machine did not fall silent with it. */
function afterwards(facts: MemberFacts, { at }: Attempt, soakMilliseconds: number): Situation {
  if (facts.installed === facts.target && facts.status?.level === 'Error')
    return { kind: 'failed', at, reason: `it arrived, and its status is an error: ${facts.status.message}` };
  if (!facts.connected && (facts.heardAt ?? 0) < at + soakMilliseconds)
    return { kind: 'failed', at, reason: 'the machine fell silent after it' };
  return { kind: 'upgraded', at };
}

function heldBecause({ extension, target, busy, connected, controls, pin }: MemberFacts): string | undefined {
  const name = formatExtensionName(extension);
  if (pin !== undefined && isBeyond(target, pin)) return `${name} is pinned to ${pin} on this machine`;
  if (busy) return 'another operation has not ended';
  if (!connected) return 'the machine is not connected';
  if (controls === undefined) return undefined;
  if (controls.extensionsEnabled !== 'true') return 'extensions.enabled is false on the machine';
  // The centre only saves itself a refusal here: the machine decides, from its own file (S4.3).
  return blockedByLists(extension, controls);
}
