/** `azcmagent config check`: holds this machine against the advice for locked-down machines (S6.1, S6.2). An addition of ours. */
import { lockdownAdvice } from '@sallyport/local-controls';
import type { CommandContext, Invocation } from '../../command.ts';
import { readControlsOrThrow } from './controls-in-force.ts';

/** Exit code 0 when all advice is followed, 1 when some is not, for scripts. */
export async function run(_invocation: Invocation, { environment, voice }: CommandContext): Promise<number> {
  const advice = lockdownAdvice(readControlsOrThrow(environment));
  const passed = advice.every((item) => item.passed);
  for (const item of advice) {
    voice.line(`${item.passed ? 'PASS' : 'FAIL'}    ${item.finding}`);
    for (const command of item.commands) voice.line(`        ${command}`);
  }
  voice.line('');
  voice.line(
    passed ? 'This machine follows the lock-down advice.' : 'To follow the advice, run the commands above as root.',
  );
  voice.value({ passed, checks: advice });
  return passed ? 0 : 1;
}
