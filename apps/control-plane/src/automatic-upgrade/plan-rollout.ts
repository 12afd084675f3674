/**
 * What happens next with one version in one subscription, and why: pure. Who reads the reasons and who carries out the beginnings
 * ask the same function, so that what is said is what is done.
 */
import type { RolloutSettings } from './rollout-settings.ts';

/** One extension on one machine that is to have the version, or had its turn. */
export interface RolloutMember {
  /** Unique among the members. */
  readonly id: string;
  /** The machine, as people know it. */
  readonly machine: string;
  /** Where it stands among the others: the same for one version and machine, different for another version, so that nobody is always first. */
  readonly place: string;
  readonly situation: Situation;
}

export type Situation =
  /** It has the version, by whatever way, and is well. */
  | { readonly kind: 'upgraded'; readonly at: number }
  /** Its operation runs. */
  | { readonly kind: 'upgrading' }
  /** It was tried and went wrong, or was not well afterwards. */
  | { readonly kind: 'failed'; readonly at: number; readonly reason: string }
  /** It was tried, and the server or somebody else said no: nothing about the version is learned from that. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It could begin now. */
  | { readonly kind: 'ready' }
  /** It could begin, but not before its window opens. */
  | { readonly kind: 'outside-window'; readonly opensAt: number | undefined }
  /** It cannot begin: pinned, not connected, blocked by its own lists, busy with something else. */
  | { readonly kind: 'held'; readonly reason: string };

export interface Rollout {
  readonly settings: RolloutSettings;
  /** Since when the version is known here. Milliseconds since 1970. */
  readonly knownSince: number;
  /** What an operator said about it. Resuming forgives the failures before it. */
  readonly order: { readonly kind: 'halt' | 'resume'; readonly at: number } | undefined;
  readonly members: readonly RolloutMember[];
}

export interface RolloutPlan {
  readonly state: 'waiting' | 'running' | 'halted' | 'completed';
  /** A sentence: what it waits for, why it is halted. */
  readonly reason: string;
  /** When it goes on by itself, if that is known. */
  readonly goesOnAt: number | undefined;
  /** The wave that is open, from 1; 0 when none is. */
  readonly wave: number;
  /** The members that are to begin now. */
  readonly begin: readonly string[];
  /** In which wave each member is that counts; the ones that are held are in none. */
  readonly waveOf: ReadonlyMap<string, number>;
}

const minute = 60_000;

/** Plans. Total: every rollout has a state and a reason, and everything that waits has an exit. */
export function planRollout(rollout: Rollout, now: number): RolloutPlan {
  const waveOf = waves(rollout);
  const plan = (
    state: RolloutPlan['state'],
    reason: string,
    more: { readonly wave?: number; readonly begin?: readonly string[]; readonly goesOnAt?: number | undefined } = {},
  ): RolloutPlan => ({ state, reason, goesOnAt: more.goesOnAt, wave: more.wave ?? 0, begin: more.begin ?? [], waveOf });

  if (rollout.order?.kind === 'halt') return plan('halted', 'It was halted by an operator, until one resumes it.');
  const halted = tooManyFailures(rollout);
  if (halted !== undefined) return plan('halted', halted);
  const counted = rollout.members.filter(({ id }) => waveOf.has(id));
  if (counted.every(({ situation }) => isOver(situation))) {
    const held = rollout.members.length - counted.length;
    if (held === 0) return plan('completed', 'Every machine has had its turn.');
    return plan('waiting', `${held} of the machines cannot have it now; the others have had their turn.`);
  }
  const begins = rollout.knownSince + rollout.settings.delayMinutes * minute;
  if (now < begins) return plan('waiting', 'The version is too new.', { goesOnAt: begins });
  const { wave, soakedAt } = openWave(rollout, waveOf, counted);
  if (soakedAt !== undefined && now < soakedAt)
    return plan('waiting', `Wave ${wave - 1} is through and is watched before wave ${wave} begins.`, {
      wave: wave - 1,
      goesOnAt: soakedAt,
    });
  const open = counted.filter(({ id }) => (waveOf.get(id) ?? 0) <= wave);
  const begin = open.filter(({ situation }) => situation.kind === 'ready').map(({ id }) => id);
  if (begin.length > 0 || open.some(({ situation }) => situation.kind === 'upgrading'))
    return plan('running', `Wave ${wave} of ${rollout.settings.waves.length} is under way.`, { wave, begin });
  const opening = open.flatMap(({ situation }) =>
    situation.kind === 'outside-window' && situation.opensAt !== undefined ? [situation.opensAt] : [],
  );
  return plan('waiting', `Wave ${wave} waits for the windows of its machines.`, {
    wave,
    goesOnAt: opening.length === 0 ? undefined : Math.min(...opening),
  });
}

/** Members that are held have no wave: a machine that is away must not keep the others waiting. One comes in when it can. */
function waves({ members, settings }: Rollout): ReadonlyMap<string, number> {
  const counted = members
    .filter(({ situation }) => situation.kind !== 'held')
    .toSorted((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0));
  const reach = settings.waves.map((percent) => Math.ceil((counted.length * percent) / 100));
  return new Map(counted.map(({ id }, i) => [id, reach.findIndex((most) => i < most) + 1]));
}

function isOver({ kind }: Situation): boolean {
  return kind === 'upgraded' || kind === 'failed' || kind === 'refused';
}

function tooManyFailures({ members, settings, order }: Rollout): string | undefined {
  const forgiven = order?.kind === 'resume' ? order.at : -Infinity;
  const failed = members.flatMap(({ machine, situation }) =>
    situation.kind === 'failed' && situation.at > forgiven ? [{ machine, reason: situation.reason }] : [],
  );
  const upgraded = members.filter(({ situation }) => situation.kind === 'upgraded').length;
  const tried = failed.length + upgraded;
  const [first] = failed;
  if (first === undefined || failed.length * 100 <= settings.mostFailedPercent * tried) return undefined;
  return `${failed.length} of ${tried} machines failed, more than ${settings.mostFailedPercent} percent: ${first.machine}: ${first.reason}`;
}

/** The highest wave whose predecessors are all over, and when the one before it has been watched long enough. */
function openWave(
  { settings }: Rollout,
  waveOf: ReadonlyMap<string, number>,
  counted: readonly RolloutMember[],
): { readonly wave: number; readonly soakedAt: number | undefined } {
  let wave = 1;
  let last: number | undefined;
  while (wave < settings.waves.length) {
    const here = counted.filter(({ id }) => waveOf.get(id) === wave);
    if (!here.every(({ situation }) => isOver(situation))) break;
    for (const { situation } of here) if ('at' in situation) last = Math.max(last ?? -Infinity, situation.at);
    wave += 1;
  }
  return { wave, soakedAt: wave === 1 || last === undefined ? undefined : last + settings.soakMinutes * minute };
}
