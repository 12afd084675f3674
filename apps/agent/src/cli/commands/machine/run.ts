/** `azcmagent run`: the services of the agent, for containers and for development. */
import { becomeResident } from '../../../service/resident.ts';
import type { Invocation } from '../../command.ts';

/** How it is to speak goes along; the rest of the command line has been understood by now. */
const handedOn = ['json', 'verbose', 'log-stderr'];

export function run({ flags }: Invocation): Promise<void> {
  return becomeResident(handedOn.filter((flag) => flags.has(flag)).map((flag) => `--${flag}`));
}
