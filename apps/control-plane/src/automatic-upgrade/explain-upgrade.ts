/** One machine's part in a rollout, in a sentence. No I/O. */
import type { RolloutMember, RolloutPlan } from './plan-rollout.ts';

export interface UpgradeExplanation {
  readonly explanation: string;
  /** When it goes on by itself, ISO 8601, if that is known. */
  readonly goesOnAt?: string;
}

/** Total: every member has an explanation. */
export function explainUpgrade({ id, situation }: RolloutMember, plan: RolloutPlan): UpgradeExplanation {
  const until = (at: number | undefined): { readonly goesOnAt?: string } =>
    at === undefined ? {} : { goesOnAt: new Date(at).toISOString() };
  switch (situation.kind) {
    case 'upgraded':
      return { explanation: 'It was upgraded.' };
    case 'upgrading':
      return { explanation: 'It is being upgraded.' };
    case 'failed':
      return { explanation: `The upgrade failed: ${situation.reason}` };
    case 'refused':
      return { explanation: `The upgrade was refused, and is asked for again after a day: ${situation.reason}` };
    case 'held':
      return { explanation: `It is not upgraded because ${situation.reason}.` };
    case 'outside-window':
    case 'ready':
      break;
  }
  if (plan.state === 'halted') return { explanation: `The rollout is halted. ${plan.reason}` };
  if (plan.begin.includes(id)) return { explanation: 'It begins at the next look.' };
  const wave = plan.waveOf.get(id) ?? 0;
  if (situation.kind === 'outside-window' && wave <= plan.wave)
    return { explanation: 'It waits for its window.', ...until(situation.opensAt) };
  return {
    explanation: `It is in wave ${wave}. ${plan.reason}`,
    ...(wave === plan.wave + 1 ? until(plan.goesOnAt) : {}),
  };
}
